"""Points in time as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from lcli.errors import ExitCode, LcliError, Problem

_SPAN = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.IGNORECASE)
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2}))?"
_DAY = re.compile(rf"(today|yesterday)(?:[ T]{_CLOCK})?|{_CLOCK}", re.IGNORECASE)


def moment(text: str, now: datetime) -> int:
    """Milliseconds since 1970 of ``now``, ``1d12h``, ``14:00``, ``yesterday 14:00``, ISO 8601.

    A time of day alone is the last one that was. Spans count back from `now`, which carries the
    zone that texts without one are read in.
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
                "write 10m, 2h, 1d12h, now, 14:00, yesterday 14:00 or ISO 8601 "
                "(2026-03-01T14:00:00Z)",
            ),
            ExitCode.USAGE,
        )
    return int(found.astimezone(UTC).timestamp() * 1000)


def is_counted(text: str) -> bool:
    """Whether a text such as ``10m`` or ``now`` is counted back from now."""
    return _span(text.strip(), datetime.now(UTC)) is not None


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
    day = (match[1] or "").lower()
    hour, minute, second = (int(part or 0) for part in match.groups()[1 if day else 4 :][:3])
    try:
        found = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        return None
    before = day == "yesterday" or (not day and found > now)
    return found - timedelta(days=1) if before else found


def _iso(text: str, now: datetime) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=now.tzinfo)
