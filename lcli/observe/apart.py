"""Reading a log in a thread of its own, for who does not wait for one that does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from lcli.aws.clients import AwsError, Clients, Relay

T = TypeVar("T")


class Apart(Generic[T]):
    """What `read` puts, which calls AWS by the clients that it is given.

    The thread is a daemon: one whose call hangs is left behind when the process ends.
    """

    def __init__(
        self,
        clients: Clients,
        read: Callable[[Clients, Callable[[T], None]], None],
        silence: float,
    ) -> None:
        """`silence` is for how many seconds without an answer of AWS's `over` waits."""
        self._heard = _Heard(clients)
        self._read = read
        self._silence = silence
        self._items: SimpleQueue[T] = SimpleQueue()
        self._ended: Future[None] = Future()
        Thread(target=self._run, daemon=True).start()

    def given(self) -> Iterator[T]:
        """What has come since the last time."""
        with suppress(Empty):
            while True:
                yield self._items.get_nowait()

    def over(self, seconds: float) -> bool:
        """Whether nothing more comes, within so many seconds; what has come is still `given`.

        Raises AwsError as `read` does, and Unreachable where AWS has been silent for too long.
        """
        with suppress(TimeoutError):
            self._ended.exception(seconds)
        if self._ended.done():
            self._ended.result()
            return True
        if time.monotonic() - self._heard.last > self._silence:
            message = f"no answer within {self._silence:.0f} s"
            raise AwsError("Unreachable", message, service="logs", operation="FilterLogEvents")
        return False

    def _run(self) -> None:
        try:
            self._read(self._heard, self._items.put)
            self._ended.set_result(None)
        except BaseException as error:
            self._ended.set_exception(error)


class _Heard(Relay):
    """Calls, and when the last answer came, be it a refusal; at first when they began."""

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients)
        self.last = time.monotonic()

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        try:
            answer = super().call(service, operation, **parameters)
        except AwsError as error:
            if error.status:
                self.last = time.monotonic()
            raise
        self.last = time.monotonic()
        return answer
