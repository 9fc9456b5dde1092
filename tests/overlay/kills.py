"""Runs of one step that are killed at chosen calls, each followed by a run that is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from app_on_cloud import OnCloud

from overlay.account import everything
from overlay.apps import LIVES, STEPS, app_on, left_to_do
from overlay.faults import Kill, Rule, among, at
from overlay.forks import KILLED, Forks, forks
from overlay.server import Overlay, overlay


@dataclass
class Tally:
    """What became of the runs of one phase."""

    phase: str
    points: int = 0
    killed: int = 0
    """The order of threads can make a run end some calls earlier than another."""
    converged: int = 0
    duplicated: int = 0
    """Things that are there more often than after an undisturbed run."""
    orphaned: int = 0
    """Things that are not there after an undisturbed run."""
    seed: str = ""
    failures: list[str] = field(default_factory=list)

    def count(
        self, told: str, undisturbed: list[str], held: list[str], *, left: list[str], killed: bool
    ) -> None:
        """One run that was killed, and what there was after the one that followed."""
        more, less = Counter(held) - Counter(undisturbed), Counter(undisturbed) - Counter(held)
        duplicated = sum(count for line, count in more.items() if line in undisturbed)
        self.points += 1
        self.killed += killed
        self.duplicated += duplicated
        self.orphaned += more.total() - duplicated
        self.converged += not (more or less or left)
        if more or less or left:
            lines = [*(f"+ {one}" for one in more), *(f"- {one}" for one in less)]
            self.failures.append("\n".join([told, *lines, *(f"to do: {one}" for one in left)]))

    def row(self) -> dict[str, Any]:
        """For the closing table."""
        return {name: one for name, one in vars(self).items() if name != "failures"}


@dataclass(frozen=True)
class Point:
    """A call at which the process is killed."""

    where: str
    """``before change``, ``after change`` or ``at read``."""
    k: int

    @property
    def rule(self) -> Rule:
        changes = self.where != "at read"
        when = among(lambda call: call.changes is changes, at(self.k))
        return Rule(Kill(processed=self.where == "after change"), when)

    def __str__(self) -> str:
        return f"{self.where} {self.k}"


@dataclass
class Points:
    """The calls of one step at which it can be killed; the account is emptied before each."""

    app: OnCloud
    overlay: Overlay
    forks: Forks
    life: str
    forget: Callable[[], None]

    def __post_init__(self) -> None:
        self.before, self.step = LIVES[self.life]
        self._begin()
        status, said = self.forks.run(self.overlay, self.step)
        assert status == 0, said
        changes = sum(call.changes for call in self.overlay.calls)
        reads = len(self.overlay.calls) - changes
        # A read leaves what there was: before it and after it are one point.
        self.all: list[Point] = [
            *(Point("before change", k) for k in range(1, changes + 1)),
            *(Point("after change", k) for k in range(1, changes + 1)),
            *(Point("at read", k) for k in range(1, reads + 1)),
        ]
        """Where an undisturbed run could have been killed."""
        self.undisturbed = everything(self.app.session())

    def _begin(self, *rules: Rule) -> None:
        self.forget()
        for step in self.before:
            STEPS[step](self.app)
        self.overlay.again(*rules)

    def check(self, point: Point, tally: Tally) -> None:
        """Kill there; run again; compare the account with that of an undisturbed run."""
        self._begin(point.rule)
        told = f"{self.life}: killed {point}"
        status, said = self.forks.run(self.overlay, self.step)
        assert status in (KILLED, 0), f"{told}: {said}"
        STEPS[self.step](self.app)
        held, left = everything(self.app.session()), left_to_do(self.app, self.step)
        tally.count(told, self.undisturbed, held, left=left, killed=status == KILLED)


@contextmanager
def all_points(cloud: Any, directory: Path) -> Iterator[Callable[[str], Points]]:
    """What gives the points of a life; `cloud` is the tests' fixture."""
    app = app_on(cloud.url, cloud.account, directory)
    with (
        overlay(cloud.url) as between,
        forks(between.url, cloud.account, directory) as forked,
    ):
        yield cache(lambda life: Points(app, between, forked, life, cloud.forget))
