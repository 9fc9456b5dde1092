"""lcli logs --insights: a query over the functions' groups, as a table."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from lcli.cli.logs_sources import Chosen
from lcli.cli.run import Run
from lcli.errors import ExitCode, LcliError, Problem
from lcli.observe.events import group_arn

if TYPE_CHECKING:
    from lcli.cli.logs_bounds import Span
    from lcli.observe.insights import Result


def ask(run: Run, chosen: list[Chosen], query: str, span: Span, limit: int | None) -> ExitCode:
    """Run the query over all groups that there are, and print its rows and what it read."""
    from lcli.observe import insights, insights_merge

    found = _groups(run, chosen)
    questions = [
        (region, groups[at : at + insights.GROUPS])
        for region, groups in found
        for at in range(0, len(groups), insights.GROUPS)
    ]
    order = insights_merge.order_of(query)
    if order is None and len(questions) > len(found):
        raise _too_many(insights.GROUPS)
    results, span = [], span.by(run.session(found[0][0]).clock)
    try:
        for region, groups in questions:
            result = insights.ask(
                run.session(region),
                groups,
                query,
                span.start,
                span.end,
                limit=limit,
                running=lambda result: run.terminal.progress(f"querying: {_read(result)}"),
            )
            if len(found) > 1:
                result.rows = [{"@region": region} | row for row in result.rows]
            results.append(result)
    finally:
        run.terminal.end_progress()
    if len(found) > 1 and order is None:
        run.terminal.note("the figures are of each region, whose rows follow one another")
    together = insights_merge.put_together(results, order, limit)
    _show(run, together, sum(len(groups) for _, groups in questions))
    return ExitCode.DONE


def _too_many(most: int) -> LcliError:
    return LcliError(
        Problem(
            "insights-groups",
            f"a query over more than {most} log groups is several, and what this one counts or "
            "sorts by cannot be put together from their rows",
            "--insights",
            f"name at most {most} functions, or ask with fields, filter and parse alone, and sort "
            "by one of the fields",
        ),
        ExitCode.USAGE,
    )


def _groups(run: Run, chosen: list[Chosen]) -> list[tuple[str, list[str]]]:
    """Region by region the log groups that exist; says which functions have none.

    A query over one that does not exist is refused whole. Raises LcliError where none does.
    """
    found, absent = [], []
    ordered = sorted(chosen, key=lambda one: one.source.region)
    for region, of_region in groupby(ordered, key=lambda one: one.source.region):
        groups = []
        for source in (one.source for one in of_region):
            if source.group in groups:
                continue
            if group_arn(run.session(region), source.group):
                groups.append(source.group)
            else:
                absent.append(source.function)
        if groups:
            found.append((region, groups))
    told = f"{', '.join(absent)}: no log group; never ran, or not deployed"
    if not found:
        raise LcliError(
            Problem("no-logs", told, "--insights", "invoke it first; its log group comes with it")
        )
    if absent:
        run.terminal.note(told)
    return found


def _show(run: Run, result: Result, groups: int) -> None:
    if run.json:
        run.print_json(
            {
                "rows": result.rows,
                "statistics": {
                    "recordsMatched": int(result.matched),
                    "recordsScanned": int(result.scanned),
                    "bytesScanned": int(result.bytes_scanned),
                    "logGroups": groups,
                },
            }
        )
    elif result.rows:
        from lcli.ui.tables import PlainTable

        table = PlainTable(*result.fields)
        for row in result.rows:
            table.add_row(*(row.get(name, "").rstrip() for name in result.fields))
        run.terminal.show(table)
    from lcli.ui.measures import counted

    read = f"; {_read(result)}" if result.told else ""
    run.terminal.note(f"{counted(len(result.rows), 'row')} of {counted(groups, 'log group')}{read}")


def _read(result: Result) -> str:
    from lcli.ui.measures import size

    read = f" ({size(int(result.bytes_scanned))})" if result.bytes_scanned else ""
    return f"{result.matched:,.0f} records matched of {result.scanned:,.0f}{read} scanned"
