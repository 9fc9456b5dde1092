"""Doing a plan: actions in parallel, what needs them afterwards; emits events, prints nothing."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import Empty, Queue
from threading import Thread, current_thread, main_thread
from types import FrameType

from lcli.aws.clients import Clients
from lcli.aws.retry import patience
from lcli.aws.threads import DRAIN
from lcli.deploy.applying import Known, Work
from lcli.deploy.events import Doing, Event, Failed, Finished, Listener, Skipped, Started, silent
from lcli.deploy.failing import problems_of_action
from lcli.deploy.plan import Plan
from lcli.deploy.report import Outcome, Report, Status
from lcli.deploy.schedule import Schedule, Step
from lcli.deploy.stop import Stop
from lcli.deploy.watch import Watch
from lcli.errors import Problem
from lcli.resources.kind import Kind
from lcli.resources.model import Action, Actual, Key, Outputs, Place, Verb

_ENDS = (signal.SIGINT, signal.SIGTERM)
"""What asks for the end: a person, and a CI system that cancels a job."""
ACTION_SECONDS = 3000.0
"""The deadline of one action with all its waits and retries.

No wait that a kind allows is cut by it: the longest that come one after the other are those of a
function's update, for somebody else's that is in progress (10 minutes), for the new configuration
and for the new code (`READY_SECONDS` each), and throttling takes its time, too.
"""


@dataclass(frozen=True, slots=True)
class _Done:
    """What a thread says at its end."""

    step: Step
    outputs: Mapping[Key, Outputs]
    seconds: float
    error: BaseException | None = None


def apply(
    plan: Plan,
    place: Place,
    clients: Clients,
    kinds: Mapping[str, Kind],
    *,
    actual: Mapping[Key, Actual] | None = None,
    listener: Listener = silent,
    parallel: int = 16,
    stop: Stop | None = None,
    action_seconds: float = ACTION_SECONDS,
    waits: bool = True,
) -> Report:
    """Do the plan; what an action's failure leaves undone is skipped, all else goes on.

    `actual` is everything that was read: its outputs settle references to what the plan does not
    touch. The first Ctrl-C or SIGTERM lets what is in flight end (`DRAIN` seconds); a second one
    returns at once. `stop` is told of it and of what fails, and says when nothing more is started.
    Nothing is tried again or waited for beyond `action_seconds` of its action. `waits`: see
    `Applying.waits`. Raises only what `listener` raises, and errors in lcli itself.
    """
    stop = stop or Stop()
    run = _Run(
        plan,
        place,
        clients,
        kinds,
        actual=actual or {},
        listener=listener,
        stop=stop,
        action_seconds=action_seconds,
        waits=waits,
    )
    began = time.monotonic()
    with _draining(stop):
        run.go(parallel)
    return Report(
        place,
        tuple(run.outcomes[index] for index in sorted(run.outcomes)),
        time.monotonic() - began,
        notices=plan.notices,
        interrupted=stop.interrupted,
    )


def leave(plan: Plan, place: Place, *, because: str, listener: Listener = silent) -> Report:
    """The report of a plan that is not begun: what it was to change is skipped."""
    outcomes = []
    for action in plan.actions:
        if action.verb is Verb.NONE:
            outputs = action.actual.outputs if action.actual else {}
            outcomes.append(Outcome(action, Status.UNCHANGED, outputs=outputs))
        else:
            outcomes.append(Outcome(action, Status.SKIPPED, because=because))
            listener(Skipped(action, because))
    return Report(place, tuple(outcomes), notices=plan.notices)


@contextmanager
def _draining(stop: Stop) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM tells `stop`, a second raises KeyboardInterrupt.

    What the caller's caller ignores (a job in the background) stays ignored.
    """
    if current_thread() is not main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        if stop.interrupted:
            raise KeyboardInterrupt
        stop.interrupted = True

    caught = [one for one in _ENDS if signal.getsignal(one) is not signal.SIG_IGN]
    before = {one: signal.signal(one, interrupt) for one in caught}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


