"""Sources → what is sent as code, built in parallel; all problems at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lcli.artifact.model import Artifact, Build, Source, Target
from lcli.artifact.shared import Shared
from lcli.aws.threads import Threads, interrupted
from lcli.deploy.order import references
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.artifacts_bucket import (
    bucket_name,
    ensure_bucket,
    is_missing,
    missing,
    object_key,
    upload,
)
from lcli.resources.code import Code
from lcli.resources.model import Place, Ref

if TYPE_CHECKING:
    from lcli.artifact.handler import Files, Layers
    from lcli.aws.clients import Clients
    from lcli.manifest.models import App, Function, Layer

_BUILDERS = 4
"""Builds at once: packing uses threads of its own, installing is mostly waiting."""

_TIDY = 2.0
"""Seconds in which builds whose tools were killed take their temporary files away."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where and for what things are built."""

    root: Path
    """The manifest's directory."""
    cache: Path
    local: bool = False
    local_python: Callable[[str], str] = lambda runtime: ""
    """With `local`: the interpreter that will run a runtime; "" for this one."""
    shared: Shared = field(default_factory=Shared, compare=False, repr=False)
    """What is known of the sources: a tree that was checked is not walked again to be built."""

    def function(self, function: Function) -> tuple[Source, Target]:
        """What a function is built from and for."""
        source = self._source(function, function.where)
        source = replace(
            source,
            handler=function.handler or "",
            handler_where=function.handler_where,
        )
        return source, self._target(function.runtime or "", function.architecture)

    def layer(self, layer: Layer) -> tuple[Source, Target]:
        """What a layer is built from and for."""
        runtime = layer.runtimes[0] if layer.runtimes else ""
        architecture = layer.architectures[0] if layer.architectures else "x86_64"
        return self._source(layer, layer.where), self._target(runtime, architecture)

    def _source(self, described: Function | Layer, where: str) -> Source:
        from lcli.artifact.source import parse_source

        build = described.build
        kind = build.kind if build.kind and build.kind != "command" else ""
        return replace(
            parse_source(described.source, self.root, where),
            include=described.include,
            exclude=described.exclude,
            build=Build(kind, build.requirements or "", build.command, build.output),
        )

    def _target(self, runtime: str, architecture: str) -> Target:
        python = self.local_python(runtime) if self.local and runtime else ""
        return Target(runtime, architecture, self.local, python)


@dataclass(frozen=True, slots=True)
class Codes:
    """What is sent, by the manifest's keys."""

    functions: Mapping[str, Code]
    layers: Mapping[str, Code]


def build_all(app: App, workshop: Workshop) -> tuple[dict[str, Artifact], dict[str, Artifact]]:
    """The artifacts of the functions in `app` and of the layers that they use, by key.

    Functions whose source is an object in S3 or an image have none. Raises LcliError with the
    problems of all builds.
    """
    from lcli.artifact.process import end_tools

    used, shared = layers_used(app), workshop.shared
    with Threads(_BUILDERS, "build") as pool:
        # Layers begin first: a function whose code lacks its handler waits for its own.
        layers = {key: pool.submit(_build_layer, app.layers[key], workshop) for key in used}

        def held(layer: Layer) -> Files:
            source = workshop.layer(layer)
            return shared.once(("layer", source), lambda: _held(layers[layer.key]))

        functions = {
            key: pool.submit(
                _build_function,
                function,
                workshop,
                partial(_layers_of, function, app.layers.values(), held),
            )
            for key, function in app.functions.items()
        }
        try:
            doing = [*functions.values(), *layers.values()]
            if interrupted(doing, hasten=lambda: end_tools(signal.SIGINT)):
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            end_tools(signal.SIGKILL)
            wait(doing, _TIDY)
            raise
    problems: list[LcliError] = []
    built = {key: _result(future, problems) for key, future in functions.items()}
    layered = {key: _result(future, problems) for key, future in layers.items()}
    if problems:
        usage = all(one.exit_code is ExitCode.USAGE for one in problems)
        raise LcliError(
            dict.fromkeys(problem for one in problems for problem in one.problems),
            ExitCode.USAGE if usage else ExitCode.FAILED,
        )
    return (
        {key: one for key, one in built.items() if one},
        {key: one for key, one in layered.items() if one},
    )


def check_sources(
    functions: Iterable[Function], layers: Iterable[Layer], workshop: Workshop
) -> list[Problem]:
    """What is wrong with the sources of functions and layers, as it shows without building."""
    from lcli.artifact.handler import UNKNOWN
    from lcli.artifact.layer import check_layer
    from lcli.artifact.limits import check_limits
    from lcli.artifact.make import check

    problems: list[Problem] = []
    shared, layers = workshop.shared, tuple(layers)
    held = {layer.key: UNKNOWN for layer in layers}
    for layer in layers:
        try:
            source, target = workshop.layer(layer)
            held[layer.key] = check_layer(source, layer.runtimes, target, workshop.cache, shared)
        except LcliError as error:
            problems += error.problems
    for function in functions:
        of_it = partial(_layers_of, function, layers, lambda layer: held[layer.key])
        try:
            files = check(*workshop.function(function), workshop.cache, shared, of_it)
        except LcliError as error:
            problems += error.problems
        else:
            own = {one.key: held[one.key] for one in own_layers(function, layers) if one}
            problems += check_limits(files, own, function.where)
    return problems


