"""Reserved and provisioned concurrency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from lcli.aws.clients import Clients
from lcli.aws.expected import expecting
from lcli.errors import LcliError, Problem
from lcli.resources import function_tags as tagging
from lcli.resources.attached import Attached, attached
from lcli.resources.function_state import GONE
from lcli.resources.kind import Applying
from lcli.resources.leaving import leaving_aliases
from lcli.resources.model import Action, Actual, Key, Outputs, Reading, Resource, Value, Verb
from lcli.resources.naming import qualified, unqualified

_RESERVED = "ReservedConcurrentExecutions"
_PROVISIONED = "ProvisionedConcurrentExecutions"
_READY_SECONDS = 900.0


def reserved_concurrency(function: str, name: str, reserved: int, where: str = "") -> Resource:
    """At most, and always, `reserved` environments for the AWS function `name`; 0 stops it."""
    fields = {_RESERVED: reserved}
    key = Key("reserved_concurrency", name)
    return attached(key, fields, function=function, where=where)


def provisioned_concurrency(
    function: str, name: str, alias: str, provisioned: int, where: str = ""
) -> Resource:
    """`provisioned` environments of the alias's version, ready before they are needed."""
    fields = {_PROVISIONED: provisioned}
    key = Key("provisioned_concurrency", qualified(name, alias))
    return attached(key, fields, function=function, where=where)


def amount(resource: Resource) -> int:
    """What a resource of either kind reserves or provisions."""
    return int(str(next(iter(resource.fields.values()))))


def provisioned_at(clients: Clients, name: str) -> dict[str, dict[str, Any]]:
    """What is provisioned of a function, by version or alias, in AWS's form. Raises AwsError."""
    return {
        one["FunctionArn"].rpartition(":")[2]: one
        for page in clients.pages("lambda", "ListProvisionedConcurrencyConfigs", FunctionName=name)
        for one in page["ProvisionedConcurrencyConfigs"]
    }


class ReservedConcurrency(Attached):
    """A function's share of the account's concurrency."""

    name = "reserved_concurrency"
    title = "reserved concurrency"
    get = "GetFunctionConcurrency"
    put = "PutFunctionConcurrency"
    remove = "DeleteFunctionConcurrency"

    def read(self, reading: Reading) -> list[Actual]:
        """From the functions' answers, without a call."""
        found = []
        for function in reading.existing("function"):
            if reserved := function.outputs["reserved"]:
                key = Key(self.name, function.resource.key.name)
                fields = {_RESERVED: int(reserved)}
                found.append(self._actual(function, key, {}, fields))
        return [one for one in found if one.ours or one.resource.key in reading.desired]

    def fields(self, answer: Mapping[str, Any]) -> dict[str, Value] | None:
        """None reserved is an empty answer."""
        return {_RESERVED: answer[_RESERVED]} if _RESERVED in answer else None

    def reserves(self, action: Action) -> int:
        """The difference."""
        before = amount(action.actual.resource) if action.actual else 0
        return (0 if action.verb is Verb.DELETE else amount(action.resource)) - before


class ProvisionedConcurrency(Attached):
    """Environments that stand ready for an alias."""

    name = "provisioned_concurrency"
    title = "provisioned concurrency"
    get = "GetProvisionedConcurrencyConfig"
    put = "PutProvisionedConcurrencyConfig"
    remove = "DeleteProvisionedConcurrencyConfig"
    absent: ClassVar[frozenset[str]] = frozenset({"ProvisionedConcurrencyConfigNotFoundException"})

    def read(self, reading: Reading) -> Iterator[Actual]:
        """All that is provisioned of a function that may be concerned: one call each.

        What others have provisioned counts too, towards what the function reserves, and it keeps
        an alias that would go. Where a function goes, theirs goes with it.
        """
        functions = {one.resource.key.name: one for one in reading.existing("function")}
        concerned = self._concerned(reading, functions)
        answers = reading.each(lambda name: _configs(reading.clients, name), concerned)
        for name, configs in zip(concerned, answers, strict=True):
            for qualifier, one in configs.items():
                key = Key(self.name, qualified(name, qualifier))
                actual = self._actual(functions[name], key, one, self.fields(one))
                if actual.ours or Key("parts", name) in reading.desired:
                    yield actual

    def _concerned(self, reading: Reading, functions: Mapping[str, Actual]) -> list[str]:
        """Functions that have or want some, that lose an alias, or that reserve another number."""
        asked = {unqualified(one.key.name)[0] for one in reading.wanted(self.name)}
        asked |= {unqualified(alias)[0] for alias in leaving_aliases(reading)}
        reserved = {
            one.key.name: str(amount(one)) for one in reading.wanted(ReservedConcurrency.name)
        }
        return [
            name
            for name, one in functions.items()
            if name in asked
            or tagging.qualifiers(one.outputs["parts"], self.name)
            or reserved.get(name, one.outputs["reserved"]) != one.outputs["reserved"]
        ]

    def fields(self, answer: Mapping[str, Any]) -> dict[str, Value]:
        """What was asked for; one that failed is not there."""
        failed = answer.get("Status") == "FAILED"
        return {_PROVISIONED: 0 if failed else answer["RequestedProvisionedConcurrentExecutions"]}

    def note(self, answer: Mapping[str, Any]) -> str:
        """Why it failed."""
        failed = answer.get("Status") == "FAILED"
        return f"failed: {answer.get('StatusReason', 'no reason given')}" if failed else ""

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """PutProvisionedConcurrencyConfig, and the wait until all stand ready.

        Raises LcliError with AWS's reason when they fail.
        """
        super().create(wanted, applying)
        if applying.waits:
            applying.poll(
                lambda: self._ready(applying.clients, wanted),
                f"waiting for provisioned concurrency of {wanted.key.name}",
                _READY_SECONDS,
            )
        return {}

    def _ready(self, clients: Clients, wanted: Resource) -> bool | None:
        answer = self.answer(clients, wanted.key) or {}
        if answer.get("Status") == "FAILED":
            raise LcliError(
                Problem(
                    "provisioned-failed",
                    f"provisioned concurrency of {wanted.key.name} failed: "
                    f"{answer.get('StatusReason', 'AWS gives no reason')}",
                    where=wanted.where,
                    next_step="ask for less, or raise the account's concurrency, and deploy again",
                )
            )
        return True if answer.get("Status") == "READY" else None


def _configs(clients: Clients, name: str) -> dict[str, dict[str, Any]]:
    with expecting(GONE):
        return provisioned_at(clients, name)
    return {}


KINDS = (ReservedConcurrency(), ProvisionedConcurrency())
