"""What is said of a call that brought no answer, or a refusal: whether the function may have run.

A call is sent once (`lcli.invoke.call`), so its reader must know what it did before it is repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lcli.aws import texts
from lcli.aws.clients import AwsError
from lcli.aws.translate import ENDS_ALL, NEVER_RAN, kebab
from lcli.errors import LcliError, Problem
from lcli.invoke.call import Mode, Target


@dataclass(frozen=True, slots=True)
class _Call:
    """What was asked, and how its reader names the function."""

    target: Target
    mode: Mode
    name: str


def refused(
    error: AwsError, target: Target, mode: Mode = Mode.SYNC, key: str = ""
) -> AwsError | LcliError:
    """What Invoke was answered, with a next step; `error` itself where it needs no other words.

    `key` is what the reader calls the function; its AWS name when left out.
    """
    if error.operation.startswith("Invoke"):
        call = _Call(target, mode, key or target.name)
        for fits, tell in _STORIES:
            if fits(error):
                return LcliError(tell(error, call))
    return error


def _lost(error: AwsError, call: _Call) -> Problem:
    meant, next_step = (
        "the function may have run, or still run; it is not called again",
        (
            f"`lcli logs {call.name} --since 15m` shows whether it did; "
            "call it again if that does no harm"
        ),
    )
    if call.mode is Mode.DRY_RUN:
        meant, next_step = "nothing ran, as --dry-run runs nothing", "run the same command again"
    elif call.target.execution:
        meant = "the execution may have started; nothing is sent again"
        next_step = "run the same command again: the same name and payload are the same execution"
    elif call.mode is Mode.ASYNC:
        meant = "the event may have been queued, and the function run; it is not sent again"
    return Problem("no-answer", f"{error.message.rstrip('.')}: {meant}", "", next_step)


def _throttled(error: AwsError, call: _Call) -> Problem:
    return Problem(
        "throttled",
        f"Lambda did not run the function, as too many run already: {error.message}",
        "",
        "call it again later; see its reserved concurrency and the account's",
    )


def _tenant(error: AwsError, call: _Call) -> Problem:
    expected = texts.TENANT_MISSING.found(error)
    next_step = "name the tenant: --tenant ID" if expected else "leave --tenant out"
    return Problem("tenant", error.message, "", next_step)


def _of_that_name(error: AwsError, call: _Call) -> Problem:
    return Problem(
        "execution-exists",
        f"{call.name} has an execution of that name with another payload",
        "",
        "take another --execution-name, or send the same payload; "
        f"`lcli executions list {call.name}` shows them",
    )


def _unqualified(error: AwsError, call: _Call) -> Problem:
    return Problem(
        "durable-function",
        f"{call.name}: a durable function is invoked by a version or an alias",
        "",
        "add --qualifier live (or another alias, a version, '$LATEST')",
    )


def _too_long(error: AwsError, call: _Call) -> Problem:
    return Problem(
        "durable-function",
        f"{call.name}: its executions may take longer than the 15 minutes that a caller can wait",
        "",
        "add --async, and --wait to follow the execution to its end",
    )


_PASSES = frozenset(
    {
        "EC2ThrottledException",
        "EC2UnexpectedException",
        "EFSMountTimeoutException",
        "ENINotReadyException",
        "ResourceConflictException",
        "ResourceNotReadyException",
        "S3FilesMountTimeoutException",
        "SnapStartNotReadyException",
    }
)
"""Refusals for which nobody has to mend anything."""
_BEFORE = frozenset({400, 402, 408, 409, 413, 415})
"""Statuses with which Invoke refuses before the function runs (Invoke, API reference, Errors)."""


def _not_run(error: AwsError, call: _Call) -> Problem:
    mend = "correct what the message names, then call it again"
    return Problem(
        kebab(error.code),
        f"Lambda did not run the function: {error.message}",
        "",
        "call it again in a while" if error.code in _PASSES else mend,
    )


_STORIES: tuple[tuple[Callable[[AwsError], object], Callable[[AwsError, _Call], Problem]], ...] = (
    (lambda error: error.lost, _lost),
    (lambda error: error.status == 429, _throttled),
    (lambda error: error.code == "DurableExecutionAlreadyStartedException", _of_that_name),
    (texts.UNQUALIFIED.found, _unqualified),
    (texts.NOT_IN_TIME.found, _too_long),
    (texts.TENANT.found, _tenant),
    (
        lambda error: (
            error.code not in ENDS_ALL
            and (error.status in _BEFORE or error.code in NEVER_RAN or "Mount" in error.code)
        ),
        _not_run,
    ),
)
"""The first that fits."""
