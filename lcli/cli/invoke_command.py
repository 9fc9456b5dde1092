"""lcli invoke: call a function once, or many times, and show what came of it."""

from __future__ import annotations

import sys
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
) -> None:
    """Invoke a function; response on stdout.

    Log and REPORT go to stderr. Exactly one request a call is sent, whatever the network does.
    Exit 4 if the function failed; --each goes on after errors and exits 4 at the end.
    """
    from lcli.cli.local_runtimes import check_runtime_of
    from lcli.invoke.payload import read_payload

    run: Run = ctx.obj
    many = {"--each": each, "--repeat": repeat is not None}
    _refuse_pairs({"--async": asynchronous, "--dry-run": dry_run, "--stream": stream})
    _refuse_pairs({"--stream": stream, "-o json": run.json})
    for other in ({"--dry-run": dry_run}, {"--stream": stream}, {"--tail": tail}):
        _refuse_pairs(many | other)
    _refuse_pairs({"--each": each, "--payload": payload is not None})
    _refuse_pairs({"--repeat": repeat is not None, "--async": asynchronous})
    mode = _mode(asynchronous, dry_run)
    stdin = sys.stdin.buffer
    event = b"" if each else read_payload(payload, stdin, asynchronous=asynchronous, raw=raw)
    named = _named(run, function, qualifier)
    if run.options.local and named.key:
        check_runtime_of(run, named.key)
    if each or repeat:
        from lcli.cli.invoke_many import each_line, repeated

        run.parallel = parallel
        if repeat:
            failed = repeated(run, named, event, repeat, parallel=parallel)
        else:
            failed = each_line(run, named, mode, parallel=parallel, raw=raw)
    else:
        response = _call(run, named, event, mode, stream=stream, raw=raw)
        _show(run, named.name, mode, response, tail=tail, raw=raw)
        failed = int(response.error is not None)
    if failed and fail_on_error:
        raise typer.Exit(ExitCode.FUNCTION_ERROR)


def _mode(asynchronous: bool, dry_run: bool) -> Mode:
    from lcli.invoke.call import Mode

    return Mode.ASYNC if asynchronous else Mode.DRY_RUN if dry_run else Mode.SYNC


def _refuse_pairs(given: dict[str, bool]) -> None:
    """At most one of these options makes sense."""
    both = [name for name, on in given.items() if on]
    if len(both) > 1:
        raise usage("usage", f"{both[0]} and {both[1]} exclude each other", "leave one out")


def _named(run: Run, function: str, qualifier: str | None) -> Named:
    from dataclasses import replace

    named = find(function, run.any_document)
    return named if qualifier is None else replace(named, qualifier=qualifier)


def _call(run: Run, named: Named, event: bytes, mode: Mode, *, stream: bool, raw: bool) -> Response:
    from lcli.invoke.call import invoke

    session = run.session(named.region)
    if not stream:
        return invoke(session, named.name, event, qualifier=named.qualifier, mode=mode)
    from lcli.invoke.stream import invoke_stream
    from lcli.ui.response import writer

    write = writer(run.stdout, raw=raw)
    return invoke_stream(session, named.name, event, write, qualifier=named.qualifier)


def _show(run: Run, name: str, mode: Mode, response: Response, *, tail: bool, raw: bool) -> None:
    from lcli.ui.response import closing_line, document, note_error, print_payload

    if tail and response.log:
        run.terminal.note(response.log.rstrip("\n"))
    if response.error:
        note_error(run.terminal, name, response.error)
    if run.json:
        run.print_json(document(response))
    else:
        print_payload(run.stdout, response.payload, raw=raw)
        run.terminal.note(closing_line(name, mode, response))
