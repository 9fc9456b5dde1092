"""The line with which Lambda closes an invocation's log."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lcli.invoke.payload import parsed

REQUEST_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
"""Pattern of the id of an invocation."""


@dataclass(frozen=True, slots=True)
class InvocationReport:
    """What one invocation used; times in milliseconds, memory in MB."""

    request_id: str
    duration: float
    billed: float
    memory: int
    max_memory: int
    init: float | None = None
    """Only after a cold start: of the init phase, with SnapStart of restoring the snapshot."""

    def __str__(self) -> str:
        cold = "" if self.init is None else f", cold start {self.init:.0f} ms"
        return (
            f"{self.duration:.2f} ms, billed {self.billed:.0f} ms, "
            f"{self.max_memory} of {self.memory} MB{cold}"
        )


_TOO_LARGE = 10**15
_FIGURE = r"\d{1,15}(?:\.\d{1,9})?"
_TEXT = re.compile(
    rf"REPORT RequestId: (?P<id>\S+)\s+Duration: (?P<duration>{_FIGURE}) ms\s+"
    rf"Billed Duration: (?P<billed>{_FIGURE}) ms\s+Memory Size: (?P<memory>\d{{1,15}}) MB\s+"
    rf"Max Memory Used: (?P<used>\d{{1,15}}) MB"
    rf"(?:\s+(?:Init|Restore) Duration: (?P<init>{_FIGURE}) ms)?"
)
_MEASURED = ("durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB")
_COLD = ("initDurationMs", "restoreDurationMs")


def find_report(log: str) -> InvocationReport | None:
    """The report in an invocation's log, as text or as a ``platform.report`` JSON record.

    None where the function's system log level suppresses it (Lambda guide, "Log level filtering").
    """
    match = _TEXT.search(log)
    if match:
        return InvocationReport(
            match["id"],
            float(match["duration"]),
            float(match["billed"]),
            int(match["memory"]),
            int(match["used"]),
            float(match["init"]) if match["init"] else None,
        )
    records = (_platform_report(line) for line in log.splitlines() if "platform.report" in line)
    return next((record for record in records if record), None)


def _platform_report(line: str) -> InvocationReport | None:
    try:
        document = parsed(line)
        if document["type"] != "platform.report":
            return None
        request_id, metrics = document["record"]["requestId"], document["record"]["metrics"]
        told = (*_MEASURED, *(name for name in _COLD if name in metrics))
        figures = [float(metrics[name]) for name in told]
        if not all(0 <= one < _TOO_LARGE for one in figures):
            return None
        duration, billed, memory, used, *init = figures
    except (ValueError, KeyError, TypeError, OverflowError):
        return None  # of a function that prints what looks like a report
    return InvocationReport(
        request_id, duration, billed, int(memory), int(used), init[0] if init else None
    )
