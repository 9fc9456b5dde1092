"""Which steps of a plan can be started now; pure bookkeeping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lcli.deploy.order import together
from lcli.deploy.plan import Plan
from lcli.resources.kind import Kind


@dataclass(frozen=True, slots=True)
class Step:
    """What one thread does: one action, or all of a group that is written together."""

    actions: tuple[int, ...]
    """Positions in the plan."""
    grouped: bool = False
    lane: str = ""
    """Steps of one lane never run at once; empty for those that run with any other."""


class Schedule:
    """Steps become due when all that comes before them has ended.

    What an earlier step made due is taken before what is due from the start: so the first
    functions are made while the roles of the last are, and Lambda's quota is never idle.
    """

    def __init__(self, plan: Plan, kinds: Mapping[str, Kind]) -> None:
        steps = _steps(plan, kinds)
        home = {index: step for step in steps for index in step.actions}
        before = {
            step: {home[one] for index in step.actions for one in plan.after[index]} - {step}
            for step in steps
        }
        self._missing = {step: len(earlier) for step, earlier in before.items()}
        self._then: dict[Step, list[Step]] = {step: [] for step in steps}
        for step, earlier in before.items():
            for one in earlier:
                self._then[one].append(step)
        self._due = [step for step in steps if not before[step]]
        self._entered = 0
        """How many of those that are due became so by an earlier one; they come first."""
        self._lanes: set[str] = set()

    def take(self) -> Step | None:
        """The next step that is due and whose lane is free; its lane is taken then."""
        for position, step in enumerate(self._due):
            if step.lane not in self._lanes:
                if step.lane:
                    self._lanes.add(step.lane)
                self._entered -= position < self._entered
                return self._due.pop(position)
        return None

    def end(self, step: Step) -> None:
        """Note that a step that was taken has ended, one way or another."""
        self._lanes.discard(step.lane)
        del self._missing[step]
        for one in self._then[step]:
            self._missing[one] -= 1
            if not self._missing[one]:
                self._due.insert(self._entered, one)
                self._entered += 1

    def open(self) -> list[Step]:
        """The steps that have not ended."""
        return list(self._missing)


def _steps(plan: Plan, kinds: Mapping[str, Kind]) -> list[Step]:
    """The plan's actions in their order; those that are written together as one, at the end."""
    return [_step(plan, kinds, indices) for indices in together(plan.actions)]


def _step(plan: Plan, kinds: Mapping[str, Kind], indices: tuple[int, ...]) -> Step:
    resource = plan.actions[indices[0]].resource
    inside = kinds[resource.key.kind].within or resource.key.kind == "function"
    lane = resource.function if inside else ""
    return Step(indices, grouped=bool(resource.shared), lane=lane)
