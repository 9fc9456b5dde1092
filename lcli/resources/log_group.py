"""CloudWatch log groups and how long they keep their events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.resources.compare import merged
from lcli.resources.function_tags import are_lclis, are_ours, dropped, own, owner
from lcli.resources.kind import Applying, Kind
from lcli.resources.log_group_tags import asked, indexed, owners_of, wanted_tags
from lcli.resources.model import Actual, Change, Key, Outputs, Place, Reading, Resource, Value
from lcli.resources.naming import LOG_GROUPS


@dataclass(frozen=True, slots=True)
class Named:
    """Payload of a group that the manifest names: it may be somebody else's."""


def log_group(
    place: Place,
    name: str,
    *,
    retention_days: int | None = None,
    tags: Mapping[str, str] | None = None,
    function: str = "",
    where: str = "",
    ignored: Iterable[str] = (),
    is_named: bool = False,
) -> Resource:
    """The log group `name`; without `retention_days` its events are kept for ever.

    `function` is empty for a group that several functions share. `ignored` paths (``Tags.X``)
    belong to somebody else. One that the manifest names (`is_named`), not Lambda by the function's
    name, is written to but left as it is where it was not made for this app and stage.
    """
    return Resource(
        Key("log_group", name),
        {"RetentionInDays": retention_days, "Tags": own(place, function, tags or {})},
        function=function,
        where=where,
        ignored=frozenset(ignored),
        payload=Named() if is_named else None,
    )


class LogGroup(Kind):
    """A log group; one that Lambda made first is taken over, never emptied."""

    name = "log_group"
    title = "log group"
    reads_after = ("function",)
    keeps = True
    searched = True
    comes_along = True
    derived = frozenset({"Tags"})

    def read(self, reading: Reading) -> Iterable[Actual]:
        """DescribeLogGroups, one listing for each folder of names.

        Groups of functions that exist are read too, so that `delete --logs` finds them, and for
        such a deletion those whose functions are gone, and what the tags of all say. Where the
        tagging API is not allowed, the tags are taken to be those of the group's function, written
        together with the group's.
        """
        logged = _logged(reading)
        wanted = {one.key.name: one for one in reading.wanted(self.name)}
        owners = {group: function.resource.function for group, function in logged.items()}
        owners |= {name: one.function for name, one in wanted.items()}
        listings = reading.each(lambda prefix: _listed(reading.clients, prefix), _prefixes(owners))
        groups = [one for found in listings for one in found if one["logGroupName"] in owners]
        arns = {one["logGroupName"]: one["arn"].removesuffix(":*") for one in groups}
        tags = wanted_tags(reading, arns, wanted.values())
        if self.name in reading.everywhere:
            tags = asked(reading, groups)
            chosen = {one["logGroupName"] for one in _chosen(groups, logged, wanted)}
            mine = owners_of(reading, tags)
            groups = [one for one in groups if one["logGroupName"] not in chosen - mine.keys()]
            # By its tags: one that several functions write to goes with the whole app alone.
            owners |= {name: function for name, function in mine.items() if name in chosen}
            left = _left(reading, owners)
            owners |= owners_of(reading, asked(reading, left))
            groups += [one for one in left if one["logGroupName"] in owners]
        return [
            _whose(
                _actual(
                    group,
                    owners[group["logGroupName"]],
                    logged.get(group["logGroupName"]),
                    tags.get(group["logGroupName"]) if tags is not None else None,
                    tags is None,
                ),
                wanted.get(group["logGroupName"]),
                reading.place,
            )
            for group in groups
        ]

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """CreateLogGroup with its tags, then its retention; one that exists is taken over."""
        name = wanted.key.name
        arn = applying.place.arn("logs", f"log-group:{name}")
        tags = wanted.fields["Tags"]
        try:
            applying.clients.call("logs", "CreateLogGroup", logGroupName=name, tags=tags)
        except AwsError as error:
            if error.code != "ResourceAlreadyExistsException":
                raise
            applying.clients.call("logs", "TagResource", resourceArn=arn, tags=tags)
            _keep(wanted, applying.clients)
        else:
            # A new group keeps its events for ever by itself.
            if wanted.fields["RetentionInDays"] is not None:
                _keep(wanted, applying.clients)
        return {"arn": arn}

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """Set or lift the retention, and tag it: it may be one that Lambda made."""
        if any(change.path == "RetentionInDays" for change in changes):
            _keep(wanted, applying.clients)
        arn, tags = actual.outputs["arn"], merged(wanted, actual, "Tags")
        if gone := dropped(actual.resource.fields["Tags"], tags):
            applying.clients.call("logs", "UntagResource", resourceArn=arn, tagKeys=gone)
        applying.clients.call("logs", "TagResource", resourceArn=arn, tags=tags)
        return actual.outputs

    def delete(self, actual: Actual, applying: Applying) -> None:
        """DeleteLogGroup, unless its tags say that it belongs to something else."""
        with expecting("ResourceNotFoundException"):
            tags = applying.clients.call(
                "logs", "ListTagsForResource", resourceArn=actual.outputs["arn"]
            ).get("tags", {})
            if are_ours(tags, applying.place):
                applying.clients.call(
                    "logs", "DeleteLogGroup", logGroupName=actual.resource.key.name
                )


