"""Which known name somebody meant by one that is not known."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from heapq import nsmallest

_MOST = 50_000
"""Comparisons for one manifest: who writes thousands of wrong names gets hints for the first."""
_LISTED = 20


class _Effort:
    """The comparisons that were made for a manifest."""

    made = 0


def renew() -> None:
    """Another manifest begins."""
    _Effort.made = 0


def nearest(word: str, names: Collection[str], *, cutoff: float = 0.6) -> str:
    """The name that is most like the word, or "" where none is like it (difflib's ratio)."""
    _Effort.made += len(names)
    if _Effort.made > _MOST:
        return ""
    return next(iter(get_close_matches(word, list(names), n=1, cutoff=cutoff)), "")


def listed(names: Collection[str]) -> str:
    """The names, sorted, of very many the first; ``none`` without any."""
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(nsmallest(_LISTED, names)) + more or "none"
