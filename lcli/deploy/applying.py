"""What a kind's create, update and delete work with while a plan is applied."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TypeVar

from lcli.aws.clients import Clients
from lcli.aws.retry import deadline
from lcli.aws.stories import AGAIN
from lcli.errors import LcliError, Problem
from lcli.resources.model import Action, Key, Outputs, Place, Ref, Text, Value, Verb

T = TypeVar("T")
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


class Known:
    """The outputs of everything that was read or made so far; shared by threads."""

    def __init__(self, outputs: Mapping[Key, Outputs]) -> None:
        self._outputs = dict(outputs)
        self._made: set[Key] = set()
        self._lock = Lock()

    def made(self, action: Action, outputs: Outputs) -> None:
        """Note what came of an action."""
        with self._lock:
            self._outputs[action.resource.key] = outputs
            if action.verb is not Verb.NONE:
                self._made.add(action.resource.key)

    def output(self, key: Key, attr: str) -> str:
        """One output. Raises LcliError where the resource or the output is unknown."""
        with self._lock:
            outputs = self._outputs.get(key)
        if outputs is None or attr not in outputs:
            raise LcliError(
                Problem(
                    "unknown-value",
                    f"{key} has no {attr} yet",
                    next_step="deploy the function or layer that it belongs to first",
                )
            )
        return outputs[attr]

    def fresh(self, key: Key) -> bool:
        """Whether this run made or changed it."""
        with self._lock:
            return key in self._made


class Work:
    """One action's view of the run; implements `lcli.resources.kind.Applying`."""

    def __init__(
        self,
        place: Place,
        clients: Clients,
        known: Known,
        say: Callable[[str], None],
        *,
        waits: bool = True,
    ) -> None:
        self.place = place
        self.clients = clients
        self.waits = waits
        self._known = known
        self._say = say

    def calling(self, clients: Clients) -> Work:
        """The same work, with other calls."""
        return Work(self.place, clients, self._known, self._say, waits=self.waits)

    def settle(self, value: Value) -> object:
        """See `Applying.settle`."""
        if isinstance(value, Ref):
            return self._known.output(value.key, value.attr)
        if isinstance(value, Text):
            return "".join(str(self.settle(part)) for part in value.parts)
        if isinstance(value, Mapping):
            return {key: self.settle(one) for key, one in value.items()}
        if isinstance(value, tuple | list):
            return [self.settle(one) for one in value]
        return value

    def output(self, key: Key, attr: str) -> str:
        """See `Applying.output`."""
        return self._known.output(key, attr)

    def fresh(self, key: Key) -> bool:
        """See `Applying.fresh`."""
        return self._known.fresh(key)

    def say(self, doing: str) -> None:
        """See `Applying.say`."""
        self._say(doing)

    def poll(self, look: Callable[[], T | None], doing: str, timeout: float) -> T:
        """See `Applying.poll`; the first looks come sooner, for what is done at once."""
        began = time.monotonic()
        until = min(began + timeout, deadline())
        pause = _FIRST_PAUSE
        while (seen := look()) is None:
            if time.monotonic() + pause > until:
                what = f"{doing}: it took longer than the {until - began:.0f} s that there were"
                raise LcliError(Problem("timed-out", what, next_step=AGAIN))
            self._say(doing)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return seen
