"""lcli logs: what functions wrote, merged by time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from lcli.cli.names import Functions, find
from lcli.cli.run import Run, usage
from lcli.errors import ExitCode, LcliError, Problem

if TYPE_CHECKING:
    from lcli.observe.events import LogEvent, Source

COLORS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow")


def command(
    ctx: typer.Context,
    functions: Functions = None,
    follow: Annotated[
        bool, typer.Option("-F", "--follow", help="Go on printing what arrives until Ctrl-C.")
    ] = False,
    since: Annotated[
        str, typer.Option("--since", metavar="T", help="10m, 2h, 1d12h, yesterday 14:00, ISO 8601.")
    ] = "10m",
    until: Annotated[
        str | None, typer.Option("--until", metavar="T", help="As --since; now when left out.")
    ] = None,
    pattern: Annotated[
        str,
        typer.Option(
            "--filter", metavar="PATTERN", help="CloudWatch's filter pattern.", show_default=False
        ),
    ] = "",
) -> None:
    """Print the logs of functions, merged by time.

    --follow prints every event exactly once if it reaches CloudWatch within 15 minutes of its
    timestamp. With -o json each event is one line.
    """
    from lcli.observe.times import moment

    run: Run = ctx.obj
    now = datetime.now().astimezone()
    start = moment(since, now)
    end = moment(until, now) if until else None
    if follow and until:
        raise usage("usage", "--follow and --until exclude each other", "leave one out")
    sources = _sources(run, functions or [])
    write = _writer(run, sources)
    if follow:
        raise typer.Exit(_follow(run, sources, start, pattern, write))
    for event in _history(run, sources, start, end, pattern):
        write(event)


def _sources(run: Run, texts: list[str]) -> list[Source]:
    from lcli.observe.events import Source

    document = run.any_document
    known = {function.name: function for function in document.functions()} if document else {}
    if not texts and not known:
        raise usage("no-function", "no function is named", "name one, or run where lcli.yaml is")
    found = []
    for name in [find(text, document).name for text in texts] or known:
        own = known.get(name)
        group = own.log_group if own else f"/aws/lambda/{name}"
        found.append(Source(own.key if own else name, group))
    return found


def _history(
    run: Run, sources: list[Source], start: int, end: int | None, pattern: str
) -> list[LogEvent]:
    from lcli.aws.clients import AwsError
    from lcli.observe.events import scan

    found: list[LogEvent] = []
    for source in sources:
        try:
            found.extend(scan(run.session(), source, start, end, pattern))
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise LcliError(
                Problem(
                    "no-logs",
                    f"{source.function} has no log group: it never ran, or is not deployed",
                    source.group,
                    "invoke it first, or wait for its first event with --follow",
                )
            ) from error
    return sorted(found, key=lambda event: event.order)


def _follow(
    run: Run,
    sources: list[Source],
    start: int,
    pattern: str,
    write: Callable[[LogEvent], None],
) -> ExitCode:
    from lcli.observe.follow import Follower

    follower = Follower(run.session(), sources, start, pattern, notice=run.terminal.note)
    count = 0
    try:
        for event in _endless(follower.poll, follower.next_due):
            write(event)
            count += 1
    except KeyboardInterrupt:
        for event in follower.last_sweep():
            write(event)
            count += 1
        run.terminal.note(f"{count} event{'s' * (count != 1)}")
    return ExitCode.INTERRUPTED


def _endless(
    poll: Callable[[float], Iterable[LogEvent]], next_due: Callable[[], float]
) -> Iterator[LogEvent]:
    while True:
        yield from poll(time.monotonic())
        time.sleep(max(0.05, next_due() - time.monotonic()))


def _writer(run: Run, sources: list[Source]) -> Callable[[LogEvent], None]:
    if run.json:
        return lambda event: _write_json(run, event)
    width = max((len(source.function) for source in sources), default=0)
    colors = {s.function: COLORS[i % len(COLORS)] for i, s in enumerate(sources)}
    colored = run.stdout.isatty() and run.terminal.color

    def write(event: LogEvent) -> None:
        from lcli.ui.neutral import neutralise

        at = datetime.fromtimestamp(event.timestamp / 1000).astimezone()
        clock = at.strftime("%H:%M:%S.") + f"{at.microsecond // 1000:03}"
        name = event.function.ljust(width)
        message = event.message.rstrip("\n")
        if run.stdout.isatty():
            message = neutralise(message)
        if colored:
            clock = typer.style(clock, dim=True)
            name = typer.style(name, fg=colors[event.function])
        late = " (late)" if event.late else ""
        run.stdout.write(f"{clock} {name}{late} {message}\n")
        run.stdout.flush()

    return write


def _write_json(run: Run, event: LogEvent) -> None:
    document = {
        "eventId": event.id,
        "timestamp": datetime.fromtimestamp(event.timestamp / 1000, UTC).isoformat(),
        "ingestionTime": datetime.fromtimestamp(event.ingestion / 1000, UTC).isoformat(),
        "function": event.function,
        "group": event.group,
        "stream": event.stream,
        "message": event.message,
    }
    run.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    run.stdout.flush()
