"""Event source mappings: the queues and streams that Lambda polls for a function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.errors import LcliError, Problem
from lcli.resources import function_tags as tagging
from lcli.resources.compare import merged
from lcli.resources.function_state import GONE
from lcli.resources.kind import Applying, Kind
from lcli.resources.leaving import leaving_aliases
from lcli.resources.mapping_fields import (
    FIXED,
    defaults,
    kept_fields,
    normal,
    read_fields,
    source_of,
    unknown_fields,
)
from lcli.resources.model import Actual, Change, Key, Outputs, Place, Reading, Resource, Text, Value
from lcli.resources.naming import (
    attached_to,
    function_key,
    function_of,
    qualified,
    unqualified,
)

_SECONDS = 300.0
STEADY = frozenset({"Enabled", "Disabled"})


def event_source_mapping(
    place: Place,
    name: str,
    qualifier: str,
    source_arn: str | Text,
    *,
    settings: Mapping[str, Any],
    function: str,
    tags: Mapping[str, str] | None = None,
    needs: tuple[Key, ...] = (),
    where: str = "",
) -> Resource:
    """Lambda polls `source_arn` for the AWS function `name` or its alias.

    `settings` are CreateEventSourceMapping's other parameters in the API's shape; what is left
    out has AWS's default for that kind of source. `needs` are added to the function, its alias.
    Self-managed sources leave `source_arn` empty and give SelfManagedEventSource.
    """
    identity = {"EventSourceArn": source_arn} | dict(settings)
    fields = defaults(str(source_arn)) | {key: normal(key, one) for key, one in settings.items()}
    fields["FunctionName"] = place.arn("lambda", f"function:{qualified(name, qualifier)}")
    fields["Tags"] = tagging.own(place, function, tags or {})
    if source_arn:
        fields["EventSourceArn"] = source_arn
    return Resource(
        _key(name, source_of(identity)),
        fields,
        needs=tuple(dict.fromkeys((*attached_to(name, qualifier), *needs))),
        function=function,
        where=where,
    )


def _key(name: str, source: str) -> Key:
    return Key("event_source_mapping", f"{name}<-{source}")


class EventSourceMapping(Kind):
    """A poller; its alias can change in place, so it keeps its position in a stream."""

    name = "event_source_mapping"
    title = "event source mapping"
    missed = True
    searched = True
    source = "EventSourceArn"
    reads_after: ClassVar[tuple[str, ...]] = ("function",)
    fixed: ClassVar[frozenset[str]] = FIXED
    derived = frozenset({"EventSourceArn", "FunctionName", "Tags"})
    sent_unseen = frozenset({"FilterCriteria"})

    def identity(self, wanted: Resource, settle: Callable[[Value], object]) -> Key:
        """By its source, whose ARN may have been unknown when it was planned."""
        name = wanted.key.name.partition("<-")[0]
        fields = {field: settle(value) for field, value in wanted.fields.items()}
        return _key(name, source_of(fields))

    def usual(self, wanted: Resource) -> Mapping[str, Value]:
        """AWS's defaults for its kind of source."""
        return defaults(str(wanted.fields.get("EventSourceArn", "")))

    def read(self, reading: Reading) -> Iterable[Actual]:
        """One list of the account's mappings, where any is wanted or ``lcli:parts`` names some.

        Those that lcli made for a function are its own, also where their tags name the app that it
        was taken over from. Others' are left out, but for those that keep an alias that would go.
        Tags are asked for only of mappings that nothing wants, of functions that had none of
        ours so far, of functions whose own tags are about to change, and of those whose last
        deploy did not come to its end: the function's tags may have changed, its mapping's not.
        """
        functions = {one.resource.key.name: one for one in reading.existing("function")}
        named = {
            name
            for name, one in functions.items()
            if tagging.qualifiers(one.outputs["parts"], self.name)
        }
        wanted = {one.key: one for one in reading.wanted(self.name)}
        leaving = {Key("alias", one) for one in leaving_aliases(reading)}
        polled = named | {key.name.partition("<-")[0] for key in wanted}
        polled |= {unqualified(one.name)[0] for one in leaving}
        if self.name in reading.everywhere:
            yield from _orphans(reading, functions)
        if polled.isdisjoint(functions):
            return
        mappings = [
            one
            for page in reading.clients.pages("lambda", "ListEventSourceMappings")
            for one in page["EventSourceMappings"]
            if function_of(one["FunctionArn"])[0] in functions and one["State"] != "Deleting"
        ]
        asked = [one for one in mappings if self._ask_tags(one, functions, named, reading)]
        answers = reading.each(
            lambda one: reading.clients.call(
                "lambda", "ListTags", Resource=one["EventSourceMappingArn"]
            )["Tags"],
            asked,
        )
        tags = {one["UUID"]: found for one, found in zip(asked, answers, strict=True)}
        for one in mappings:
            actual = _actual(reading, one, functions, tags.get(one["UUID"]))
            if actual.resource.key in wanted or tagging.are_lclis(tags.get(one["UUID"], {})):
                yield actual
            elif not leaving.isdisjoint(actual.resource.needs):
                yield replace(actual, ours=False)

    def _ask_tags(
        self,
        mapping: Mapping[str, Any],
        functions: Mapping[str, Actual],
        named: set[str],
        reading: Reading,
    ) -> bool:
        name = function_of(mapping["FunctionArn"])[0]
        if _key(name, source_of(mapping)) not in reading.desired:
            return name in named
        function = reading.desired.get(function_key(name))
        before = functions[name].resource.fields["Tags"]
        wanted = function.fields.get("Tags", before) if function else None
        ended = bool(functions[name].outputs.get("digest"))
        return name not in named or wanted != before or not ended

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """CreateEventSourceMapping, and the wait until it polls (or stands still, if disabled).

        One of the same function and source is an earlier answer that was lost.
        """
        settings = {key: applying.settle(one) for key, one in wanted.fields.items()}
        given = {
            key: _sent(key, one) for key, one in settings.items() if one not in ({}, [], "", None)
        }
        try:
            answer = applying.clients.call("lambda", "CreateEventSourceMapping", **given)
        except AwsError as error:
            if error.code != "ResourceConflictException":
                raise
            answer = self._existing(wanted, applying, error)
        return _settled(answer["UUID"], applying, waits=applying.waits)

    def _existing(self, wanted: Resource, applying: Applying, error: AwsError) -> dict[str, Any]:
        source = applying.settle(wanted.fields.get("EventSourceArn"))
        which: dict[str, Any] = {"EventSourceArn": source} if source else {}
        key = self.identity(wanted, applying.settle)
        for page in applying.clients.pages("lambda", "ListEventSourceMappings", **which):
            for one in page["EventSourceMappings"]:
                if _key(function_of(one["FunctionArn"])[0], source_of(one)) == key:
                    _settled(one["UUID"], applying)
                    self._write(wanted, one["UUID"], wanted.fields, applying)
                    return dict(one)
        raise LcliError(
            Problem(
                "mapping-exists",
                f"AWS says that the mapping {key.name} exists: {error.message}",
                where=wanted.where,
                next_step="wait a minute for one that is being deleted, then deploy again",
            )
        ) from error

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """UpdateEventSourceMapping with what changed, the tags, and the wait."""
        fields = {change.path.partition(".")[0] for change in changes}
        uuid = actual.outputs["uuid"]
        sent = {field: merged(wanted, actual, field) for field in sorted(fields)}
        if "Tags" in sent:
            _retag(uuid, actual.resource.fields["Tags"], sent.pop("Tags"), applying)
        if sent:
            self._write(wanted, uuid, sent, applying)
        return _settled(uuid, applying, waits=applying.waits)

    def _write(
        self, wanted: Resource, uuid: str, fields: Mapping[str, Value], applying: Applying
    ) -> None:
        never = FIXED | {"Tags", "EventSourceArn"}
        # The function's name goes along for whoever has to know whose role a refusal is about.
        named = {"FunctionName": wanted.fields["FunctionName"]} | dict(fields)
        sent = {
            key: _sent(key, applying.settle(one)) for key, one in named.items() if key not in never
        }
        applying.say(f"updating the mapping of {wanted.key.name}")
        applying.clients.call("lambda", "UpdateEventSourceMapping", UUID=uuid, **sent)

    def delete(self, actual: Actual, applying: Applying) -> None:
        """DeleteEventSourceMapping, and the wait until it is gone."""
        uuid = actual.outputs["uuid"]
        try:
            applying.clients.call("lambda", "DeleteEventSourceMapping", UUID=uuid)
        except AwsError as error:
            if error.code != GONE:
                raise
            return
        applying.poll(
            lambda: True if _get(uuid, applying) is None else None,
            f"waiting for the mapping {actual.resource.key.name} to be gone",
            _SECONDS,
        )


