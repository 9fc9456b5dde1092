"""lcli invoke: call a function once, or many times, and show what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import typer

from lcli.cli import invoke_options as options
from lcli.cli.names import Named, OneFunction, find
from lcli.cli.run import Run, usage
from lcli.errors import ExitCode

if TYPE_CHECKING:
    from lcli.invoke.call import Mode, Response


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
) -> None:
    """Invoke a function; response on stdout.

    Log and REPORT go to stderr. Exactly one request a call is sent, whatever the network does.
    Exit 4 if the function failed; --each goes on after errors and exits 4 at the end.
    """
    from lcli.cli.local_runtimes import check_runtime_of

    run: Run = ctx.obj
    _refuse_pairs(ctx, run)
    if wait and not asynchronous:
        raise usage("usage", "--wait is for --async", "add --async; else every call is waited for")
    mode = _mode(asynchronous, dry_run)
    named = _named(run, function, qualifier)
    event = b"" if each else _event(run, named, payload, event_name, changes, mode, raw=raw)
    if run.options.local and named.key:
        check_runtime_of(run, named.key)
    if each or repeat:
        failed = _call_many(run, named, event, mode, repeat, parallel, raw=raw)
    else:
        call = partial(_call, run, named, event, mode, stream=stream, raw=raw)
        failed = _call_once(run, named, mode, call, tail=tail, wait=wait, raw=raw)
    if failed and fail_on_error:
        raise typer.Exit(ExitCode.FUNCTION_ERROR)


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


def _mode(asynchronous: bool, dry_run: bool) -> Mode:
    from lcli.invoke.call import Mode

    return Mode.ASYNC if asynchronous else Mode.DRY_RUN if dry_run else Mode.SYNC


_EXCLUSIVE = (
    ("--async", "--dry-run", "--stream", "--repeat"),
    ("--dry-run", "--stream", "--each", "--repeat"),
    ("--tail", "--each", "--repeat"),
    ("--each", "--payload", "--event"),
    ("--each", "--set"),
    ("--each", "--wait"),
    ("--raw", "--set"),
    ("--stream", "-o json"),
)
"""Of each of these, at most one makes sense."""


def _refuse_pairs(ctx: typer.Context, run: Run) -> None:
    given = {option.opts[-1]: ctx.params.get(option.name or "") for option in ctx.command.params}
    given["-o json"] = run.json
    for names in _EXCLUSIVE:
        both = [name for name in names if given.get(name)]
        if len(both) > 1:
            raise usage("usage", f"{both[0]} and {both[1]} exclude each other", "leave one out")


def _named(run: Run, function: str, qualifier: str | None) -> Named:
    from dataclasses import replace

    named = find(function, run.any_document)
    if qualifier is None:
        return named
    # Another version may have another architecture than the manifest says.
    return replace(named, qualifier=qualifier, architecture="")


def _call_many(
    run: Run,
    named: Named,
    event: bytes,
    mode: Mode,
    repeat: int | None,
    parallel: int,
    *,
    raw: bool,
) -> bool:
    """Whether any of the calls failed."""
    from lcli.cli.invoke_many import each_line, repeated

    run.parallel = parallel
    if repeat:
        return repeated(run, named, event, repeat, parallel=parallel) > 0
    return each_line(run, named, mode, parallel=parallel, raw=raw) > 0


def _call_once(
    run: Run,
    named: Named,
    mode: Mode,
    call: Callable[[], Response],
    *,
    tail: bool,
    wait: bool,
    raw: bool,
) -> bool:
    """Call, show what came of it and what was logged; whether it failed."""
    began = time.time()
    response = call()
    if tail and response.log:
        from lcli.cli.invoke_log import show_log

        show_log(run, named, response, began)
    _show(run, named, mode, response, raw=raw)
    if wait:
        from lcli.cli.invoke_log import wait_for_report

        return wait_for_report(run, named, response.request_id, began)
    return response.error is not None


def _call(run: Run, named: Named, event: bytes, mode: Mode, *, stream: bool, raw: bool) -> Response:
    from lcli.invoke.call import invoke

    session = run.session(named.region)
    if not stream:
        return invoke(session, named.name, event, qualifier=named.qualifier, mode=mode)
    from lcli.invoke.stream import invoke_stream
    from lcli.ui.response import writer

    write = writer(run.stdout, raw=raw)
    return invoke_stream(session, named.name, event, write, qualifier=named.qualifier)


def _show(run: Run, named: Named, mode: Mode, response: Response, *, raw: bool) -> None:
    from lcli.cli.invoke_cost import rate_of
    from lcli.ui.response import closing_line, document, note_error, print_payload

    if response.error:
        note_error(run.terminal, named.name, response.error)
    rate = rate_of(run, named)
    if run.json:
        run.print_json(document(response, rate))
    else:
        print_payload(run.stdout, response.payload, raw=raw)
        run.terminal.note(closing_line(named.name, mode, response, rate))
