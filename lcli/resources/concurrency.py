"""Reserved and provisioned concurrency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lcli.aws.clients import Clients
from lcli.errors import LcliError, Problem
from lcli.resources.attached import Attached, attached
from lcli.resources.kind import Applying
from lcli.resources.model import Action, Actual, Key, Outputs, Reading, Resource, Value, Verb
from lcli.resources.naming import qualified

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


def provisioned_at(clients: Clients, name: str) -> set[str]:
    """Versions and aliases of a function that have provisioned concurrency. Raises AwsError."""
    return {
        one["FunctionArn"].rpartition(":")[2]
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
        before = action.actual.resource.fields.get(_RESERVED, 0) if action.actual else 0
        gone = action.verb is Verb.DELETE
        after = 0 if gone else action.resource.fields[_RESERVED]
        return int(str(after)) - int(str(before))


class ProvisionedConcurrency(Attached):
    """Environments that stand ready for an alias."""

    name = "provisioned_concurrency"
    title = "provisioned concurrency"
    of_alias = True
    get = "GetProvisionedConcurrencyConfig"
    put = "PutProvisionedConcurrencyConfig"
    remove = "DeleteProvisionedConcurrencyConfig"
    absent: ClassVar[frozenset[str]] = frozenset({"ProvisionedConcurrencyConfigNotFoundException"})

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


KINDS = (ReservedConcurrency(), ProvisionedConcurrency())
