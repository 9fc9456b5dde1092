"""Runs of one step that are killed at chosen calls, each followed by a run that is not."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from app_on_cloud import OnCloud

from lcli.local.server import Cloud
from overlay.account import MAY_LACK, Kept, everything, keep
from overlay.apps import LIVES, app_on, left_to_do, take
from overlay.faults import Kill, Rule, among, at
from overlay.forks import KILLED, Forks, forks
from overlay.operations import Call
from overlay.server import Overlay, overlay
from overlay.sources import sources

CHANGE = "change"
READ = "at read"
PLANNING = "while planning, at read"


@dataclass(frozen=True)
class Difference:
    """What there is after a killed run and another one, compared with an undisturbed one."""

    more: Counter[str]
    less: Counter[str]
    duplicated: int
    """Things that are there more often than after an undisturbed run."""
    left: tuple[str, ...]
    """What a further run would do."""

    def __bool__(self) -> bool:
        return bool(self.more or self.less or self.left)

    @property
    def orphaned(self) -> int:
        """Things that are not there after an undisturbed run."""
        return self.more.total() - self.duplicated

    def __str__(self) -> str:
        signs = (*(f"+ {one}" for one in self.more), *(f"- {one}" for one in self.less))
        return "\n".join([*signs, *(f"to do: {one}" for one in self.left)])


def difference(undisturbed: list[str], held: list[str], left: Sequence[str]) -> Difference:
    """Compare two accounts, line by line."""
    more, less = Counter(held) - Counter(undisturbed), Counter(undisturbed) - Counter(held)
    lacking = [line for line in less if line.startswith(MAY_LACK)]
    told = {_of(line) for line in undisturbed if line.startswith(MAY_LACK)}
    for line in [*lacking, *(one for one in more if one.startswith(MAY_LACK))]:
        # One that an undisturbed run has not written yet is not known to be false.
        if line in lacking or _of(line) not in told:
            del less[line], more[line]
    duplicated = sum(count for line, count in more.items() if line in undisturbed)
    return Difference(more, less, duplicated, tuple(left))


def _of(line: str) -> str:
    """The function whose digest a line tells."""
    return line.removeprefix(MAY_LACK).partition(" ")[0]


@dataclass
class Tally:
    """What became of the runs of one phase."""

    phase: str
    points: int = 0
    killed: int = 0
    again: int = 0
    """Accounts, all different, on which it was run again: what was left by a kill at one call can
    equal what was left at another, in every thing and every setting."""
    converged: int = 0
    duplicated: int = 0
    orphaned: int = 0
    seed: str = ""
    failures: list[str] = field(default_factory=list)

    def count(self, told: str, found: Difference, *, killed: bool = True) -> None:
        """One run that was killed, and what there was after the one that followed."""
        self.points += 1
        self.killed += killed
        self.duplicated += found.duplicated
        self.orphaned += found.orphaned
        self.converged += not found
        if found:
            self.failures.append(f"{told}\n{found}")

    def row(self) -> dict[str, Any]:
        """For the closing table."""
        return {name: one for name, one in vars(self).items() if name != "failures"}

    def check(self) -> None:
        """Fail where a run was not killed, or did not converge."""
        assert self.failures == [], "\n\n".join([f"seed {self.seed}", *self.failures])
        assert self.killed == self.points > 0, f"{self.killed} of {self.points} were killed"


@dataclass(frozen=True)
class Point:
    """A call at which the process is killed."""

    where: str
    """``before change``, ``after change``, `READ`; `PLANNING` for reads before any change."""
    k: int

    @property
    def rule(self) -> Rule:
        when = among(lambda call: call.changes is self._changes, at(self.k))
        # Of reads, which leave what there was, every other one is carried out.
        carried_out = self.where == "after change" or (not self._changes and self.k % 2 == 0)
        return Rule(Kill(processed=carried_out), when)

    def of(self, calls: list[Call]) -> int:
        """How many calls of a run it could have been."""
        return sum(call.changes is self._changes for call in calls)

    @property
    def _changes(self) -> bool:
        return self.where.endswith(CHANGE)

    def __str__(self) -> str:
        return f"{self.where} {self.k}"


def points(calls: Iterable[str]) -> Iterator[Point]:
    """Before and after each call, in the order of the calls: what neighbours leave is often the
    same. Before a read and after it there is the same: they are one point."""
    numbers: Counter[str] = Counter()
    for kind in calls:
        numbers[kind] += 1
        for where in (f"before {kind}", f"after {kind}") if kind == CHANGE else (kind,):
            yield Point(where, numbers[kind])


@dataclass
class Points:
    """The calls of one step at which it can be killed; the account is put back before each."""

    app: OnCloud
    cloud: Cloud
    overlay: Overlay
    forks: Forks
    life: str
    made: Kept
    """What there is before a life begins."""

    def __post_init__(self) -> None:
        before, self.step = LIVES[self.life]
        self.made.restore()
        for step in before:
            take(step, self.app)
        self.before = keep(self.cloud, self.app.account)
        self.overlay.again()
        self.forks.plan(self.life, self.step)
        self.overlay.settle()
        looks = [PLANNING] * len(self.overlay.calls)
        status, said = self.forks.run(self.overlay, planned=self.life)
        assert status == 0, said
        done = [CHANGE if call.changes else READ for call in self.overlay.calls[len(looks) :]]
        self.all = list(points([*looks, *done]))
        """Where an undisturbed run could have been killed."""
        self.undisturbed = self._held()
        self._mended: dict[tuple[str, ...], Difference] = {}
        self._further: dict[tuple[str, ...], list[str]] = {}

    def _held(self) -> list[str]:
        lines = everything(self.cloud, self.app.account)
        if self.step != "near":
            return lines
        # The deploy that makes a table digests a reference to its stream, the next one its label.
        return [one for one in lines if not one.startswith(MAY_LACK)]

    def check(self, point: Point, tally: Tally) -> None:
        """Kill there; run again; compare the account with that of an undisturbed run."""
        for attempt in range(_TRIES):
            status, said = self._killed(point)
            assert status in (KILLED, 0), f"{self.life}: killed {point}: {said}"
            if status == KILLED:
                break
            # The order of threads can make a run end some calls earlier than another.
            point = replace(point, k=point.of(self.overlay.calls) - attempt)
        tally.count(f"{self.life}: killed {point}", self._again(tally), killed=status == KILLED)

    def _killed(self, point: Point) -> tuple[int, str]:
        """Run it from the beginning or, to be killed later, from where its plan is made."""
        self.before.restore()
        self.overlay.again(point.rule)
        if point.where == PLANNING:
            return self.forks.run(self.overlay, step=self.step)
        return self.forks.run(self.overlay, planned=self.life)

    def _again(self, tally: Tally) -> Difference:
        """Run it on what the killed run has left, unless another one has left exactly the same."""
        reached = tuple(self._held())
        if reached not in self._mended:
            tally.again += 1
            take(self.step, self.app)
            held = self._held()
            self._mended[reached] = difference(self.undisturbed, held, self._left(tuple(held)))
        return self._mended[reached]

    def _left(self, held: tuple[str, ...]) -> list[str]:
        """What a further run would do to an account that holds this."""
        if held not in self._further:
            self._further[held] = left_to_do(self.app, self.step)
        return self._further[held]


_TRIES = 5


@contextmanager
def all_points(cloud: Any, directory: Path) -> Iterator[Callable[[str], Points]]:
    """What gives the points of a life; `cloud` is the tests' fixture."""
    app = app_on(cloud.url, cloud.account, directory)
    sources(cloud.cloud, cloud.account)
    made = keep(cloud.cloud, cloud.account)
    with (
        overlay(cloud.url) as between,
        forks(between.url, cloud.account, directory) as forked,
    ):
        gc.collect()
        gc.freeze()  # what is loaded by now stays
        yield cache(lambda life: Points(app, cloud.cloud, between, forked, life, made))
