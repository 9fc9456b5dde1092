"""What is wrong with a function's code: its source, its runtime and its layers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path as FilePath

from lcli.manifest import api
from lcli.manifest.explain import Fault, shortened, unknown
from lcli.manifest.image_uri import wrong_part
from lcli.manifest.models import Function, Layer
from lcli.manifest.nearest import nearest
from lcli.manifest.references import Path
from lcli.resources.layer import layer_key
from lcli.resources.model import Place, Ref, Text

_SHOWN = 64
"""Characters of a runtime that is none."""
_LAYER = re.compile(
    r"arn:[a-z0-9-]+:lambda:(?:[a-z0-9-]+:[0-9]{12}:layer:[\w-]+:[0-9]+|::awslayer:[\w-]+)\Z",
    re.ASCII,
)
"""LayerVersionArn (Lambda API reference); the second form is AWS's own layers'."""


def runtimes(layers: Mapping[str, Layer]) -> Iterator[Fault]:
    """The runtimes of the manifest's layers, by their keys."""
    for key, layer in layers.items():
        for index, runtime in enumerate(layer.runtimes):
            yield from _runtime(("layers", key, "runtimes", index), runtime)


def code(
    path: Path, function: Function, directory: FilePath, *, any_runtime: bool
) -> Iterator[Fault]:
    """Source, runtime and handler of the function at `path`, with the manifest's folder.

    `any_runtime` says that the runtime is not known yet.
    """
    if function.is_image:
        part, expected = wrong_part(function.source)
        if part:
            what = f"source: an image in ECR cannot have the {shortened(part)}"
            yield Fault((*path, "source"), "wrong-value", what, expected)
        for key in ("runtime", "handler", "layers"):
            if getattr(function, key):
                yield Fault(
                    (*path, key),
                    "not-for-images",
                    f"a container image takes no {key}",
                    "remove it; image.command names the handler",
                )
        return
    if function.image:
        yield Fault(
            (*path, "image"),
            "only-for-images",
            "image is for functions whose source is a container image",
            "remove it, or let source be the image's URI",
            at_key=True,
        )
    for key in ("runtime", "handler"):
        custom = any_runtime or str(function.runtime).startswith("provided")
        if not getattr(function, key) and not (key == "handler" and custom):
            yield Fault(
                (*path, key),
                "missing-key",
                f"the function {path[-1]} has no {key}",
                f"add {key}:",
                at_key=True,
            )
    if function.runtime:
        yield from _runtime((*path, "runtime"), function.runtime)
    if not function.source.startswith("s3://") and not _exists(directory, function.source):
        yield Fault(
            (*path, "source"),
            "source-missing",
            f"the source {function.source[:200]} does not exist",
            "its path is relative to the manifest's folder",
        )


def _runtime(path: Path, runtime: str) -> Iterator[Fault]:
    if not api.is_runtime(runtime):
        known = api.runtimes()
        near = nearest(runtime, known)
        hint = f"did you mean {near}? " if near else ""
        yield Fault(
            path,
            "unknown-runtime",
            f"Lambda has no runtime {runtime[:_SHOWN]!r}",
            f"{hint}known: {', '.join(sorted(known))}",
        )


def _exists(directory: FilePath, source: str) -> bool:
    try:
        return (directory / source).exists()
    except (OSError, ValueError):
        return False


def layers(path: Path, function: Function, known: Collection[str], place: Place) -> Iterator[Fault]:
    """The layers of the function at `path`; `known` are the keys of the manifest's."""
    seen: set[str] = set()
    for index, layer in enumerate(function.layers):
        at = (*path, "layers", index)
        if isinstance(layer, str) and layer.startswith("arn:"):
            if not _LAYER.match(layer):
                yield Fault(
                    at,
                    "wrong-value",
                    f"layers[{index}]: {shortened(layer)} is not the ARN of a layer version",
                    "its form is arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION",
                )
        elif isinstance(layer, str) and layer not in known:
            fault = unknown((*path, "layers", layer), "the manifest", known, what="layer")
            none = "it has none: write layers: at the top, or name the ARN of a layer version"
            next_step = fault.next_step if known else none
            yield Fault(at, "unknown-layer", fault.what, next_step)
        its_arn = _layer_arn(layer, place)
        if its_arn in seen:
            name = layer.key.name if isinstance(layer, Ref) else shortened(str(layer))
            yield Fault(
                at,
                "layer-twice",
                f"the layer {name} is used twice: a function has one version of it",
                "keep one of them",
            )
        seen.add(its_arn)


def _layer_arn(layer: str | Ref | Text, place: Place) -> str:
    """The ARN of a layer without its version: its key, its ARN and a reference may mean one."""
    if isinstance(layer, str) and layer.startswith("arn:"):
        return layer.rpartition(":")[0] if ":layer:" in layer else layer
    key = layer.key if isinstance(layer, Ref) else layer_key(place, str(layer))
    return place.arn("lambda", f"layer:{key.name}")
