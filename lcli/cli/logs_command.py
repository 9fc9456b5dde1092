"""lcli logs: what functions wrote, merged by time."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from lcli.cli import logs_options as option
from lcli.cli.exclusive import refuse_alone, refuse_together
from lcli.cli.names import Functions
from lcli.cli.run import Run, usage
from lcli.errors import LcliError

if TYPE_CHECKING:
    from lcli.cli.logs_bounds import Span
    from lcli.cli.logs_sources import Chosen
    from lcli.observe.filters import Predicate
    from lcli.ui.log_lines import Write


def command(
    ctx: typer.Context,
    functions: Functions = None,
    everything: option.All = False,
    follow: option.Follow = False,
    live: option.Live = False,
    since: option.Since = "10m",
    until: option.Until = None,
    pattern: option.Filter = "",
    grep: option.Grep = None,
    invert: option.Invert = False,
    level: option.Level = None,
    request: option.Request = None,
    errors: option.Errors = False,
    versions: option.Versions = None,
    alias: option.Alias = None,
    tail: option.Tail = None,
    limit: option.Limit = None,
    group: option.Group = False,
    insights: option.Insights = None,
    timestamps: option.Timestamps = True,
    utc: option.Utc = False,
    raw: option.Raw = False,
) -> None:
    """Print the logs of functions, merged by time.

    --follow prints every event exactly once if it reaches CloudWatch within 15 minutes of its
    timestamp. Events of several functions are held for 2.5 seconds to bring them into the order
    of time (of more than ten log groups for a quarter of a second each); one that comes behind
    newer ones all the same is marked (late). --live shows them sooner, but AWS samples above 500
    events a second. With -o json each event is one line.
    """
    run: Run = ctx.obj
    _refuse_misuse(ctx, run, request, alias)
    span = _span(since, until, pattern, utc)
    wanted = _wanted(grep, invert, level, request, errors)
    from lcli.cli.logs_sources import choose

    chosen = choose(run, functions or [], _versions(versions), alias or "", patiently=follow)
    if insights is not None:
        from lcli.cli.logs_insights import ask

        raise typer.Exit(ask(run, chosen, insights, span, limit))
    from lcli.cli.logs_reading import Logs, Selection

    selection = Selection(wanted, limit, group, tail, bool(request), follows=follow or live)
    logs = Logs(run, chosen, span, _write(run, chosen, span, timestamps, utc, raw), selection)
    raise typer.Exit(logs.live() if live else logs.follow() if follow else logs.history())


_EXCLUSIVE = (
    ("FUNCTION", "--all"),
    ("--follow", "--live", "--insights"),
    ("--follow", "--until"),
    ("--live", "--since"),
    ("--live", "--until"),
    ("--live", "--tail"),
    ("--group", "--tail"),
    ("--version", "--alias"),
    ("--filter", "--request"),
    ("--raw", "-o json"),
    *(
        ("--insights", other)
        for other in ("--version", "--alias", "--filter", "--grep", "--level", "--request")
    ),
    *(("--insights", other) for other in ("--errors", "--tail", "--group", "--raw")),
)
"""Of each of these, at most one makes sense: a query reads whole groups and ends by itself, what is
live has no past, and a filter leaves out the START that says whose the lines behind it are."""


def _refuse_misuse(ctx: typer.Context, run: Run, request: str | None, alias: str | None) -> None:
    refuse_together(ctx, run, _EXCLUSIVE)
    refuse_alone(ctx, run, (("--invert", "--grep"),))
    for name, value in (("--request", request), ("--alias", alias)):
        # An empty variable of a shell is not meant to be every request, or every version.
        if value == "":
            advice = "look where it comes from; for all of them leave the option out"
            raise usage("usage", f"{name} is empty", advice)
    if request and ctx.params["live"]:
        what = "--live and --request exclude each other: the invocation began before what is live"
        raise usage("usage", what, "use --follow --request, which reads its START, too")


def _versions(given: list[str] | None) -> list[str]:
    for version in given or ():
        if not (version.isdigit() or version == "$LATEST"):
            raise usage(
                "usage",
                f"--version {version!r} is not a version",
                "write its number, or $LATEST; --alias takes a name",
            )
    return given or []


def _span(since: str, until: str | None, pattern: str, utc: bool) -> Span:
    from lcli.cli.logs_bounds import Span
    from lcli.observe.times import is_counted, moment

    now, zone = datetime.now(UTC), UTC if utc else None
    start = moment(since, now, zone)
    # An event of this very millisecond is still to be seen.
    end = moment(until, now, zone) if until else int(now.timestamp() * 1000) + 1
    if until and end <= start:
        with suppress(LcliError):  # of a time of day, today's may be meant, though it is to come
            end = moment(f"today {until}", now, zone)
    if end <= start:
        if until is None:
            raise usage("usage", f"--since {since} is in the future", "write an earlier moment")
        raise usage("usage", f"--since {since} is not before --until {until}", "swap them")
    days = datetime.fromtimestamp(start / 1000, zone).date() != now.astimezone(zone).date()
    told = f"since {since}" + (f" until {until}" if until else "")
    counted = (is_counted(since), until is None or is_counted(until))
    return Span(start, end, pattern, days, told, counted)


def _wanted(
    grep: str | None, invert: bool, level: str | None, request: str | None, errors: bool
) -> Predicate | None:
    from lcli.observe import filters

    predicates: list[Predicate] = []
    if request is not None:
        predicates.append(filters.request(request))
    if errors:
        predicates.append(filters.errors)
    if level is not None:
        predicates.append(filters.level(level))
    if grep is not None:
        predicates.append(filters.grep(grep, invert=invert))
    return filters.every(predicates) if predicates else None


def _write(
    run: Run, chosen: list[Chosen], span: Span, timestamps: bool, utc: bool, raw: bool
) -> Write:
    from lcli.cli.logs_sources import rates
    from lcli.ui import log_lines

    if run.json:
        return log_lines.as_json
    if raw:
        return log_lines.as_stored
    terminal = run.stdout.isatty()
    style = log_lines.Style(
        tuple(one.source.function for one in chosen),
        timestamps=timestamps,
        dates=span.days,
        utc=utc,
        color=terminal and run.terminal.color,
        many_colors=log_lines.has_many_colors(run.environ),
        neutral=terminal,
    )
    return log_lines.Lines(style, rates(run, chosen))
