"""Published versions: the one behind a function's alias, compared with what is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.resources import function_tags as tagging
from lcli.resources.alias_traffic import told, weights_of
from lcli.resources.compare import changes as compared
from lcli.resources.compare import is_partly_ignored
from lcli.resources.concurrency import provisioned_at
from lcli.resources.function_actual import Payload, code_identity, environment_paths
from lcli.resources.function_fields import (
    BESIDE,
    NOT_VERSIONED,
    SENT_UNSEEN,
    frozen,
    read_fields,
    source_key,
    unknown_fields,
)
from lcli.resources.function_state import (
    await_ready,
    changed_meanwhile,
    failure,
    get_function,
    is_settled,
)
from lcli.resources.function_update import PRECONDITION, SHA
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import Actual, Change, Key, Outputs, Reading, Ref, Resource, Value
from lcli.resources.naming import function_key, unqualified

LATEST = "$LATEST"


def version(function: Resource, needs: tuple[Key, ...] = ()) -> Resource:
    """The published version of a desired `function`: its versioned fields and its code.

    `needs` are the settings that a version takes along (`runtime_settings`).
    """
    return Resource(
        Key("version", function.key.name),
        {name: one for name, one in function.fields.items() if name not in NOT_VERSIONED},
        needs=(function.key, *needs),
        function=function.function,
        secret=function.secret,
        where=function.where,
        payload=function.payload,
        ignored=function.ignored,
    )


class Version(Kind):
    """What is published; when it differs a new one is made and the old one stays."""

    name = "version"
    title = "version"
    reads_after: ClassVar[tuple[str, ...]] = ("function",)
    keeps = True
    within = "function"
    comes_along = True
    fixed: ClassVar[frozenset[str]] = frozenset({"Version"})
    sent_unseen = SENT_UNSEEN

    def diff(self, wanted: Resource, actual: Actual) -> tuple[Change, ...]:
        """What differs, led by the number: nothing of a version ever changes."""
        return _numbered(wanted, actual, compared(wanted, actual))

    def unseen(self, wanted: Resource, actual: Actual) -> tuple[Change, ...]:
        """What is sent to $LATEST unseen, so that it is published too."""
        found = super().unseen(wanted, actual)
        return found if self.diff(wanted, actual) else _numbered(wanted, actual, found)

    def read(self, reading: Reading) -> Iterable[Actual]:
        """The versions behind the aliases: GetFunction with the alias as qualifier.

        Where the wanted alias does not exist, one that ``lcli:parts`` names is looked through, so
        that renaming an alias publishes nothing. Where a rollback holds the alias, or traffic is
        being shifted to another version, and $LATEST is published already, it is that version
        which a deploy goes on from.
        """
        functions = [one for one in reading.existing("function") if _is_versioned(reading, one)]
        aliases: dict[str, list[str]] = {}
        for alias in reading.wanted("alias"):
            name, alias_name = unqualified(alias.key.name)
            aliases.setdefault(name, []).append(alias_name)
        answers = reading.each(lambda one: _behind_alias(reading, one, aliases), functions)
        pairs = zip(functions, answers, strict=True)
        there = [(function, answer) for function, answer in pairs if answer is not None]
        yield from reading.each(lambda pair: _chosen(reading, *pair), there)

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """PublishVersion of exactly what was deployed, the wait until it is Active, old ones' end.

        AWS gives the last version again when nothing changed since. Raises LcliError when
        someone changed $LATEST meanwhile, or when the version fails (SnapStart, VPC).
        """
        name = wanted.key.name
        number = applying.output(function_key(name), "published")
        configuration = {} if number else _publish(wanted, applying)
        number = number or str(configuration["Version"])
        if not configuration or not _is_usable(configuration):
            configuration = await_ready(name, applying, qualifier=number)["Configuration"]
        crowded = _prune(wanted, number, applying)
        return {"number": number, "arn": configuration["FunctionArn"], "crowded": crowded}

    def delete(self, actual: Actual, applying: Applying) -> None:
        """Versions stay until they are pruned (`prune_versions`) or their function goes."""


def _numbered(wanted: Resource, actual: Actual, changes: tuple[Change, ...]) -> tuple[Change, ...]:
    number = Change("Version", actual.outputs["number"], Ref(wanted.key, "number"))
    return (number, *changes) if changes else ()


def _prune(wanted: Resource, number: str, applying: Applying) -> str:
    """Deletes versions beyond those that are kept; ``yes`` where too many stay.

    Before the alias moves, which is what a run is done by: one that is killed in between comes
    here again. What only the old alias still uses has to wait until it has moved.
    """
    keep = wanted.payload.keep_versions if isinstance(wanted.payload, Payload) else 0
    # Versions are numbered from 1, so version 7 has at most six others.
    if not keep or int(number) <= keep:
        return ""
    try:
        return "yes" if prune_versions(applying.clients, wanted.key.name, keep).too_many else ""
    except AwsError:
        return "yes"  # it is tried once more at the end, and told then


def _is_usable(configuration: Mapping[str, Any]) -> bool:
    """Whether the version can be used at once."""
    return is_settled(configuration) and failure(configuration) is None


def _is_versioned(reading: Reading, function: Actual) -> bool:
    wanted = Key("version", function.resource.key.name) in reading.desired
    return wanted or bool(tagging.qualifiers(function.outputs["parts"], "alias"))


def _behind_alias(
    reading: Reading, function: Actual, wanted: Mapping[str, list[str]]
) -> dict[str, Any] | None:
    """GetFunction's answer through the first alias that exists; `wanted` are those by function."""
    name = function.resource.key.name
    named = tagging.qualifiers(function.outputs["parts"], "alias")
    for alias in dict.fromkeys((*wanted.get(name, ()), *named)):
        answer = get_function(reading.clients, name, alias)
        if answer is not None:
            return answer | {"Alias": alias}
    return None


