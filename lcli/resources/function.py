"""Functions: configuration, code and tags of $LATEST."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from lcli.aws.clients import AwsError
from lcli.errors import LcliError, Problem
from lcli.resources import function_tags as tagging
from lcli.resources.code import Code
from lcli.resources.compare import changes as compared
from lcli.resources.compare import merged
from lcli.resources.function_actual import Payload, actual_function, environment_paths
from lcli.resources.function_fields import (
    BESIDE,
    CODE_FIELDS,
    SENT_UNSEEN,
    WAYS,
    Way,
    api_form,
    defaults,
    frozen,
    normal,
)
from lcli.resources.function_search import candidates, has_own_role
from lcli.resources.function_state import (
    GONE,
    await_ready,
    changed_meanwhile,
    get_function,
)
from lcli.resources.function_update import SHA, Update
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import (
    Action,
    Actual,
    Change,
    Key,
    Outputs,
    Place,
    Reading,
    Ref,
    Resource,
    Text,
    Value,
    Verb,
)
from lcli.resources.naming import function_key

__all__ = ["KINDS", "Function", "Payload", "function"]


def function(
    place: Place,
    key: str,
    name: str,
    *,
    role: str | Ref | Text,
    code: Code,
    settings: Mapping[str, Value],
    api: Mapping[str, Value] | None = None,
    tags: Mapping[str, str] | None = None,
    parts: Iterable[str] = (),
    publish: bool = False,
    keep_versions: int = 0,
    ignored: Iterable[str] = (),
    needs: tuple[Key, ...] = (),
    where: str = "",
) -> Resource:
    """The function `name`, `key` in the manifest.

    `settings` are by API name and in the API's shape (``EphemeralStorage: {"Size": 512}``), but
    `Environment`, which is the variables alone; None or absent means AWS's default. `api` adds
    CreateFunction parameters without a short name (those that change by a call of their own are
    `runtime_settings.runtime_settings`'; of its Code only SourceKMSKeyArn counts). `parts` are
    `function_tags.part_names` of all that is attached to it; of its versions `keep_versions` stay,
    0 for all. `ignored` paths belong to somebody else; the environment is always secret.
    """
    given = {field: value for field, value in settings.items() if value is not None}
    own_calls = {field for field in api or {} if WAYS.get(field) is Way.OWN_CALL}
    own_calls.add("Code")
    given |= {field: value for field, value in (api or {}).items() if field not in own_calls}
    given |= _members((api or {}).get("Code"))
    fields = defaults(name, code.package) | {
        field: normal(field, value, name) for field, value in given.items()
    }
    fields |= {
        "Code": code.digest,
        "PackageType": code.package,
        "Role": role,
        "Tags": tagging.own(place, key, tags or {}),
    }
    return Resource(
        function_key(name),
        fields,
        needs=needs,
        function=key,
        secret=environment_paths(fields),
        where=where,
        payload=Payload(code, tagging.parts_value(parts), publish, keep_versions),
        ignored=frozenset(ignored),
    )


class Function(Kind):
    """A Lambda function's $LATEST: its configuration, its code and its tags."""

    name = "function"
    title = "function"
    missed = True
    fixed: ClassVar[frozenset[str]] = frozenset(
        field for field, way in WAYS.items() if way is Way.REPLACEMENT
    )
    derived = frozenset({"Code", "PackageType"})
    sent_unseen = SENT_UNSEEN

    def usual(self, wanted: Resource) -> Mapping[str, Value]:
        """AWS's defaults, and the role that lcli makes for it."""
        fields = defaults(wanted.key.name, str(wanted.fields["PackageType"]))
        made = any(key.kind == "role" for key in wanted.needs)
        return {**fields, "Role": wanted.fields["Role"]} if made else fields

    def read(self, reading: Reading) -> Iterable[Actual]:
        """The desired functions, and when all are read, ours that left the manifest.

        One GetFunction each. Of others' functions those that run with a role of this app's, which
        has to stay for them, and those whose tags AWS hides: they may be ours. One that is taken
        over counts as ours, so that what its ``lcli:parts`` names does: just as when a run is
        killed after it has written the tags. Raises LcliError where the tags of a desired one are
        hidden.
        """
        wanted = {one.key.name: one for one in reading.wanted("function")}
        names = list(wanted)
        if reading.functions is None:
            names += [name for name in candidates(reading) if name not in wanted]
        answers = reading.each(lambda name: get_function(reading.clients, name), names)
        for name, answer in zip(names, answers, strict=True):
            if answer is None:
                continue
            actual = actual_function(answer, wanted.get(name), reading.place)
            may_be_ours = actual.ours or actual.outputs["hidden"]
            if name in wanted:
                yield _of_manifest(actual, wanted[name], reading)
            elif may_be_ours or has_own_role(answer["Configuration"], reading.place):
                yield actual

    def diff(self, wanted: Resource, actual: Actual) -> tuple[Change, ...]:
        """Field by field; what failed at its creation has to be made anew."""
        if actual.outputs.get("state") == "Failed":
            return (Change("State", "Failed", "Active"),)
        return compared(wanted, actual)

    def is_fixed(self, change: Change) -> bool:
        """Also for a function that is to become durable, which only a new one can be."""
        return super().is_fixed(change) or (
            change.path == "DurableConfig" and change.before is None
        )

    def reserves(self, action: Action) -> int:
        """What it has reserved goes with a function that is deleted, also to be made anew."""
        goes = action.verb in (Verb.DELETE, Verb.REPLACE)
        return -int(action.actual.outputs["reserved"] or 0) if goes and action.actual else 0

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """CreateFunction with all tags; one that is there already is taken if this call made it.

        Raises LcliError when a function of that name is somebody else's, was made by another
        deploy since the plan, or failed.
        """
        payload = _payload(wanted)
        parameters = _creation(wanted, payload, applying)
        try:
            answer = applying.clients.call("lambda", "CreateFunction", **parameters)
        except AwsError as error:
            if error.code != "ResourceConflictException" and not error.lost:
                raise
            return self._go_on(wanted, applying, error)
        made = await_ready(wanted.key.name, applying)
        if not payload.code.code_sha256 and payload.code.package == "Zip":
            _tag(applying, answer["FunctionArn"], _code_tag(payload.code, answer[SHA]))
        actual = actual_function(made, wanted, applying.place)
        published = answer["Version"] if payload.publish else ""
        return {**actual.outputs, "published": published}

    def _go_on(self, wanted: Resource, applying: Applying, error: AwsError) -> Outputs:
        """An earlier answer was lost, or someone made one of that name since the plan."""
        found = get_function(applying.clients, wanted.key.name)
        if found is None:
            raise error
        actual = actual_function(found, wanted, applying.place)
        if not actual.ours:
            raise LcliError(
                Problem(
                    "not-ours",
                    f"function {wanted.key.name} exists already and belongs to {actual.owner}",
                    where=wanted.where or actual.outputs["arn"],
                    next_step="choose another name, or take it over with "
                    f"`lcli deploy --adopt {wanted.function}`",
                )
            ) from error
        settled = {name: frozen(applying.settle(one)) for name, one in wanted.fields.items()}
        changes = self.diff(replace(wanted, fields=settled), actual)
        # Only AWS can tell the CodeSha256 of such code, so the tag that names it is yet to come.
        code = _payload(wanted).code
        untold = {"Code"} if code.package == "Zip" and not code.code_sha256 else set()
        fields = {change.path.partition(".")[0] for change in changes} - {"State"} - untold
        if fields:
            raise changed_meanwhile(actual.outputs["arn"], fields) from error
        if any(change.path == "Code" for change in changes):
            return self.update(wanted, actual, changes, applying)
        made = await_ready(wanted.key.name, applying)
        return actual_function(made, wanted, applying.place).outputs

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """Tags, then the configuration, then the code.

        The tag ``lcli:code`` is written before the code that it tells of: a run that is killed
        in between leaves a tag that fits no code, so that the next run sends the code again.
        """
        fields = {change.path.partition(".")[0] for change in changes}
        code = _payload(wanted).code
        sends_code = bool(fields & CODE_FIELDS)
        known = {
            name: value
            for name, value in actual.resource.fields.items()
            if name not in BESIDE | {"Tags"} and name not in actual.unknown
        }
        step = Update(
            wanted, applying, known | {SHA: actual.outputs["code_sha256"]}, actual.revision
        )
        if self._retag(wanted, actual, sends_code, applying):
            step.revision = ""
        if configuration := sorted(f for f in fields if _is_configuration(f)):
            sent = {f: applying.settle(merged(wanted, actual, f)) for f in configuration}
            applying.say("updating the configuration")
            step.send(
                "UpdateFunctionConfiguration",
                {f: normal(f, value, wanted.key.name) for f, value in sent.items()},
                **{f: api_form(f, value) for f, value in sent.items()},
            )
        if sends_code:
            self._send_code(step, code, drops_key="SourceKMSKeyArn" in fields)
        return actual_function(step.settled(), wanted, applying.place).outputs

    def _retag(
        self, wanted: Resource, actual: Actual, sends_code: bool, applying: Applying
    ) -> bool:
        """Whether tags were written. Other people's tags are not among those compared."""
        before = _members(actual.resource.fields.get("Tags"))
        after = _members(merged(wanted, actual, "Tags"))
        put = {name: str(value) for name, value in after.items() if before.get(name) != value}
        code = _payload(wanted).code
        if sends_code and code.code_sha256:
            put |= _code_tag(code, code.code_sha256)
        arn = actual.outputs["arn"]
        if drop := tagging.dropped(before, after):
            applying.clients.call("lambda", "UntagResource", Resource=arn, TagKeys=drop)
        if put:
            _tag(applying, arn, put)
        return bool(put or drop)

    def _send_code(self, step: Update, code: Code, *, drops_key: bool) -> None:
        step.applying.say("sending the code")
        key = step.applying.settle(step.wanted.fields.get("SourceKMSKeyArn", ""))
        architectures = step.applying.settle(step.wanted.fields["Architectures"])
        step.send(
            "UpdateFunctionCode",
            {SHA: code.code_sha256 or None, "Architectures": frozen(architectures)},
            Architectures=architectures,
            **code.parameters(),
            **({"SourceKMSKeyArn": key} if key or drops_key else {}),
        )
        if not code.code_sha256 and code.package == "Zip":
            arn = step.applying.place.arn("lambda", f"function:{step.wanted.key.name}")
            _tag(step.applying, arn, _code_tag(code, str(step.holds[SHA])))

    def delete(self, actual: Actual, applying: Applying) -> None:
        """DeleteFunction, which takes versions, aliases, policy and URL along."""
        name = actual.resource.key.name
        try:
            answer = applying.clients.call("lambda", "DeleteFunction", FunctionName=name)
        except AwsError as error:
            if error.code != GONE:
                raise
            return
        if answer.get("StatusCode") == 202:  # "Deleting": DeleteFunction, API reference
            applying.poll(
                lambda: True if get_function(applying.clients, name) is None else None,
                f"waiting for {name} to be gone",
                300,
            )


def _of_manifest(actual: Actual, wanted: Resource, reading: Reading) -> Actual:
    """The same, belonging to the function that desires it, whatever its tag says."""
    key = wanted.function or actual.resource.function
    own = replace(actual, resource=replace(actual.resource, function=key))
    if actual.ours or key not in reading.adopt:
        return own
    return replace(own, ours=True, adopted=True)


def _members(value: Value) -> Mapping[str, Value]:
    return value if isinstance(value, Mapping) else {}


def _payload(wanted: Resource) -> Payload:
    if not isinstance(wanted.payload, Payload):
        raise TypeError(f"{wanted.key} has no code")
    return wanted.payload


def _is_configuration(field: str) -> bool:
    return field != "Tags" and WAYS.get(field, Way.CONFIGURATION) is Way.CONFIGURATION


def _creation(wanted: Resource, payload: Payload, applying: Applying) -> dict[str, Any]:
    """CreateFunction's parameters; what has AWS's default is left out."""
    name = wanted.key.name
    plain = defaults(name, payload.code.package)
    given = {
        field: api_form(field, applying.settle(value))
        for field, value in wanted.fields.items()
        if field not in BESIDE | {"Tags"} and plain.get(field) != value
    }
    key = applying.settle(wanted.fields.get("SourceKMSKeyArn", ""))
    tags = {str(key): str(value) for key, value in _members(wanted.fields["Tags"]).items()}
    if payload.parts:
        tags[tagging.PARTS] = payload.parts
    if payload.code.code_sha256:
        tags |= _code_tag(payload.code, payload.code.code_sha256)
    publish = {"Publish": True} if payload.publish else {}
    return {
        "FunctionName": name,
        "Code": payload.code.parameters() | ({"SourceKMSKeyArn": key} if key else {}),
        "Tags": tags,
        **given,
        **publish,
    }


def _code_tag(code: Code, sha: str) -> dict[str, str]:
    return {tagging.CODE: f"{code.digest}:{sha}"}


def _tag(applying: Applying, arn: str, tags: Mapping[str, str]) -> None:
    applying.clients.call("lambda", "TagResource", Resource=arn, Tags=dict(tags))


KINDS = (Function(),)
