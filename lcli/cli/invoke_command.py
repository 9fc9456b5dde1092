"""lcli invoke: call a function once, or many times, and show what came of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from lcli.cli import invoke_options as options
from lcli.cli.exclusive import refuse_alone, refuse_together
from lcli.cli.names import Named, OneFunction, chosen
from lcli.cli.run import Run, usage
from lcli.errors import ExitCode

if TYPE_CHECKING:
    from lcli.cli.invoke_asked import Asked
    from lcli.invoke.call import Mode


def command(
    ctx: typer.Context,
    function: OneFunction,
    payload: options.Payload = None,
    asynchronous: options.Async = False,
    dry_run: options.DryRun = False,
    stream: options.Stream = False,
    tail: options.Tail = False,
    qualifier: options.Qualifier = None,
    raw: options.Raw = False,
    fail_on_error: options.FailOnError = True,
    each: options.Each = False,
    repeat: options.Repeat = None,
    parallel: options.Parallel = 10,
    event_name: options.Event = None,
    changes: options.Set = None,
    wait: options.Wait = False,
    tenant: options.Tenant = None,
    execution_name: options.ExecutionName = None,
    client_context: options.ClientContext = None,
) -> None:
    """Invoke a function; response on stdout, with --async the request id.

    Log and REPORT go to stderr. Exactly one request a call is sent, whatever the network does.
    Exit 4 if the function failed; --each goes on after errors and exits 4 at the end.
    """
    from lcli.cli.invoke_asked import Asked
    from lcli.cli.local_runtimes import check_runtime_of

    run: Run = ctx.obj
    run.go_on()
    _refuse_misuse(ctx, run, (qualifier, tenant, execution_name))
    mode = _mode(asynchronous, dry_run)
    if each or repeat:
        run.parallel = parallel
    named = _named(run, function, qualifier)
    event = b"" if each else _event(run, named, payload, event_name, changes, mode, raw=raw)
    if run.options.local and named.key:
        check_runtime_of(run, named.key)
    context = _context(client_context)
    asked = Asked(run, named, mode, event, raw, tenant or "", execution_name or "", context)
    if each or repeat:
        failed, unanswered = _many(asked, repeat, parallel)
    else:
        failed, unanswered = _once(asked, stream=stream, tail=tail, wait=wait), False
    if failed and fail_on_error:
        raise typer.Exit(ExitCode.FUNCTION_ERROR)
    if unanswered:
        raise typer.Exit(ExitCode.FAILED)


def _many(asked: Asked, repeat: int | None, parallel: int) -> tuple[bool, bool]:
    """Whether one of the calls failed, and whether one had no answer, or nobody has it.

    Of a table of latencies that is told apart; a list of results has each.
    """
    from lcli.cli.invoke_many import many

    count = many(asked, repeat, parallel=parallel)
    unanswered = count.unanswered > 0 or (not repeat and asked.run.unread)
    return count.failed > (count.unanswered if repeat else 0), unanswered


def _once(asked: Asked, *, stream: bool, tail: bool, wait: bool) -> bool:
    """Whether the one call failed."""
    from lcli.cli.invoke_once import once

    return once(asked, stream=stream, tail=tail, wait=wait)


def _event(
    run: Run,
    named: Named,
    payload: str | None,
    name: str | None,
    changes: list[str] | None,
    mode: Mode,
    *,
    raw: bool,
) -> bytes:
    """The payload as it is sent: given, or named; with --set's changes."""
    from lcli.invoke.payload import check_json, check_size, read_payload

    asynchronous = mode == "Event"
    event = read_payload(payload, sys.stdin.buffer, asynchronous=asynchronous, raw=raw)
    if name is not None:
        from lcli.cli.invoke_event import named_event

        event = named_event(run, named, name)
        check_json(event, name)
    if changes:
        from lcli.invoke.event import override

        event = override(event, changes)
    check_size(event, name or "--set", asynchronous=asynchronous)
    return event


def _context(given: str | None) -> bytes:
    from lcli.invoke.payload import read_context

    return read_context(given) if given is not None else b""


def _refuse_misuse(ctx: typer.Context, run: Run, names: Iterable[str | None]) -> None:
    refuse_together(ctx, run, _EXCLUSIVE)
    refuse_alone(ctx, run, _NEEDED)
    for name in names:
        # An empty variable of a shell is not meant to be $LATEST, or no tenant.
        if name is not None and not (name and name.isascii()):
            raise usage(
                "usage",
                f"{name!r} is no alias, tenant or execution name",
                "look where it comes from; to name none, leave the option out",
            )


def _mode(asynchronous: bool, dry_run: bool) -> Mode:
    from lcli.invoke.call import Mode

    return Mode.ASYNC if asynchronous else Mode.DRY_RUN if dry_run else Mode.SYNC


_NEEDED = (("--wait", "--async"), ("--parallel", "--each", "--repeat"))
"""The first makes sense with one of the others only."""
_EXCLUSIVE = (
    ("--async", "--dry-run", "--stream", "--repeat"),
    ("--dry-run", "--stream", "--each", "--repeat"),
    ("--tail", "--each", "--repeat"),
    ("--tail", "--async", "--dry-run"),
    ("--client-context", "--async"),
    ("--each", "--payload", "--event"),
    ("--each", "--set"),
    ("--each", "--wait"),
    ("--raw", "--set"),
    ("--stream", "-o json"),
    ("--execution-name", "--dry-run", "--stream", "--each"),
    ("--execution-name", "--repeat"),
)
"""Of each of these, at most one makes sense."""


def _named(run: Run, function: str, qualifier: str | None) -> Named:
    from dataclasses import replace

    named = chosen(run, function)
    run.session(named.region)  # refuses a wrong account before there is a call that may have run
    if qualifier is None:
        return named
    # Another version may have another architecture than the manifest says.
    return replace(named, qualifier=qualifier, architecture="")
