"""Points in time as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from lcli.errors import ExitCode, LcliError, Problem

_SPAN = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.IGNORECASE)
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2}))?"
_DAY = re.compile(rf"(today|yesterday)(?:[ T]{_CLOCK})?|{_CLOCK}", re.IGNORECASE)


def moment(text: str, now: datetime, zone: tzinfo | None = None) -> int:
    """Milliseconds since 1970 of ``now``, ``1d12h``, ``14:00``, ``yesterday 14:00``, ISO 8601.

    A time of day alone is the last one that was. Spans count back from `now`, which has a zone;
    texts without one are read in `zone`: None is this machine's, with its summer time.
    Raises LcliError (USAGE), as for what is before 1970: AWS's APIs count from there.
    """
    text = text.strip()
    try:
        found = _span(text, now) or _day(text, now, zone) or _iso(text, zone)
    except (OverflowError, OSError, ValueError):  # beyond the years that there are
        found = None
    early = found is not None and found.timestamp() < 0
    if found is None or early:
        raise LcliError(
            Problem(
                "bad-time",
                f"{text!r} is {'before 1970' if early else 'not a point in time'}",
                "",
                "write 10m, 2h, 1d12h, now, 14:00, yesterday 14:00 or ISO 8601 "
                "(2026-03-01T14:00:00Z)",
            ),
            ExitCode.USAGE,
        )
    return int(found.timestamp() * 1000)


def is_counted(text: str) -> bool:
    """Whether a text such as ``10m`` or ``now`` is counted back from now."""
    try:
        return _span(text.strip(), datetime.now(UTC)) is not None
    except OverflowError:
        return False


def _span(text: str, now: datetime) -> datetime | None:
    if text.lower() == "now":
        return now
    match = _SPAN.fullmatch(text)
    if not text or match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    back = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return now.astimezone(UTC) - back


def _day(text: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    match = _DAY.fullmatch(text)
    if match is None:
        return None
    day = (match[1] or "").lower()
    hour, minute, second = (int(part or 0) for part in match.groups()[1 if day else 4 :][:3])
    midnight = datetime.combine(now.astimezone(zone).date(), datetime.min.time())
    today = midnight.replace(hour=hour, minute=minute, second=second)
    yesterday = today - timedelta(days=1)
    if day:
        return _at(today if day == "today" else yesterday, zone)
    # Where summer time ends, an hour of the day comes twice.
    twice = (_at(today.replace(fold=1), zone), _at(today, zone))
    return next((each for each in twice if each <= now), _at(yesterday, zone))


def _iso(text: str, zone: tzinfo | None) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else _at(read, zone)


def _at(clock: datetime, zone: tzinfo | None) -> datetime:
    """When clocks of the zone show that."""
    return (clock.replace(tzinfo=zone) if zone else clock).astimezone(UTC)
