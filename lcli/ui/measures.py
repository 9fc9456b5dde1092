"""Sizes, counts, durations and points of time as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def counted(count: int, thing: str) -> str:
    """``1 call``, ``2,000 calls``."""
    return f"{count:,} {thing}{'s' * (count != 1)}"


def size(count: int) -> str:
    """Bytes as people read them: ``1.2 MB``; empty for none."""
    if not count:
        return ""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def span(seconds: float) -> str:
    """``45 s``, ``2 h 5 min``, ``3 d``: the two largest units."""
    left, parts = round(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def took(began: datetime, ended: datetime | None) -> str:
    """How long it ran, or has run by now."""
    elapsed: timedelta = (ended or datetime.now(UTC)) - began
    seconds = elapsed.total_seconds()
    return f"{seconds:.2f} s" if seconds < 10 else span(seconds)


def moment(at: datetime | str) -> str:
    """In local time, to the second; of ISO 8601 as AWS writes it, too. Empty stays empty."""
    if isinstance(at, str):
        if not at:
            return ""
        at = datetime.fromisoformat(at)
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
