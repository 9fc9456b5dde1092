"""Points in time as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from lcli.errors import ExitCode, LcliError, Problem

_SPAN = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.IGNORECASE)
_DAY = re.compile(r"(today|yesterday)(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.IGNORECASE)


def moment(text: str, now: datetime) -> int:
    """Milliseconds since 1970 of ``now``, ``10m``, ``1d12h``, ``yesterday 14:00``, ISO 8601.

    Spans count back from `now`, which carries the zone that texts without one are read in.
    Raises LcliError (USAGE).
    """
    text = text.strip()
    found = _span(text, now) or _day(text, now) or _iso(text, now)
    if found is None:
        raise LcliError(
            Problem(
                "bad-time",
                f"{text!r} is not a point in time",
                "",
                "write 10m, 2h, 1d12h, now, yesterday 14:00 or ISO 8601 (2026-03-01T14:00:00Z)",
            ),
            ExitCode.USAGE,
        )
    return int(found.astimezone(UTC).timestamp() * 1000)


def _span(text: str, now: datetime) -> datetime | None:
    if text.lower() == "now":
        return now
    match = _SPAN.fullmatch(text)
    if not text or match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        return now - timedelta(
            weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds
        )
    except OverflowError:
        return None


def _day(text: str, now: datetime) -> datetime | None:
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    day, hour, minute, second = match.groups()
    back = timedelta(days=1 if day.lower() == "yesterday" else 0)
    try:
        return (now - back).replace(
            hour=int(hour or 0), minute=int(minute or 0), second=int(second or 0), microsecond=0
        )
    except ValueError:
        return None


def _iso(text: str, now: datetime) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=now.tzinfo)
