"""Whose credentials these are, and the guard against a wrong account."""

from __future__ import annotations

from dataclasses import dataclass

from lcli.aws.clients import Clients
from lcli.errors import ExitCode, LcliError, Problem


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose credentials these are."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn``, ``aws-us-gov``."""
        return self.arn.split(":")[1]


def identity(clients: Clients) -> Caller:
    """Account and partition of the credentials, by GetCallerIdentity. Raises AwsError."""
    answer = clients.call("sts", "GetCallerIdentity")
    return Caller(str(answer["Account"]), str(answer["Arn"]))


def guard(caller: Caller, account: str, where: str = "") -> None:
    """Refuses any account but the manifest's `account:`; before every other call."""
    if account and caller.account != account:
        problem = Problem(
            "wrong-account",
            f"these credentials are of account {caller.account}, the manifest says {account}",
            where,
            "choose another --profile or --stage; nothing was touched",
        )
        raise LcliError(problem, ExitCode.USAGE)
