"""A function as GetFunction shows it, in the same form as a desired one; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lcli.errors import LcliError, Problem
from lcli.resources import function_tags as tagging
from lcli.resources.code import Code
from lcli.resources.function_fields import kept_fields, read_fields, source_key, unknown_fields
from lcli.resources.function_state import is_settled
from lcli.resources.function_update import SHA
from lcli.resources.model import Actual, Key, Place, Resource, Value
from lcli.resources.naming import function_key


@dataclass(frozen=True, slots=True)
class Payload:
    """What a function is sent besides its fields."""

    code: Code
    parts: str = ""
    """The value of the tag ``lcli:parts`` that a new function begins with."""
    publish: bool = False
    """Publish the first version with CreateFunction: one call less."""
    keep_versions: int = 0
    """How many published versions stay; 0 for all."""


def environment_paths(fields: Mapping[str, Value]) -> frozenset[str]:
    """Paths of all variables: their values are masked."""
    variables = fields.get("Environment")
    names = variables if isinstance(variables, Mapping) else ()
    return frozenset(f"Environment.{name}" for name in names)


def actual_function(answer: Mapping[str, Any], wanted: Resource | None, place: Place) -> Actual:
    """A function from GetFunction's answer.

    Where AWS hides the tags (lambda:ListTags is missing), nothing can be said about whose it is:
    raises LcliError for a desired one, of another `hidden` tells it.
    """
    configuration = answer["Configuration"]
    name, tags = configuration["FunctionName"], answer.get("Tags", {})
    error = answer.get("TagsError") or {}
    if error and wanted is not None:
        raise LcliError(tagging.tags_hidden(name, configuration["FunctionArn"], error["ErrorCode"]))
    governed = wanted.fields if wanted else {}
    fields = read_fields(configuration, governed) | source_key(answer)
    fields["Code"] = code_identity(answer, tags, wanted)
    fields["Tags"] = tagging.governed(tags, governed.get("Tags"))
    reserved = answer.get("Concurrency", {}).get("ReservedConcurrentExecutions", "")
    return Actual(
        Resource(
            function_key(name),
            fields,
            # What the function runs with, if it is ours: deleted after it. Its log group is not:
            # a run killed in between would leave a group that nothing leads to any more.
            needs=(Key("role", str(fields["Role"]).rpartition("/")[2]),),
            function=tags.get("lcli:function", ""),
            secret=environment_paths(fields),
        ),
        outputs={
            "arn": configuration["FunctionArn"],
            "name": name,
            "revision": configuration.get("RevisionId", ""),
            "code_sha256": configuration.get(SHA, ""),
            "code_size": str(configuration.get("CodeSize", "")),
            "code_tag": tags.get(tagging.CODE, ""),
            "parts": tags.get(tagging.PARTS, ""),
            "digest": tags.get(tagging.DIGEST, ""),
            "held_tag": tags.get(tagging.HELD, ""),
            "reserved": str(reserved),
            "state": configuration.get("State", "Active"),
            "published": "",
            "role": configuration.get("Role", ""),
            "durable": "yes" if configuration.get("DurableConfig") else "",
            "hidden": error.get("ErrorCode", ""),
        },
        ours=tagging.are_ours(tags, place),
        owner=tagging.owner(tags),
        revision=configuration.get("RevisionId", "") if is_settled(configuration) else "",
        unknown=unknown_fields(configuration),
        note=_note(configuration, governed if wanted else configuration),
    )


def code_identity(
    answer: Mapping[str, Any], tags: Mapping[str, str], wanted: Resource | None
) -> str:
    """What stands for the code of a function or version: its digest, where it can be known."""
    configuration = answer["Configuration"]
    payload = wanted.payload if wanted else None
    code = payload.code if isinstance(payload, Payload) else Code()
    if configuration.get("PackageType") == "Image":
        shown = answer.get("Code", {})
        resolved = str(shown.get("ResolvedImageUri", "")).partition("@")[2]
        return str(shown.get("ImageUri", "")) + (f"@{resolved}" if code.mark else "")
    return tagging.code_of(
        configuration.get(SHA, ""), tags, code.digest if wanted else "", code.code_sha256
    )


def hidden(actual: Mapping[Key, Actual]) -> dict[str, Problem]:
    """The functions, by their names, whose tags AWS did not show: they may be ours."""
    return {
        key.name: tagging.tags_hidden(key.name, one.outputs["arn"], refused)
        for key, one in sorted(actual.items())
        if key.kind == "function" and (refused := one.outputs["hidden"])
    }


def hidden_told(actual: Mapping[Key, Actual]) -> tuple[str, ...]:
    """The same for a plan, which leaves those functions alone."""
    found = hidden(actual)
    if not found:
        return ()
    return (
        f"AWS does not show the tags of {', '.join(found)}: what of it is this app's and has left "
        "the manifest is neither told nor deleted; allow lambda:ListTags to the credentials in use",
    )


def _note(configuration: Mapping[str, Any], governed: Mapping[str, Any]) -> str:
    notes = []
    if configuration.get("State") == "Failed":
        notes.append(f"failed at creation: {configuration.get('StateReason', 'no reason given')}")
    elif configuration.get("LastUpdateStatus") == "Failed":
        reason = configuration.get("LastUpdateStatusReason", "no reason given")
        notes.append(f"its last update failed, the old code still runs: {reason}")
    for field in sorted(unknown_fields(configuration)):
        notes.append(f"AWS does not show {field}, so it was not compared")
    for field in kept_fields(configuration, governed):
        notes.append(f"it keeps {field}, which the manifest does not set and no call takes away")
    return "; ".join(notes)
