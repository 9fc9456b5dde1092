"""Evidence: what each test has shown, printed at the end whether it passed or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from overlay.kills import Tally, all_points

COLUMNS = ("points", "killed", "again", "converged", "duplicated", "orphaned")


@pytest.fixture
def evidence(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say one line that belongs to what `make chaos` prints."""
    return lambda line: record_property("evidence", line)


@pytest.fixture
def shown(record_property: Callable[[str, object], None]) -> Callable[[Tally], None]:
    """Add a tally to the closing table, then fail if a run was not killed or did not converge."""

    def show(tally: Tally) -> None:
        record_property("tally", tally.row())
        tally.check()

    return show


@pytest.fixture(scope="session")
def points(lasting: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The points of a life, by its name."""
    with all_points(lasting, tmp_path_factory.mktemp("points")) as found:
        yield found


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this directory is for `make chaos` alone."""
    for item in items:
        if item.path.name.startswith("chaos_"):
            item.add_marker(pytest.mark.whole)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    said = [(report.outcome, *one) for report in reports for one in report.user_properties]
    if not said:
        return
    if tallies := [one for _, name, one in said if name == "tally"]:
        _print_table(terminalreporter, tallies)
    terminalreporter.section("evidence")
    for outcome, name, line in said:
        if name == "evidence":
            terminalreporter.write_line(f"{outcome}: {line}")


def _print_table(terminal: Any, tallies: list[dict[str, Any]]) -> None:
    """A row a phase, over all its shares."""
    phases: dict[str, dict[str, Any]] = {}
    for one in tallies:
        row = phases.setdefault(one["phase"], {"seeds": [], **dict.fromkeys(COLUMNS, 0)})
        row["seeds"] += [one["seed"]] * bool(one["seed"])
        for column in COLUMNS:
            row[column] += one[column]
    terminal.section("killed, run again, compared with an undisturbed run")
    width = max([len(phase) for phase in phases] + [5])
    terminal.write_line(" ".join(["phase".ljust(width), *(c.rjust(10) for c in COLUMNS), "seeds"]))
    total = {column: sum(row[column] for row in phases.values()) for column in COLUMNS}
    for phase, row in [*phases.items(), ("total", {"seeds": [], **total})]:
        cells = [str(row[column]).rjust(10) for column in COLUMNS]
        seeds = ", ".join(sorted(row["seeds"]))
        terminal.write_line(" ".join([phase.ljust(width), *cells, seeds or "every call"]).rstrip())