class _Run:
    """The state of one `apply`; all but the threads' own work happens in the calling thread."""

    def __init__(
        self,
        plan: Plan,
        place: Place,
        clients: Clients,
        kinds: Mapping[str, Kind],
        *,
        actual: Mapping[Key, Actual],
        listener: Listener,
        stop: Stop,
        action_seconds: float,
        waits: bool,
    ) -> None:
        self.plan = plan
        self.place = place
        self.clients = clients
        self.kinds = kinds
        self.listener = listener
        self.stop = stop
        self.action_seconds = action_seconds
        self.waits = waits
        self.known = Known({key: one.outputs for key, one in actual.items()})
        self.watch = Watch(plan, self.known)
        self.outcomes: dict[int, Outcome] = {}
        self.schedule = Schedule(plan, kinds)
        self.flying: set[Step] = set()
        self.parts: dict[Step, Step] = {}
        """What is left to do of each step that was taken."""
        self.queue: Queue[Event | _Done] = Queue()

    def go(self, parallel: int) -> None:
        """Run every step, or say why it is skipped."""
        until = float("inf")
        try:
            while self.schedule.open():
                if self.stop.interrupted and until == float("inf"):
                    until = time.monotonic() + DRAIN
                self._start(parallel)
                if time.monotonic() > until:
                    break
                if self.flying:
                    self._take()
                elif self.schedule.open():
                    raise RuntimeError("steps wait for one another")
        except KeyboardInterrupt:
            self.stop.interrupted = True
        for step in self.schedule.open():
            self._skip(step.actions, "the run was interrupted before it was done")

    def _start(self, parallel: int) -> None:
        """Start what is due; what has nothing to do ends at once and makes others due."""
        while len(self.flying) < parallel and (taken := self.schedule.take()):
            step = self._without_hopeless(taken)
            self.parts[taken] = step
            if self._is_quiet(step):
                self._note(_Done(taken, self._found(step), 0.0))
            else:
                self.flying.add(taken)
                for index in step.actions:
                    if self.plan.actions[index].verb is not Verb.NONE:
                        self.listener(Started(self.plan.actions[index]))
                Thread(target=self._work, args=(taken, step), daemon=True).start()

    def _without_hopeless(self, step: Step) -> Step:
        """The step without the actions that something failed before; those are skipped."""
        hopeful = []
        for index in step.actions:
            lost = [
                self.outcomes[one].action
                for one in sorted(self.plan.after[index])
                if one in self.outcomes
                and self.outcomes[one].status in (Status.FAILED, Status.SKIPPED)
            ]
            if lost:
                self._skip([index], f"{lost[0].resource.key} was not done")
            elif self.stop.because and self.plan.actions[index].verb is not Verb.NONE:
                self._skip([index], self.stop.because)
            else:
                hopeful.append(index)
        return replace(step, actions=tuple(hopeful))

    def _is_quiet(self, step: Step) -> bool:
        return all(self.plan.actions[index].verb is Verb.NONE for index in step.actions)

    def _found(self, step: Step) -> dict[Key, Outputs]:
        actions = [self.plan.actions[index] for index in step.actions]
        return {a.resource.key: a.actual.outputs for a in actions if a.actual}

    def _work(self, taken: Step, step: Step) -> None:
        """In a thread of its own: what is left of the step, and how it ended."""
        began = time.monotonic()
        actions = [self.plan.actions[index] for index in step.actions]

        def say(doing: str) -> None:
            self.queue.put(Doing(actions[0], doing, time.monotonic() - began))

        kind = self.kinds[actions[0].resource.key.kind]
        work = Work(self.place, self.clients, self.known, say, waits=self.waits)
        outputs: Mapping[Key, Outputs] = {}
        error: BaseException | None = None
        try:
            with patience(self.action_seconds, say):
                if step.grouped:
                    outputs = self._found(step) | dict(kind.merge(actions, work))
                else:
                    work = self.watch.over(work, actions[0].resource)
                    outputs = {actions[0].resource.key: _do(actions[0], kind, work)}
        except BaseException as caught:
            error = caught
        self.queue.put(_Done(taken, outputs, time.monotonic() - began, error))

    def _take(self) -> None:
        """Wait for what the threads say, and tell it."""
        try:
            said = self.queue.get(timeout=0.2)
        except Empty:
            return
        if isinstance(said, _Done):
            self.flying.remove(said.step)
            self._note(said)
        else:
            self.listener(said)

    def _note(self, done: _Done) -> None:
        step = self.parts[done.step]
        problems: tuple[Problem, ...] = ()
        if done.error:
            where = self.plan.actions[step.actions[0]].resource.where
            problems = problems_of_action(done.error, where, self.plan, self.known)
            self.stop.fail(problems)
        for index in step.actions:
            self._note_action(index, done, problems)
        self.schedule.end(done.step)

    def _note_action(self, index: int, done: _Done, problems: tuple[Problem, ...]) -> None:
        action = self.plan.actions[index]
        outputs = done.outputs.get(action.resource.key, {})
        if problems:
            self.outcomes[index] = Outcome(action, Status.FAILED, done.seconds, outputs, problems)
            self.listener(Failed(action, problems, done.seconds))
            return
        status = Status.UNCHANGED if action.verb is Verb.NONE else Status.DONE
        self.known.made(action, outputs)
        self.outcomes[index] = Outcome(action, status, done.seconds, outputs)
        if status is Status.DONE:
            self.listener(Finished(action, done.seconds))

    def _skip(self, indices: Iterable[int], because: str) -> None:
        for index in indices:
            action = self.plan.actions[index]
            self.outcomes[index] = Outcome(action, Status.SKIPPED, because=because)
            self.listener(Skipped(action, because))


def _do(action: Action, kind: Kind, work: Work) -> Outputs:
    found = action.actual
    if action.verb is Verb.CREATE or found is None:
        return kind.create(action.resource, work)
    if action.verb is Verb.UPDATE:
        return kind.update(action.resource, found, action.changes, work)
    if action.verb is Verb.REPLACE and kind.keeps:
        return kind.create(action.resource, work)
    kind.delete(found, work)
    return {} if action.verb is Verb.DELETE else kind.create(action.resource, work)
