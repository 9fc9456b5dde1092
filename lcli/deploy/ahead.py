"""Calls that are made before the kinds that want their answers get to ask for them.

What is read of a function comes in steps (the function, the version behind its alias, its
policy), and each step has a quota of its own. So the later steps of one function begin as soon
as it is known to exist, not when all functions have been read: no quota lies idle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from lcli.aws.clients import Clients, Relay
from lcli.aws.threads import Threads
from lcli.resources.kind import Ask


class Ahead(Relay):
    """Clients that have asked already; each answer is given once."""

    def __init__(
        self,
        clients: Clients,
        then: Mapping[str, list[Ask]],
        parallel: int,
        *,
        names: Iterable[str] = (),
        existing: Iterable[str] = (),
    ) -> None:
        """Begin to ask for the functions `names`; of those that exist, what `then` has for them.

        `existing` are functions that are known to exist.
        """
        super().__init__(clients)
        self._then = then
        # One pool an operation: each waits for its own quota, and keeps no other waiting.
        operations = {"GetFunction"} | {ask.operation for asks in then.values() for ask in asks}
        self._pools = {one: Threads(parallel, f"ahead-{one}") for one in operations}
        self._answers: dict[Ask, Future[dict[str, Any]]] = {}
        for name in names:
            self._begin(Ask("GetFunction", (("FunctionName", name),)), name)
        for name in existing:
            self._go_on(name)

    def _begin(self, ask: Ask, name: str = "") -> None:
        self._answers[ask] = self._pools[ask.operation].submit(self._ask, ask, name)

    def _ask(self, ask: Ask, name: str) -> dict[str, Any]:
        answer = self.clients.call("lambda", ask.operation, **dict(ask.parameters))
        # Before this answer is known, so that nobody asks the same meanwhile.
        self._go_on(name)
        return answer

    def _go_on(self, name: str) -> None:
        for follower in self._then.get(name, ()):
            try:
                self._begin(follower)
            except RuntimeError:  # closed: nobody wants it any more
                return

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """As `Clients.call`; waits for the answer where it was asked for already."""
        if operation in self._pools:
            answer = self._answers.pop(Ask(operation, tuple(parameters.items())), None)
            if answer is not None:
                return answer.result()
        return super().call(service, operation, **parameters)

    def close(self) -> None:
        """Ask for nothing more."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
