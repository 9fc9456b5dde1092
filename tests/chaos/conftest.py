"""Evidence: what each test has shown, printed at the end whether it passed or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def evidence(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say one line that belongs to what `make chaos` prints."""
    return lambda line: record_property("evidence", line)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    terminalreporter.section("evidence")
    for report in reports:
        for name, line in report.user_properties:
            if name == "evidence":
                terminalreporter.write_line(f"{report.outcome}: {line}")
