"""Which events were seen, in a few bytes each."""

from __future__ import annotations

from array import array
from bisect import bisect_left


class Seen:
    """The ids of events, as hashes of eight bytes, second by second of their timestamps.

    A follow remembers the ids of 18 minutes, and a busy group has a million events in those: a
    dict of them takes a quarter of a gigabyte, this eight megabytes. Two ids of one second with
    the same hash would be taken for one; at 1,000 events a second that happens once in some
    thousand million years.
    """

    def __init__(self) -> None:
        self._seconds: dict[int, array[int]] = {}

    def has(self, identity: str, timestamp: int) -> bool:
        """Whether the event was added; `timestamp` in milliseconds."""
        known = self._seconds.get(timestamp // 1000)
        if known is None:
            return False
        number = hash(identity)
        at = bisect_left(known, number)
        return at < len(known) and known[at] == number

    def add(self, identity: str, timestamp: int) -> bool:
        """Remember the event; False where it was there already."""
        known = self._seconds.get(timestamp // 1000)
        if known is None:
            known = self._seconds[timestamp // 1000] = array("q")
        number = hash(identity)
        at = bisect_left(known, number)
        if at < len(known) and known[at] == number:
            return False
        known.insert(at, number)
        return True

    def forget(self, before: int) -> None:
        """Drop the seconds that ended before a moment, in milliseconds."""
        second = before // 1000
        self._seconds = {at: known for at, known in self._seconds.items() if at >= second}

    def clear(self) -> None:
        """Drop everything."""
        self._seconds.clear()

    def __len__(self) -> int:
        return sum(map(len, self._seconds.values()))