def _chosen(reading: Reading, function: Actual, answer: Mapping[str, Any]) -> Actual:
    """The version behind the alias, or the newer one that it was taken back from or moves to."""
    name, behind = function.resource.key.name, answer["Configuration"]["Version"]
    wanted = reading.desired.get(Key("version", name))
    actual = _actual(function, answer, wanted)
    if function.outputs["held_tag"] == behind:
        newest, weights = published(reading.clients, name)[0]["Version"], {}
    elif _is_latest(function, actual):
        return actual
    else:
        alias = {"FunctionName": name, "Name": answer["Alias"]}
        weights = weights_of(reading.clients.call("lambda", "GetAlias", **alias))
        newest = max(weights, key=int, default=behind)
    actual = replace(actual, outputs={**actual.outputs, "weights": told(weights)})
    found = get_function(reading.clients, name, newest) if newest != behind else None
    if found is None:
        return actual
    newer = _actual(function, found | {"Alias": answer["Alias"], "Behind": behind}, wanted)
    newer = replace(newer, outputs={**newer.outputs, "weights": told(weights)})
    return newer if _is_latest(function, newer) else actual


def _is_latest(function: Actual, version: Actual) -> bool:
    """Whether a version is what $LATEST is."""
    latest = function.resource.fields
    same = version.outputs["code_sha256"] == function.outputs["code_sha256"]
    return same and all(
        latest.get(field) == one
        for field, one in version.resource.fields.items()
        if field not in BESIDE
    )


def _actual(function: Actual, answer: Mapping[str, Any], wanted: Resource | None) -> Actual:
    configuration = answer["Configuration"]
    name = function.resource.key.name
    fields = read_fields(configuration, wanted.fields if wanted else {}) | source_key(answer)
    fields = {field: one for field, one in fields.items() if field not in NOT_VERSIONED}
    fields["Code"] = code_identity(answer, {tagging.CODE: function.outputs["code_tag"]}, wanted)
    return Actual(
        Resource(
            Key("version", name),
            fields,
            needs=(function.resource.key,),
            function=function.resource.function,
            secret=environment_paths(fields),
        ),
        outputs={
            "number": configuration["Version"],
            "arn": configuration["FunctionArn"],
            "alias": answer["Alias"],
            "behind": answer.get("Behind", configuration["Version"]),
            "code_sha256": configuration.get(SHA, ""),
        },
        ours=function.ours,
        owner=function.owner,
        unknown=unknown_fields(configuration),
    )


def _publish(wanted: Resource, applying: Applying) -> dict[str, Any]:
    key = function_key(wanted.key.name)
    sha = applying.output(key, "code_sha256")
    with expecting(PRECONDITION):
        return _call(wanted, applying, sha, applying.output(key, "revision"))
    # Other writes (tags, a policy) may move the id without changing what is published.
    applying.say("reading the function again before it is published")
    configuration = await_ready(wanted.key.name, applying)["Configuration"]
    seen: dict[str, Value] = {**read_fields(configuration, wanted.fields), SHA: configuration[SHA]}
    sent = {
        name: frozen(applying.settle(one))
        for name, one in wanted.fields.items()
        if name not in BESIDE
    } | {SHA: sha}
    hidden = unknown_fields(configuration)
    foreign = [
        name
        for name, value in sent.items()
        if seen.get(name) != value
        and name not in hidden
        and not is_partly_ignored(name, wanted.ignored)
    ]
    if foreign:
        raise changed_meanwhile(configuration["FunctionArn"], foreign)
    return _call(wanted, applying, sha, configuration["RevisionId"])


def _call(wanted: Resource, applying: Applying, sha: str, revision: str) -> dict[str, Any]:
    applying.say("publishing a version")
    return applying.clients.call(
        "lambda",
        "PublishVersion",
        FunctionName=wanted.key.name,
        CodeSha256=sha,
        RevisionId=revision,
    )


def published(clients: Clients, name: str) -> list[dict[str, Any]]:
    """The configurations of a function's published versions, the newest first. Raises AwsError."""
    return sorted(
        (
            one
            for page in clients.pages("lambda", "ListVersionsByFunction", FunctionName=name)
            for one in page["Versions"]
            if one["Version"] != LATEST
        ),
        key=lambda one: int(one["Version"]),
        reverse=True,
    )


@dataclass(frozen=True, slots=True)
class Pruned:
    """What became of a function's old versions."""

    gone: tuple[str, ...] = ()
    """The numbers of those that were deleted."""
    too_many: bool = False
    """Whether more stay than should, because they are in use."""


def prune_versions(
    clients: Clients, name: str, keep: int, told: Callable[[str], object] = lambda number: None
) -> Pruned:
    """Delete all but the newest `keep` versions; `told` is told of each that is gone.

    Never one that an alias, a traffic weight or provisioned concurrency uses, so more may stay.
    Raises AwsError.
    """
    numbers = [one["Version"] for one in published(clients, name)]
    if len(numbers) <= keep:
        return Pruned()
    used = _in_use(clients, name)
    gone = [number for number in numbers[keep:] if number not in used]
    for number in gone:
        clients.call("lambda", "DeleteFunction", FunctionName=name, Qualifier=number)
        told(number)
    return Pruned(tuple(gone), len(numbers) - len(gone) > keep)


def _in_use(clients: Clients, name: str) -> set[str]:
    used: set[str] = set()
    for page in clients.pages("lambda", "ListAliases", FunctionName=name):
        for alias in page["Aliases"]:
            used |= {alias["FunctionVersion"], *weights_of(alias)}
    return used | provisioned_at(clients, name).keys()


KINDS = (Version(),)