def pollers(clients: Clients, source_arn: str) -> set[str]:
    """Names of the functions that Lambda polls a source for. Raises AwsError."""
    pages = clients.pages("lambda", "ListEventSourceMappings", EventSourceArn=source_arn)
    return {
        function_of(one["FunctionArn"])[0] for page in pages for one in page["EventSourceMappings"]
    }


def _orphans(reading: Reading, functions: Mapping[str, Actual]) -> Iterable[Actual]:
    """Ours of functions that are gone, of those named and of those with a name of the app's."""
    place = reading.place
    prefix = "-".join(filter(None, (place.app, place.stage))) + "-"
    named = {one.key.name for one in reading.wanted("function")}
    for page in reading.clients.pages("lambda", "ListEventSourceMappings"):
        for one in page["EventSourceMappings"]:
            name = function_of(one["FunctionArn"])[0]
            if name in functions or not (name in named or name.startswith(prefix)):
                continue
            tags = reading.clients.call(
                "lambda", "ListTags", Resource=one["EventSourceMappingArn"]
            )["Tags"]
            if tagging.are_ours(tags, place):
                key = _key(name, source_of(one))
                outputs = {"uuid": one["UUID"], "state": one["State"]}
                yield Actual(Resource(key, {}, function=tags.get("lcli:function", "")), outputs)


