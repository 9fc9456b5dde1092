"""Layers: a new version when their content changes.

Layers cannot be tagged: a derived name, and a marker with the content's digest in the
Description, say what is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from lcli.aws.clients import Clients
from lcli.aws.retry import made_once
from lcli.resources.code import Code
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import Actual, Key, Outputs, Place, Reading, Resource, Value
from lcli.resources.naming import derived_name

_MARKER = "lcli:sha256:"
_SETTINGS = ("CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")
"""What a version has besides its content; none of it can be changed."""


def layer(
    place: Place,
    key: str,
    code: Code,
    *,
    runtimes: Iterable[str] = (),
    architectures: Iterable[str] = (),
    license_info: str = "",
    where: str = "",
) -> Resource:
    """The manifest's layer `key`; output ``arn`` is its newest version's."""
    return Resource(
        layer_key(place, key),
        {
            "Code": code.digest,
            "CompatibleArchitectures": tuple(sorted(architectures)),
            "CompatibleRuntimes": tuple(sorted(runtimes)),
            "LicenseInfo": license_info,
        },
        where=where,
        payload=code,
    )


def layer_key(place: Place, key: str) -> Key:
    """The key of the manifest's layer `key`, for references to its ``arn``."""
    return Key("layer", derived_name(place.app, place.stage, key))


class Layer(Kind):
    """A layer's newest version; older ones stay, since functions may use them."""

    name = "layer"
    title = "layer"
    keeps = True
    derived = frozenset({"Code"})
    fixed: ClassVar[frozenset[str]] = frozenset({"Code", *_SETTINGS})

    def read(self, reading: Reading) -> Iterable[Actual]:
        """The newest version of each wanted layer: one ListLayerVersions a layer."""
        names = [one.key.name for one in reading.wanted(self.name)]
        answers = reading.each(lambda name: _newest(reading.clients, name), names)
        for name, newest in zip(names, answers, strict=True):
            if newest is not None:
                yield _actual(self.name, reading.place, name, newest)

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """PublishLayerVersion; one that was published by a call whose answer was lost is taken."""
        code = wanted.payload
        if not isinstance(code, Code):
            raise TypeError(f"{wanted.key} has no content")
        settings = {
            field: applying.settle(wanted.fields[field])
            for field in _SETTINGS
            if wanted.fields[field]
        }
        name = wanted.key.name

        def published() -> dict[str, Any] | None:
            newest = _newest(applying.clients, name)
            return newest if newest and _fields(newest) == wanted.fields else None

        answer = made_once(
            lambda: applying.clients.call(
                "lambda",
                "PublishLayerVersion",
                LayerName=name,
                Description=f"{_MARKER}{code.digest} {_owner(applying.place)}",
                Content=code.content(),
                **settings,
            ),
            published,
        )
        return _outputs(answer)

    def delete(self, actual: Actual, applying: Applying) -> None:
        """DeleteLayerVersion of every version; functions that use one keep it."""
        name = actual.resource.key.name
        pages = list(applying.clients.pages("lambda", "ListLayerVersions", LayerName=name))
        for one in [version for page in pages for version in page["LayerVersions"]]:
            applying.clients.call(
                "lambda", "DeleteLayerVersion", LayerName=name, VersionNumber=one["Version"]
            )


class UnusedLayer(Layer):
    """A layer of ours that left the manifest, with all its versions."""

    name = "unused_layer"
    title = "layer"
    keeps = False
    fixed: ClassVar[frozenset[str]] = frozenset()

    def read(self, reading: Reading) -> Iterable[Actual]:
        """By its derived name and its marker, when everything is read: one ListLayers."""
        if reading.functions is not None:
            return
        for page in reading.clients.pages("lambda", "ListLayers"):
            for one in page["Layers"]:
                name = one["LayerName"]
                actual = _actual(self.name, reading.place, name, one["LatestMatchingVersion"])
                if actual.ours and Key("layer", name) not in reading.desired:
                    yield actual


def _owner(place: Place) -> str:
    """App and stage; a hyphen, which both may hold, would make two apps one."""
    return "/".join(filter(None, (place.app, place.stage)))


def _newest(clients: Clients, name: str) -> dict[str, Any] | None:
    answer = clients.call("lambda", "ListLayerVersions", LayerName=name, MaxItems=1)
    return next(iter(answer["LayerVersions"]), None)


def _digest(version: Mapping[str, Any]) -> str:
    """The digest in the marker; empty for a version that lcli did not publish."""
    marker = str(version.get("Description", "")).partition(" ")[0]
    return marker.removeprefix(_MARKER) if marker.startswith(_MARKER) else ""


def _outputs(version: Mapping[str, Any]) -> Outputs:
    return {"arn": version["LayerVersionArn"], "number": str(version["Version"])}


def _fields(version: Mapping[str, Any]) -> dict[str, Value]:
    return {
        "Code": _digest(version) or f"version {version['Version']}, not by lcli",
        "CompatibleArchitectures": tuple(sorted(version.get("CompatibleArchitectures") or ())),
        "CompatibleRuntimes": tuple(sorted(version.get("CompatibleRuntimes") or ())),
        "LicenseInfo": version.get("LicenseInfo") or "",
    }


def _actual(kind: str, place: Place, name: str, version: Mapping[str, Any]) -> Actual:
    owner = str(version.get("Description", "")).partition(" ")[2]
    ours = bool(_digest(version)) and owner == _owner(place)
    return Actual(
        Resource(Key(kind, name), _fields(version)),
        outputs=_outputs(version),
        ours=ours,
        owner=f"lcli app {owner}" if _digest(version) else "someone else",
    )


KINDS = (Layer(), UnusedLayer())
