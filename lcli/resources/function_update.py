"""One function's update, step by step, guarded by its RevisionId.

The RevisionId moves once more when an asynchronous update settles, so after each step: wait, read
again, compare every field with what was sent, go on with the new id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lcli.aws.clients import AwsError
from lcli.resources.function_fields import read_fields, unknown_fields
from lcli.resources.function_state import await_ready, changed_meanwhile, get_function
from lcli.resources.kind import Applying
from lcli.resources.model import Resource, Value

PRECONDITION = "PreconditionFailedException"
SHA = "CodeSha256"


@dataclass(slots=True)
class Update:
    """What the function holds by now, by our account, and the id that guards the next step."""

    wanted: Resource
    applying: Applying
    holds: dict[str, Value]
    """Fields, and CodeSha256; None where only AWS can tell."""
    revision: str
    """Empty: to be read first."""
    is_sent: bool = False
    """Whether this run has updated anything: before, a failed update is an earlier run's."""

    def send(self, operation: str, after: Mapping[str, Value], **parameters: Any) -> None:
        """One guarded call that makes the fields `after`, and the wait until it is through.

        Raises LcliError when someone else has changed the function since the plan, or when the
        update failed; AwsError for every other refusal.
        """
        if not self.revision:
            self.look()
        try:
            self._call(operation, parameters)
        except AwsError as error:
            if error.code != PRECONDITION:
                raise
            # Either someone moved the id, or an answer to this very call was lost.
            if not self._has(after, parameters):
                self.look()
                self._call(operation, parameters)
        self.is_sent = True
        self.holds |= after
        self.look()

    def settled(self) -> dict[str, Any]:
        """GetFunction's answer once nothing is under way; raises as `send` does."""
        return await_ready(self.wanted.key.name, self.applying, updated=self.is_sent)

    def look(self) -> None:
        """Wait for the function, and see that it holds what it should."""
        answer = self.settled()
        configuration = answer["Configuration"]
        seen = self._seen(configuration)
        strange = [name for name, value in self._known().items() if seen.get(name) != value]
        hidden = unknown_fields(configuration)
        if foreign := [name for name in strange if name not in hidden]:
            raise changed_meanwhile(configuration["FunctionArn"], foreign)
        self.holds[SHA] = configuration[SHA]
        self.revision = configuration["RevisionId"]

    def _has(self, after: Mapping[str, Value], parameters: Mapping[str, Any]) -> bool:
        """Whether the function holds what the call with these `parameters` makes of it."""
        answer = get_function(self.applying.clients, self.wanted.key.name)
        seen = self._seen(answer["Configuration"]) if answer else {}
        wanted = {**self._known(), **after}
        if not all(seen.get(name) == one for name, one in wanted.items() if one is not None):
            return False
        # What the code at an address comes to is told by AWS, and by a dry run alone.
        is_told = SHA not in after or after[SHA] is not None
        return is_told or seen[SHA] == self._dry_run(parameters)

    def _dry_run(self, parameters: Mapping[str, Any]) -> object:
        """The CodeSha256 that UpdateFunctionCode would make."""
        name, code = self.wanted.key.name, {"DryRun": True, **parameters}
        answer = self.applying.clients.call(
            "lambda", "UpdateFunctionCode", FunctionName=name, **code
        )
        return answer[SHA]

    def _known(self) -> dict[str, Value]:
        return {name: value for name, value in self.holds.items() if value is not None}

    def _seen(self, configuration: Mapping[str, Any]) -> dict[str, Value]:
        return read_fields(configuration, self.wanted.fields) | {SHA: configuration[SHA]}

    def _call(self, operation: str, parameters: Mapping[str, Any]) -> None:
        self.applying.clients.call(
            "lambda",
            operation,
            FunctionName=self.wanted.key.name,
            RevisionId=self.revision,
            **parameters,
        )