def _layers_of(
    function: Function, layers: Iterable[Layer], held: Callable[[Layer], Files]
) -> list[Files]:
    """What is in a function's layers; those of others are unknown."""
    from lcli.artifact.handler import UNKNOWN

    return [held(one) if one else UNKNOWN for one in own_layers(function, layers)]


def own_layers(function: Function, layers: Iterable[Layer]) -> list[Layer | None]:
    """A function's layers, by key or by ``${layer:X.arn}``; None for those of others."""
    own = {name: layer for layer in layers for name in (layer.key, layer.name)}
    names = [one.key.name if isinstance(one, Ref) else str(one) for one in function.layers]
    return [own.get(name) for name in names]


def _held(building: Future[Artifact | None]) -> Files:
    """What is in a layer of the manifest, once it is built."""
    from lcli.artifact.handler import UNKNOWN
    from lcli.artifact.make import zip_files

    try:
        artifact = building.result()
    except LcliError:  # which is told of the layer
        return UNKNOWN
    return zip_files(artifact.path) if artifact else UNKNOWN


def layers_used(app: App) -> tuple[str, ...]:
    """Keys of the app's layers that its functions name, by key or by ``${layer:X.arn}``."""
    used = layers_of(app.functions.values(), app.layers.values())
    return tuple(layer.key for layer in used)


def layers_of(functions: Iterable[Function], layers: Iterable[Layer]) -> list[Layer]:
    """Those of the layers that the functions name."""
    values = [
        value
        for function in functions
        for value in (*function.layers, *function.environment.values())
    ]
    texts = {value for value in values if isinstance(value, str)}
    names = {key.name for value in values for key in references(value) if key.kind == "layer"}
    return [layer for layer in layers if layer.key in texts or layer.name in names]


def _result(future: Future[Artifact | None], problems: list[LcliError]) -> Artifact | None:
    try:
        return future.result()
    except LcliError as error:
        problems.append(error)
        return None


def _build_function(function: Function, workshop: Workshop, layers: Layers) -> Artifact | None:
    from lcli.artifact import build

    source, target = workshop.function(function)
    if source.kind in ("s3", "image"):
        return None
    return build(source, target, workshop.cache, workshop.shared, layers)


def _build_layer(layer: Layer, workshop: Workshop) -> Artifact | None:
    from lcli.artifact.layer import build_layer

    source, target = workshop.layer(layer)
    if source.kind in ("s3", "image"):
        return None
    return build_layer(source, layer.runtimes, target, workshop.cache, workshop.shared)


def codes(
    app: App,
    place: Place,
    functions: Mapping[str, Artifact],
    layers: Mapping[str, Artifact],
    addressed: Mapping[str, Code],
) -> Codes:
    """What is sent for each: the zip, its place in the artifacts bucket, S3 or an image.

    `addressed` are the codes of `addresses`, which have no artifact.
    """

    def code(source: str, artifact: Artifact | None) -> Code:
        return addressed[source] if artifact is None else _code(artifact, app, place)

    return Codes(
        {key: code(one.source, functions.get(key)) for key, one in app.functions.items()},
        {key: code(app.layers[key].source, layers.get(key)) for key in layers_used(app)},
    )


def addresses(
    app: App, functions: Mapping[str, Artifact], layers: Mapping[str, Artifact]
) -> dict[str, str]:
    """The sources that are not built, objects in S3 and images, with their places."""
    found = {app.layers[k].source: app.layers[k].where for k in layers_used(app) if k not in layers}
    return found | {
        one.source: one.where for key, one in app.functions.items() if key not in functions
    }


def _code(artifact: Artifact, app: App, place: Place) -> Code:
    from lcli.artifact.limits import needs_bucket

    if not needs_bucket(artifact):
        return Code(artifact)
    bucket = app.artifacts.bucket or bucket_name(place)
    return Code(artifact, bucket, object_key(artifact, app.artifacts.prefix))


def bucket_told(
    wanted: Iterable[Code], place: Place, clients: Clients, *, configured: str
) -> tuple[str, ...]:
    """That lcli makes its artifacts bucket, where what is sent goes through it and it is missing.

    Raises AwsError, and LcliError (USAGE) where one that is `configured` is missing.
    """
    bucket = configured or bucket_name(place)
    if all(code.s3_bucket != bucket for code in wanted) or not is_missing(place, clients, bucket):
        return ()
    if configured:
        raise LcliError(missing(bucket), ExitCode.USAGE)
    return (
        f"deploy makes the bucket {bucket}, private and encrypted: zips over 50 MB go through it, "
        "of all apps of this account and region",
    )


def upload_all(
    wanted: Iterable[Code], place: Place, clients: Clients, *, configured: str, prefix: str
) -> tuple[str, ...]:
    """Put the zips that are too large for a request into the artifacts bucket; says what was sent.

    Raises LcliError where the bucket is not ours, AwsError.
    """
    sent: dict[str, str] = {}
    for code in wanted:
        if code.artifact is not None and code.s3_bucket and code.s3_key not in sent:
            bucket = ensure_bucket(place, clients, configured)
            upload(place, clients, bucket, code.artifact, prefix)
            sent[code.s3_key] = f"s3://{bucket}/{code.s3_key}"
    return tuple(sent.values())
