"""What functions of one source have in common."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar, cast

Made = TypeVar("Made")


class Shared:
    """Things that are made once a run, however many functions they are for, and whether they are
    made to check a source or to build it."""

    def __init__(self) -> None:
        self._made: dict[Hashable, object] = {}
        self._locks: dict[Hashable, Lock] = {}

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, or gave for an equal key."""
        with self._locks.setdefault(key, Lock()):
            if key not in self._made:
                self._made[key] = make()
        return cast("Made", self._made[key])
