"""Which roles this run has changed: IAM takes its time to tell the other services of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lcli.aws.operations import Again, again

_NAMES_A_ROLE = frozenset({"Role", "RoleName", "Principal"})
"""Parameters that hold a role's name or its ARN, in IAM's operations and in Lambda's."""


class Spreading:
    """The changed roles by name, and the roles that functions had when they were last seen."""

    def __init__(self) -> None:
        self._changed: set[str] = set()
        self._of: dict[str, str] = {}

    def note(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        answer: Mapping[str, Any],
    ) -> None:
        """Take in a call that succeeded."""
        if service == "iam" and again(service, operation) is not Again.READS:
            self._changed.add(str(parameters.get("RoleName", "")))
        configuration = answer.get("Configuration", answer)
        if service == "lambda" and isinstance(configuration, Mapping) and "Role" in configuration:
            self._of[str(configuration["FunctionName"])] = str(configuration["Role"])

    def concerns(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a call is about a changed role: one that it names, or that of its function."""
        named = {_name(parameters[one]) for one in _NAMES_A_ROLE & parameters.keys()}
        named.add(_name(self._function_role(parameters)))
        return not self._changed.isdisjoint(named)

    def role(self, parameters: Mapping[str, Any]) -> str:
        """The execution role that a call is about: the one that it gives its function, else the
        ARN of the one that its function has; empty where that is not known."""
        return str(parameters.get("Role") or self._function_role(parameters))

    def _function_role(self, parameters: Mapping[str, Any]) -> str:
        function = str(parameters.get("FunctionName", ""))
        # A name or an ARN, with or without a qualifier.
        return self._of.get(function.rpartition("function:")[2].partition(":")[0], "")


def _name(role: object) -> str:
    return str(role).rpartition("/")[2]
