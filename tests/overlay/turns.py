"""Two deploys at once whose calls take turns as a seed says.

The seed draws whose turn it is. It cannot replay a race call by call: which of a side's own threads
calls first, and whether the side computes or sleeps while nobody calls, is up to the machine. So
what came of the draws is kept, call by call.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Condition
from typing import Any

from lcli.aws.session import Session

PATIENCE = 0.006
"""Seconds after which the other side goes on: the one whose turn it is waits for something."""


class Turns:
    """Lets one call at a time through, of the side that was drawn."""

    def __init__(self, sides: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._sides = list(range(sides))
        self._free = Condition()
        self._turn = self._draw()
        self._busy = False
        self.order: list[str] = []
        """The calls in the order in which they were let through: ``0 GetFunction``."""

    def _draw(self) -> int:
        return self._random.choice(self._sides) if self._sides else 0

    def take(self, side: int, operation: str) -> None:
        with self._free:
            self._free.wait_for(lambda: not self._busy and self._turn == side, PATIENCE)
            self._free.wait_for(lambda: not self._busy)
            self._busy = True
            self.order.append(f"{side} {operation}")

    def give(self) -> None:
        with self._free:
            self._busy, self._turn = False, self._draw()
            self._free.notify_all()

    def leave(self, side: int) -> None:
        """This side calls no more."""
        with self._free:
            self._sides.remove(side)
            self._turn = self._draw()
            self._free.notify_all()


@dataclass
class Taking:
    """The calls of one side; implements `lcli.aws.clients.Clients`."""

    session: Session
    turns: Turns
    side: int

    @property
    def region(self) -> str:
        return self.session.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.turns.take(self.side, operation)
        try:
            return self.session.call(service, operation, **parameters)
        finally:
            self.turns.give()

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        self.turns.take(self.side, operation)
        try:
            return iter(list(self.session.pages(service, operation, **parameters)))
        finally:
            self.turns.give()