def _logged(reading: Reading) -> dict[str, Actual]:
    """The functions that were read, as far as they are ours, by their log groups."""
    found: dict[str, Actual] = {}
    for function in reading.existing("function"):
        settings = function.resource.fields.get("LoggingConfig")
        if function.ours and isinstance(settings, Mapping):
            found[str(settings.get("LogGroup"))] = function
    return found


def _left(reading: Reading, known: Collection[str]) -> list[dict[str, Any]]:
    """Groups that may be of functions that are gone: by their names, and by the index of tags."""
    place = reading.place
    prefix = "-".join(filter(None, (LOG_GROUPS + place.app, place.stage))) + "-"
    named = _listed(reading.clients, prefix)
    others = {*(indexed(reading) or ())} - {one["logGroupName"] for one in named}
    for name in sorted(others):
        named += [one for one in _listed(reading.clients, name) if one["logGroupName"] == name]
    return [one for one in named if one["logGroupName"] not in known]


def _actual(
    group: Mapping[str, Any],
    owner: str,
    function: Actual | None,
    tags: Mapping[str, str] | None,
    hidden: bool,
) -> Actual:
    """`tags` are the group's own; where those are `hidden`, its function's stand for them."""
    if hidden and function and owner and owner == function.resource.function:
        own_tags: Value = function.resource.fields.get("Tags")
    else:
        own_tags = tags
    known = own_tags is not None
    return Actual(
        Resource(
            Key("log_group", group["logGroupName"]),
            {"RetentionInDays": group.get("retentionInDays"), "Tags": own_tags if known else {}},
            needs=_needs(function),
            function=owner,
        ),
        outputs={"arn": group["arn"].removesuffix(":*")},
        unknown=frozenset() if known else frozenset({"Tags"}),
    )


def _whose(actual: Actual, wanted: Resource | None, place: Place) -> Actual:
    """With what its tags say: somebody else's group is refused, or left alone if it is named, or
    if it would go with a function."""
    tags = actual.resource.fields["Tags"]
    if "Tags" in actual.unknown or not isinstance(tags, Mapping) or are_ours(tags, place):
        return actual
    if wanted is None:
        alone = replace(actual.resource, needs=())
        return replace(actual, resource=alone, ours=False, owner=owner(tags))
    if not isinstance(wanted.payload, Named):
        is_free = not are_lclis(tags)
        return actual if is_free else replace(actual, ours=False, owner=owner(tags))
    kept, asked = (one.fields["RetentionInDays"] for one in (actual.resource, wanted))
    note = f"was not made for this app, so its retention stays {kept or 'unlimited'}"
    return replace(
        actual,
        unknown=frozenset({"Tags", "RetentionInDays"}),
        note="" if asked in (None, kept) else note,
    )


def _chosen(
    groups: Iterable[dict[str, Any]], logged: Mapping[str, Actual], wanted: Collection[str]
) -> list[dict[str, Any]]:
    """Of the groups that would go with their functions those that are not called after one."""
    lambdas = {LOG_GROUPS + one.resource.key.name for one in logged.values()}
    return [one for one in groups if one["logGroupName"] not in lambdas | {*wanted}]


def _needs(function: Actual | None) -> tuple[Key, ...]:
    """A group is deleted before its function, by which alone it is found again."""
    return (function.resource.key,) if function else ()


def _prefixes(names: Iterable[str]) -> list[str]:
    """One prefix for all names of a folder, so that the number of listings stays the same."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    return sorted(_common(min(together), max(together)) for together in folders.values())


def _common(first: str, last: str) -> str:
    """What two names begin with; of the first and the last of many, what all begin with."""
    length = next((i for i, (a, b) in enumerate(zip(first, last)) if a != b), None)  # noqa: B905
    return first[:length] if length is not None else min(first, last, key=len)


def _listed(clients: Clients, prefix: str) -> list[dict[str, Any]]:
    pages = clients.pages("logs", "DescribeLogGroups", logGroupNamePrefix=prefix)
    return [group for page in pages for group in page["logGroups"]]


def _keep(wanted: Resource, clients: Clients) -> None:
    name, days = wanted.key.name, wanted.fields["RetentionInDays"]
    if days is None:
        clients.call("logs", "DeleteRetentionPolicy", logGroupName=name)
    else:
        clients.call("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=days)


KINDS = (LogGroup(),)
