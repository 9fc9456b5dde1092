"""How the version that runs differs from the manifest, as far as one GetFunction tells.

For `list`, so without pydantic, without asking AWS more, and without a build. Only what a version
holds is compared: its configuration, and its code where the cache knows it. `status` and `plan`
compare everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lcli.artifact.known import KnownCode
from lcli.deploy import execution_role, settings
from lcli.deploy.code import Workshop
from lcli.deploy.order import references
from lcli.errors import LcliError
from lcli.manifest.document import Document
from lcli.manifest.plain import Plain, plain_functions
from lcli.resources.code import Code
from lcli.resources.compare import changes
from lcli.resources.function import function
from lcli.resources.function_fields import read_fields, source_key, unknown_fields
from lcli.resources.function_update import SHA
from lcli.resources.model import Actual, Place, Resource
from lcli.resources.version import version

CODE = "Code"
_SOURCE = frozenset({"build", "exclude", "include", "source"})
"""Keys of the manifest that decide about the code."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What differs of one function, by the API's names (``MemorySize``, ``Code``)."""

    differs: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()
    state: str = ""
    """``not deployed``, ``not published`` (there is no alias yet), or empty."""

    def __str__(self) -> str:
        """``none``, or ``configuration (MemorySize, Timeout), code not compared``."""
        found = [self.state] if self.state else []
        fields = dict.fromkeys(path.partition(".")[0] for path in self.differs if path != CODE)
        if fields:
            found.append(f"configuration ({', '.join(fields)})")
        if CODE in self.differs:
            found.append("code")
        if self.not_compared:
            named = ["code" if path == CODE else path for path in self.not_compared]
            found.append(f"{', '.join(named)} not compared")
        return ", ".join(found) or "none"

    def as_json(self) -> dict[str, Any]:
        """The documented shape of the drift in a row of ``list -o json``."""
        return {
            "drift": str(self),
            "differs": list(self.differs),
            "not_compared": list(self.not_compared),
        }


def drifts(
    document: Document,
    place: Place,
    answers: Mapping[str, Mapping[str, Any]],
    workshop: Workshop,
) -> dict[str, Drift]:
    """The drift of each function of the manifest by its key.

    `answers` are GetFunction's by key, through the alias where there is one; empty for functions
    that are not deployed. Raises LcliError (USAGE) for names that cannot be resolved.
    """
    known = KnownCode(workshop.cache)
    deployed = next((one["Configuration"]["FunctionArn"] for one in answers.values() if one), "")
    if deployed:  # AWS was not asked whose credentials these are
        _, partition, _, _, account, *_ = deployed.split(":")
        place = replace(place, partition=partition, account=account)
    found = plain_functions(document, place)
    return {key: _drift(found[key], place, answers.get(key, {}), workshop, known) for key in found}


def _drift(
    wanted: Plain, place: Place, answer: Mapping[str, Any], workshop: Workshop, known: KnownCode
) -> Drift:
    if not answer:
        return Drift(state="not deployed")
    desired = desired_version(wanted, place)
    actual = _actual(answer, desired)
    differs = [change.path for change in changes(desired, actual)]
    unknown = set(_unknown(wanted)) | actual.unknown | set(_chosen_by_aws(desired))
    same = True if CODE in settings.ignored(wanted.settings) else None
    if same is None and CODE not in unknown:
        same = _is_same_code(wanted, answer, workshop, known)
    unknown = unknown - {CODE} | ({CODE} if same is None else set())
    latest = answer["Configuration"].get("Version") == "$LATEST"
    return Drift(
        (*differs, *([CODE] if same is False else [])),
        tuple(sorted(unknown)),
        "not published" if latest and wanted.settings.qualifier else "",
    )


def desired_version(wanted: Plain, place: Place) -> Resource:
    """What the function's version must hold, without its code; `ignored` is what is not known."""
    own, name = wanted.settings, wanted.settings.name
    made = function(
        place,
        wanted.key,
        name,
        role=execution_role.arn(place, own),
        code=Code(image_uri=own.source if own.is_image else ""),
        settings=settings.settings(own, own.layers),
        api=own.api,
        ignored=settings.ignored(own) | frozenset(_unknown(wanted)),
    )
    found = version(made)
    fields = {name: value for name, value in found.fields.items() if name != CODE}
    found = replace(found, fields=fields)
    return replace(found, ignored=found.ignored | frozenset(_chosen_by_aws(found)))


def _chosen_by_aws(wanted: Resource) -> Iterator[str]:
    """Paths of values that are known only when something else has been read (an address)."""
    for name, value in wanted.fields.items():
        if name == "Environment" and isinstance(value, Mapping):
            yield from (f"{name}.{key}" for key, one in value.items() if references(one))
        elif references(value):
            yield name


def _actual(answer: Mapping[str, Any], wanted: Resource) -> Actual:
    configuration = answer["Configuration"]
    fields = read_fields(configuration, wanted.fields) | source_key(answer)
    return Actual(Resource(wanted.key, fields), unknown=unknown_fields(configuration))


def _unknown(wanted: Plain) -> Iterator[str]:
    """What the manifest does not tell without asking AWS, by the API's names."""
    for path in wanted.unknown:
        yield CODE if path in _SOURCE else settings.api_path(path)


def _is_same_code(
    wanted: Plain, answer: Mapping[str, Any], workshop: Workshop, known: KnownCode
) -> bool | None:
    """None where nobody can tell without asking or building."""
    own = wanted.settings
    if own.is_image:
        if answer.get("Code", {}).get("ImageUri") != own.source:
            return False
        return True if "@sha256:" in own.source else None  # a tag may have been moved
    try:
        source, target = workshop.function(own)
    except LcliError:  # there is no such source
        return None
    source = replace(source, handler="", where="", handler_where="")
    return known.is_same(source, target, answer["Configuration"].get(SHA, ""))
