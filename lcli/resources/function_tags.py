"""The tags of a function: whose it is, its code's digest, its optional parts; pure.

Lambda allows letters, digits, spaces and ``+ - = . _ : / @`` in 256 characters of a tag's value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.model import Key, Place
from lcli.resources.naming import unqualified

CODE = "lcli:code"
"""``DIGEST:CODESHA256``: the content's digest and the CodeSha256 that came of it."""
PARTS = "lcli:parts"
"""Names of the optional parts that exist, with a space between."""
HELD = "lcli:held"
"""The version that a rollback holds the alias at."""
DIGEST = "lcli:digest"
"""What the function was last deployed as; absent while that is not certain."""
NAMES = "lcli:tags"
"""Names of the manifest's tags: those go when they leave it, other people's stay."""
LIMIT = 256
_BETWEEN = " / "

PART_NAMES: Mapping[str, str] = {
    "alias": "alias",
    "function_url": "url",
    "event_invoke_config": "async",
    "provisioned_concurrency": "provisioned",
    "reserved_concurrency": "reserved",
    "permission": "permissions",
    "event_source_mapping": "mapping",
    "recursion": "recursion",
    "runtime_management": "runtime",
    "code_signing": "signing",
    "role": "role",
}
"""What each kind is called in ``lcli:parts``; the alias it is attached to follows after ``=``, of a
managed role (named only where its path does not lead to it) its name."""


def part_names(keys: Iterable[Key]) -> tuple[str, ...]:
    """The names in ``lcli:parts`` of the optional parts among a function's resources, sorted."""
    names = set()
    for key in keys:
        if part := PART_NAMES.get(key.kind):
            attached = "" if part == "mapping" else key.name.partition("/")[0]
            qualifier = unqualified(attached)[1]
            names.add(f"{part}={qualifier}" if qualifier else part)
    return tuple(sorted(names))


def parts_value(names: Iterable[str]) -> str:
    """The tag's value. Raises LcliError (USAGE) when an alias is too long for it to fit."""
    value = " ".join(sorted(names))
    if len(value) > LIMIT:
        raise LcliError(
            Problem(
                "alias-too-long",
                f"the tag {PARTS} would be {len(value)} characters long; AWS allows {LIMIT}",
                next_step="choose a shorter name for the alias, or for the role",
            ),
            ExitCode.USAGE,
        )
    return value


def qualifiers(parts: str, kind: str) -> tuple[str, ...]:
    """The qualifiers ("" for none) at which the tag's value says that parts of `kind` exist.

    Of ``role``, the names.
    """
    part = PART_NAMES[kind]
    named = (entry.partition("=") for entry in parts.split())
    return tuple(qualifier for name, _, qualifier in named if name == part)


def own(place: Place, function: str, tags: Mapping[str, str]) -> dict[str, str]:
    """The desired tags: whose the function is, and the manifest's own with their names."""
    wanted = dict(sorted(tags.items())) | place.tags(function)
    names = ""
    for name in sorted(tags):
        longer = f"{names}{_BETWEEN}{name}" if names else name
        names = longer if len(longer) <= LIMIT else names
    return wanted | ({NAMES: names} if names else {})


def governed(tags: Mapping[str, str], wanted: object) -> dict[str, str]:
    """Of the tags that were read, those that lcli decides about; other people's are left out.

    `wanted` are the desired ones, a map by their names, or else none.
    """
    names = {"lcli:app", "lcli:stage", "lcli:function", NAMES, *_names(wanted)}
    names |= set(tags.get(NAMES, "").split(_BETWEEN))
    return {name: value for name, value in tags.items() if name in names}


def are_ours(tags: Mapping[str, str], place: Place) -> bool:
    """Whether the tags say that this app and stage own the thing."""
    return place.tags().items() <= tags.items()


def are_lclis(tags: Mapping[str, str]) -> bool:
    """Whether the tags say that lcli made the thing, for whichever app."""
    return "lcli:app" in tags


def dropped(before: object, wanted: object) -> list[str]:
    """Names of tags that go, sorted.

    They are taken away before the others are written: as long as one is there, the tag that names
    it is, wherever a run is killed.
    """
    return sorted(_names(before) - _names(wanted))


def _names(tags: object) -> set[str]:
    return {*tags} if isinstance(tags, Mapping) else set()


def owner(tags: Mapping[str, str]) -> str:
    """Who owns a function that is not ours, for a message."""
    if are_lclis(tags):
        stage = tags.get("lcli:stage")
        return f"lcli app {tags['lcli:app']}" + (f", stage {stage}" if stage else "")
    if stack := tags.get("aws:cloudformation:stack-name"):
        return f"CloudFormation stack {stack}"
    return "someone who left no lcli tags on it"


def tags_hidden(name: str, where: str, refused: str) -> Problem:
    """AWS shows a function and not its tags; `refused` is its code for that."""
    return Problem(
        "tags-hidden",
        f"AWS does not show the tags of {name} ({refused}), so lcli cannot tell whose it is",
        where=where,
        next_step="allow lambda:ListTags on it to the credentials in use",
    )


def check_owner(function: Mapping[str, Any], place: Place | None = None) -> None:
    """What is not lcli's is never touched, not even by a tag.

    `function` is GetFunction's answer; with a `place` it must be that app's and stage's. Raises
    LcliError (USAGE), also where AWS hides the tags.
    """
    tags = function.get("Tags", {})
    configuration = function["Configuration"]
    name, arn = configuration["FunctionName"], configuration["FunctionArn"]
    if error := function.get("TagsError"):
        raise LcliError(tags_hidden(name, arn, error["ErrorCode"]), ExitCode.USAGE)
    if are_ours(tags, place) if place else are_lclis(tags):
        return
    raise LcliError(
        Problem(
            "not-ours",
            f"function {name} belongs to {owner(tags)}",
            arn,
            "take it over first with `lcli deploy --adopt`, or use the tools that made it",
        ),
        ExitCode.USAGE,
    )


def code_of(sha: str, tags: Mapping[str, str], digest: str = "", wanted_sha: str = "") -> str:
    """The digest of code with this CodeSha256, by the tag or by the zip that is to be sent.

    Code of other origin has no digest: its CodeSha256 stands for it.
    """
    known, _, known_sha = tags.get(CODE, "").partition(":")
    if sha and sha == known_sha:
        return known
    return digest if sha and sha == wanted_sha else f"CodeSha256 {sha}"
