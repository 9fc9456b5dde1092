"""What Lambda itself writes into a function's log: START, END and REPORT, as text or as JSON.

Text as in the developer guide, "Viewing CloudWatch logs for Lambda functions"; JSON and its levels
as in "Log level filtering", table "System log level event mapping".
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from lcli.local.execution import Deployed
from lcli.local.runtime.records import Event, now

_LEVELS = ("DEBUG", "INFO", "WARN")


@dataclass(frozen=True, slots=True)
class Usage:
    """What an invocation took, for its REPORT."""

    duration_ms: float
    memory_mb: int
    init_ms: float | None = None
    status: str = "success"
    """``success``, ``error`` or ``timeout``."""
    error_type: str = ""
    trace_id: str = ""
    """Root of the X-Ray trace if tracing is on."""

    @property
    def billed_ms(self) -> int:
        """Whole milliseconds, the init phase included (Lambda pricing since August 2025)."""
        return math.ceil(self.duration_ms + (self.init_ms or 0))


class PlatformLog:
    """Makes the platform's events for one environment, in the function's log format."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._json = deployed.log_format == "JSON"
        level = deployed.system_log_level
        self._level = _LEVELS.index(level) if level in _LEVELS else 1

    def init_start(self, runtime_version: str) -> list[Event]:
        """An environment starts; `runtime_version` is what runs it: ``python:3.13.1``."""
        arn = f"arn:aws:lambda:{self._deployed.region}::runtime:local"
        if not self._json:
            return _lines(
                f"INIT_START Runtime Version: {runtime_version}\tRuntime Version ARN: {arn}"
            )
        record = {
            "initializationType": "on-demand",
            "phase": "init",
            "runtimeVersion": runtime_version,
            "runtimeVersionArn": arn,
            "functionName": self._deployed.name,
            "functionVersion": self._deployed.version,
        }
        return self._record("platform.initStart", "INFO", record)

    def init_failed(self, milliseconds: float, phase: str, error_type: str | None) -> list[Event]:
        """The init phase, or its repetition in the phase ``invoke``, failed; `error_type` is None
        where it took too long."""
        status = "timeout" if error_type is None else "error"
        if not self._json:
            kind = f" Error Type: {error_type}" if error_type else ""
            return _lines(
                f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\t"
                f"Status: {status}\t{kind.strip()}".rstrip()
            )
        record = {
            "initializationType": "on-demand",
            "phase": phase,
            "status": status,
            **({"errorType": error_type} if error_type else {}),
            "metrics": {"durationMs": round(milliseconds, 3)},
        }
        return self._record("platform.initReport", "WARN", record)

    def start(self, request_id: str) -> list[Event]:
        """An invocation starts."""
        version = self._deployed.version
        if not self._json:
            return _lines(f"START RequestId: {request_id} Version: {version}")
        record = {"requestId": request_id, "version": version}
        return self._record("platform.start", "INFO", record)

    def timed_out(self, request_id: str, seconds: float) -> list[Event]:
        """The invocation was cut off; JSON says so in its report alone."""
        if self._json:
            return []
        stamp = _iso(now())
        return _lines(f"{stamp} {request_id} Task timed out after {seconds:.2f} seconds\n")

    def end(self, request_id: str, usage: Usage) -> list[Event]:
        """END and REPORT of an invocation."""
        if self._json:
            return self._json_end(request_id, usage)
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {usage.duration_ms:.2f} ms",
            f"Billed Duration: {usage.billed_ms} ms",
            f"Memory Size: {self._deployed.memory} MB",
            f"Max Memory Used: {usage.memory_mb} MB",
        ]
        if usage.init_ms is not None:
            fields.append(f"Init Duration: {usage.init_ms:.2f} ms")
        if usage.status != "success":
            fields.append(f"Status: {usage.status}")
        if usage.error_type:
            fields.append(f"Error Type: {usage.error_type}")
        report = "\t".join(fields) + "\t"
        if usage.trace_id:
            report += f"\nXRAY TraceId: {usage.trace_id}\tSegmentId: {'0' * 16}\tSampled: true\t"
        return _lines(f"END RequestId: {request_id}", report)

    def _json_end(self, request_id: str, usage: Usage) -> list[Event]:
        level = "DEBUG" if usage.status == "success" else "WARN"
        kind = {"errorType": usage.error_type} if usage.error_type else {}
        metrics: dict[str, float] = {
            "durationMs": round(usage.duration_ms, 3),
            "billedDurationMs": usage.billed_ms,
            "memorySizeMB": self._deployed.memory,
            "maxMemoryUsedMB": usage.memory_mb,
        }
        if usage.init_ms is not None:
            metrics["initDurationMs"] = round(usage.init_ms, 3)
        done = {"requestId": request_id, "status": usage.status, **kind}
        report: dict[str, object] = {
            "requestId": request_id,
            "metrics": metrics,
            "status": usage.status,
            **kind,
        }
        if usage.trace_id:
            report["tracing"] = {"type": "X-Amzn-Trace-Id", "value": f"Root={usage.trace_id}"}
        return [
            *self._record("platform.runtimeDone", level, done),
            *self._record("platform.report", max("INFO", level), report),
        ]

    def _record(self, kind: str, level: str, record: Mapping[str, object]) -> list[Event]:
        if _LEVELS.index(level) < self._level:
            return []
        if self._deployed.tenant and "requestId" in record:
            record = {**record, "tenantId": self._deployed.tenant}
        at = now()
        return [(at, json.dumps({"time": _iso(at), "type": kind, "record": record}) + "\n")]


def _lines(*lines: str) -> list[Event]:
    at = now()
    return [(at, line + "\n") for line in lines]


def _iso(milliseconds: int) -> str:
    stamp = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