def _actual(
    reading: Reading,
    mapping: Mapping[str, Any],
    functions: Mapping[str, Actual],
    tags: Mapping[str, str] | None,
) -> Actual:
    arn = mapping["FunctionArn"]
    name, qualifier = function_of(arn)
    key = _key(name, source_of(mapping))
    function = functions[name]
    wanted = reading.desired.get(key)
    governed = wanted.fields if wanted else {}
    fields = read_fields(mapping, governed)
    if source := mapping.get("EventSourceArn"):
        fields["EventSourceArn"] = source
    unknown = unknown_fields(mapping)
    if tags is None:
        unknown |= {"Tags"}
    else:
        fields["Tags"] = tagging.governed(tags, governed.get("Tags"))
    alias = (Key("alias", qualified(name, qualifier)),) if qualifier else ()
    return Actual(
        Resource(
            key,
            fields,
            needs=(function_key(name), Key("parts", name), *alias),
            function=function.resource.function,
        ),
        outputs={"uuid": mapping["UUID"], "state": mapping["State"]},
        ours=function.ours,
        owner=function.owner,
        unknown=unknown,
        note=_note(mapping, governed if wanted else mapping),
    )


def _retag(uuid: str, before: Value, wanted: Value, applying: Applying) -> None:
    arn = applying.place.arn("lambda", f"event-source-mapping:{uuid}")
    tags = applying.settle(wanted)
    if gone := tagging.dropped(before, tags):
        applying.clients.call("lambda", "UntagResource", Resource=arn, TagKeys=gone)
    applying.clients.call("lambda", "TagResource", Resource=arn, Tags=tags)


def _note(mapping: Mapping[str, Any], governed: Mapping[str, Value]) -> str:
    """Why it does not poll, what it last met with, where AWS tells, and what it keeps."""
    notes = [
        f"it keeps {field}, which the manifest does not set and no call takes away"
        for field in kept_fields(mapping, governed)
    ]
    is_asked_for = governed.get("Enabled") is False
    if mapping["State"] in ("Disabled", "Disabling") and not is_asked_for:
        notes.append(f"{mapping['State'].lower()}: {mapping.get('StateTransitionReason', '')}")
    if str(mapping.get("LastProcessingResult", "")).startswith("PROBLEM"):
        notes.append(str(mapping["LastProcessingResult"]))
    if error := mapping.get("FilterCriteriaError"):
        notes.append(f"AWS does not show the filter: {error.get('Message', '')}")
    return "; ".join(notes)


def _sent(field: str, value: Any) -> Any:
    """A settled field as the API takes it."""
    if field == "FilterCriteria":
        return {"Filters": [{"Pattern": pattern} for pattern in value]}
    if field == "MetricsConfig":
        return value or {"Metrics": []}
    return value


def _get(uuid: str, applying: Applying) -> dict[str, Any] | None:
    with expecting(GONE):
        return applying.clients.call("lambda", "GetEventSourceMapping", UUID=uuid)
    return None


def _settled(uuid: str, applying: Applying, *, waits: bool = True) -> Outputs:
    """Wait until the mapping is enabled or disabled; without `waits`, how it is now."""

    def look() -> Outputs | None:
        seen = _get(uuid, applying)
        if seen is None:
            raise LcliError(
                Problem(
                    "mapping-gone",
                    f"the event source mapping {uuid} was deleted by someone else",
                    next_step="run the deploy again",
                )
            )
        enough = seen["State"] in STEADY or not waits
        return {"uuid": uuid, "state": seen["State"]} if enough else None

    return applying.poll(look, "waiting for the event source mapping", _SECONDS)


KINDS = (EventSourceMapping(),)
