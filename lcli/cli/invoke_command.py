"""lcli invoke: call a function once and show what came of it."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from lcli.cli.names import OneFunction, find
from lcli.cli.run import Run, usage
from lcli.errors import ExitCode


def command(
    ctx: typer.Context,
    function: OneFunction,
    payload: Annotated[
        str | None,
        typer.Option(
            "-p",
            "--payload",
            metavar="JSON|@FILE|-",
            help="The event: JSON, @FILE or - for standard input; none when left out.",
        ),
    ] = None,
    asynchronous: Annotated[
        bool, typer.Option("--async", help="Queue the event and do not wait for a result.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check permission and parameters; run nothing.")
    ] = False,
    tail: Annotated[
        bool, typer.Option("--tail", help="Show the end of the invocation's log on stderr.")
    ] = False,
    qualifier: Annotated[
        str | None,
        typer.Option("--qualifier", metavar="Q", help="Alias or version; else the manifest's."),
    ] = None,
) -> None:
    """Invoke a function once; response on stdout.

    Log and REPORT go to stderr. Exactly one request is sent, whatever the network does. Exit 4
    if the function failed.
    """
    from lcli.invoke.call import Mode, invoke
    from lcli.invoke.payload import read_payload

    run: Run = ctx.obj
    if asynchronous and dry_run:
        raise usage("usage", "--async and --dry-run exclude each other", "leave one out")
    mode = Mode.ASYNC if asynchronous else Mode.DRY_RUN if dry_run else Mode.SYNC
    event = read_payload(payload, sys.stdin.buffer, asynchronous=asynchronous)
    named = find(function, run.any_document)
    response = invoke(
        run.session(named.region),
        named.name,
        event,
        qualifier=named.qualifier if qualifier is None else qualifier,
        mode=mode,
    )
    _show(run, named.name, mode, response, tail=tail)
    if response.error:
        raise typer.Exit(ExitCode.FUNCTION_ERROR)


def _show(run: Run, name: str, mode: str, response: Any, *, tail: bool) -> None:
    note = run.terminal.note
    if tail and response.log:
        note(response.log.rstrip("\n"))
    if response.error:
        note(f"{name} failed: {response.error.type or 'error'}: {response.error.message}")
        for frame in response.error.stack:
            note(f"  {frame}")
    if run.json:
        run.print_json(_document(response))
    else:
        _print_payload(run, response.payload)
        note(_closing_line(name, mode, response))


def _print_payload(run: Run, payload: bytes) -> None:
    """The response alone: as it came into a pipe, pretty and made safe on a terminal."""
    if not payload:
        return
    if not run.stdout.isatty():
        run.stdout.flush()
        run.stdout.buffer.write(payload)
        run.stdout.buffer.flush()
        return
    from lcli.ui.neutral import neutralise

    try:
        text = json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except ValueError:
        text = payload.decode("utf-8", "backslashreplace")
    run.stdout.write(neutralise(text) + "\n")


def _closing_line(name: str, mode: str, response: Any) -> str:
    if mode == "Event":
        return f"{name}: queued as {response.request_id}"
    if mode == "DryRun":
        return f"{name}: would be invoked"
    version = f" version {response.version}" if response.version else ""
    report = f": {response.report}" if response.report else ""
    return f"{name}{version}{report}"


def _document(response: Any) -> dict[str, Any]:
    from dataclasses import asdict

    try:
        body: Any = json.loads(response.payload) if response.payload else None
    except ValueError:
        body = response.payload.decode("utf-8", "backslashreplace")
    return {
        "status": response.status,
        "request_id": response.request_id,
        "version": response.version,
        "response": body,
        "error": asdict(response.error) if response.error else None,
        "report": asdict(response.report) if response.report else None,
        "log": response.log,
    }
