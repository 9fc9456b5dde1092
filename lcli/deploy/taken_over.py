"""What there is to say of functions that a deploy takes over from another app (`--adopt`); pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lcli.resources.model import Action, Actual, Key, Resource, Verb

_API = ":execute-api:"


def taken_from(resource: Resource, actual: Mapping[Key, Actual]) -> str:
    """From whom the function is taken over that something belongs to; empty where it is not."""
    return next((one.owner for one in _needed(resource, actual) if one.adopted), "")


def _needed(resource: Resource, actual: Mapping[Key, Actual]) -> Iterator[Actual]:
    """What it needs, directly or not: a rule its statement, which needs the function."""
    for need in resource.needs:
        if need in actual:
            yield actual[need]
            yield from _needed(actual[need].resource, actual)


def routes_left(changes: Iterable[Action], actual: Mapping[Key, Actual]) -> Iterator[str]:
    """The other apps' HTTP APIs whose routes lead to a function that they may not call any more.

    An API is its app's, which finds the routes by it; of the function's statements each names one.
    """
    for one in changes:
        source = str(one.resource.fields.get("SourceArn", ""))
        if one.verb is not Verb.DELETE or _API not in source:
            continue
        if owner := taken_from(one.resource, actual):
            api = source.split(":")[5].partition("/")[0]
            yield (
                f"the HTTP API {api} of {owner} has routes that lead to "
                f"{one.resource.key.name.partition('/')[0]}: they fail once this deploy has taken "
                "their permission away; `lcli deploy --prune` of that app without the function "
                "removes them, as does `lcli delete`"
            )
