"""Aliases: the commit point of a deploy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from lcli.aws.clients import AwsError
from lcli.aws.expected import expecting
from lcli.errors import LcliError, Problem
from lcli.resources import function_tags as tagging
from lcli.resources.alias_traffic import told, weights_of
from lcli.resources.compare import changes as compared
from lcli.resources.function_state import GONE, changed_meanwhile, get_function
from lcli.resources.function_update import PRECONDITION
from lcli.resources.kind import Applying, Ask, Kind
from lcli.resources.model import Actual, Change, Key, Outputs, Reading, Ref, Resource
from lcli.resources.naming import PREFIX, function_key, qualified, unqualified
from lcli.resources.permission import policy_of


def alias(function: str, name: str, alias_name: str, where: str = "") -> Resource:
    """The alias of the AWS function `name` (`function` in the manifest): at its version."""
    version = Key("version", name)
    return Resource(
        Key("alias", qualified(name, alias_name)),
        {"FunctionVersion": Ref(version, "number")},
        needs=(function_key(name), Key("parts", name), version),
        function=function,
        where=where,
    )


class Alias(Kind):
    """A name for a version; what triggers a function invokes the alias."""

    name = "alias"
    title = "alias"
    reads_after: ClassVar[tuple[str, ...]] = ("function", "version")
    within = "function"
    comes_along = True
    derived = frozenset({"FunctionVersion"})

    def ahead(self, wanted: Resource) -> Ask:
        """GetFunction with the alias as qualifier, which tells of its version too."""
        name, alias_name = unqualified(wanted.key.name)
        return Ask("GetFunction", (("FunctionName", name), ("Qualifier", alias_name)))

    def read(self, reading: Reading) -> Iterable[Actual]:
        """The aliases that are wanted or that ``lcli:parts`` names.

        The wanted one comes of the same answer as its version, without a call of its own.
        """
        functions = {one.resource.key.name: one for one in reading.existing("function")}
        keys = [one.key for one in reading.wanted("alias")]
        for name, function in functions.items():
            named = tagging.qualifiers(function.outputs["parts"], "alias")
            keys += [Key("alias", qualified(name, one)) for one in named]
        present = [key for key in dict.fromkeys(keys) if unqualified(key.name)[0] in functions]
        numbers = reading.each(lambda key: _number(reading, key), present)
        for key, number in zip(present, numbers, strict=True):
            if number:
                version = reading.found.get(Key("version", unqualified(key.name)[0]))
                yield _actual(functions[unqualified(key.name)[0]], key, number, version)

    def diff(self, wanted: Resource, actual: Actual) -> tuple[Change, ...]:
        """None while traffic is being shifted to the version that is wanted."""
        if wanted.fields["FunctionVersion"] == actual.outputs["shifting_to"]:
            return ()
        return compared(wanted, actual)

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """CreateAlias; one that is there already must be at the version that is wanted.

        Raises LcliError where someone else made it since the plan: who makes it has the last word.
        """
        name, alias_name = unqualified(wanted.key.name)
        number = str(applying.settle(wanted.fields["FunctionVersion"]))
        try:
            answer = applying.clients.call(
                "lambda",
                "CreateAlias",
                FunctionName=name,
                Name=alias_name,
                FunctionVersion=number,
            )
        except AwsError as error:
            if error.code != "ResourceConflictException":
                raise
            answer = _get(applying, name, alias_name)
            if answer["FunctionVersion"] != number:
                raise _moved(answer) from error
        return {"arn": answer["AliasArn"], "number": number}

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """GetAlias, then UpdateAlias with its RevisionId.

        Ends a shift of traffic that is in flight, and takes a rollback's hold away. Raises
        LcliError when someone else moved the alias since the plan.
        """
        name, alias_name = unqualified(wanted.key.name)
        number = str(applying.settle(wanted.fields["FunctionVersion"]))
        now = _get(applying, name, alias_name)
        if now["FunctionVersion"] not in (number, actual.resource.fields["FunctionVersion"]):
            raise _moved(now)
        _move(applying, now, name, number)
        if actual.outputs.get("held_tag"):
            applying.clients.call(
                "lambda",
                "UntagResource",
                Resource=applying.place.arn("lambda", f"function:{name}"),
                TagKeys=[tagging.HELD],
            )
        return {"arn": now["AliasArn"], "number": number}

    def delete(self, actual: Actual, applying: Applying) -> None:
        """DeleteAlias, with its policy.

        One to which others have attached something is not planned to go (`leaving_aliases`); raises
        LcliError where they have added statements since.
        """
        name, alias_name = unqualified(actual.resource.key.name)
        policy = policy_of(applying.clients, actual.resource.key.name)
        sids = sorted(str(one.get("Sid", "")) for one in policy)
        if others := [sid for sid in sids if not sid.startswith(PREFIX)]:
            raise LcliError(
                Problem(
                    "alias-in-use",
                    f"the alias {actual.resource.key.name} has permissions that lcli did not make: "
                    f"{', '.join(others)}",
                    actual.outputs["arn"],
                    "run the same command again: it leaves the alias to them",
                )
            )
        with expecting(GONE):
            applying.clients.call("lambda", "DeleteAlias", FunctionName=name, Name=alias_name)


def _number(reading: Reading, key: Key) -> str:
    """The version that an existing alias points to; empty where there is no alias."""
    name, alias_name = unqualified(key.name)
    version = reading.found.get(Key("version", name))
    if version is not None and version.outputs["alias"] == alias_name:
        return version.outputs["behind"]
    if key in reading.desired:  # it was looked through first, and is not there
        return ""
    answer = get_function(reading.clients, name, alias_name)
    return str(answer["Configuration"]["Version"]) if answer else ""


def _actual(function: Actual, key: Key, number: str, version: Actual | None) -> Actual:
    name, alias_name = unqualified(key.name)
    held = function.outputs["held_tag"]
    through = version.outputs if version and version.outputs["alias"] == alias_name else {}
    weights = through.get("weights", "")
    notes = ["rolled back"] if held and held == number else []
    if weights:
        notes.append(f"a shift of traffic is in flight: {weights}, the rest to {number}")
    return Actual(
        Resource(
            key,
            {"FunctionVersion": number},
            needs=(function.resource.key, Key("parts", name)),
            function=function.resource.function,
        ),
        outputs={
            "number": number,
            "arn": f"{function.outputs['arn']}:{alias_name}",
            "held": held if held == number else "",
            "held_tag": held,
            "shifting_to": through["number"] if weights else "",
        },
        ours=function.ours and alias_name in tagging.qualifiers(function.outputs["parts"], "alias"),
        owner="" if function.ours else function.owner,
        note="; ".join(notes),
    )


def _get(applying: Applying, name: str, alias_name: str) -> dict[str, Any]:
    return applying.clients.call("lambda", "GetAlias", FunctionName=name, Name=alias_name)


def _moved(now: Mapping[str, Any]) -> LcliError:
    """The error for an alias that somebody else has moved, or made, since the plan."""
    function_arn = now["AliasArn"].rpartition(":")[0]
    return changed_meanwhile(function_arn, [f"alias {now['Name']}"])


def _move(applying: Applying, now: dict[str, Any], name: str, number: str) -> dict[str, Any]:
    """Point an alias at a version, guarded by its RevisionId."""
    routing: dict[str, Any] = {}
    if weights := weights_of(now):
        applying.say(f"ending the traffic shift of {now['Name']} ({told(weights)})")
        routing = {"RoutingConfig": {"AdditionalVersionWeights": {}}}
    applying.say(f"moving {now['Name']} {now['FunctionVersion']} → {number}")
    try:
        return applying.clients.call(
            "lambda",
            "UpdateAlias",
            FunctionName=name,
            Name=now["Name"],
            FunctionVersion=number,
            RevisionId=now["RevisionId"],
            **routing,
        )
    except AwsError as error:
        if error.code != PRECONDITION:
            raise
        seen = _get(applying, name, now["Name"])
        if seen["FunctionVersion"] == number:  # done already: its answer had been lost
            return seen
        raise LcliError(
            Problem(
                "changed-meanwhile",
                f"someone else changed the alias {now['Name']} of {name} at this moment",
                where=now["AliasArn"],
                next_step="run `lcli plan` to see what is there now, then deploy again",
            )
        ) from error


KINDS = (Alias(),)
