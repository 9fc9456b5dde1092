"""Threads that call AWS at once, and hold nobody who has no use for them any more."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any

DRAIN = 10.0
"""Seconds that what is in flight gets after the first Ctrl-C."""


class Threads(ThreadPoolExecutor):
    """A pool whose block ends at once where it raises: a call that hangs is not waited for.

    `lcli.__main__` leaves such calls behind at the end of the process.
    """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Begin nothing more; wait only where all went well."""
        self.shutdown(wait=kind is None, cancel_futures=True)


def interrupted(doing: Collection[Future[Any]], hasten: Callable[[], None] = lambda: None) -> bool:
    """Whether Ctrl-C came before all of this had ended.

    Then nothing more of it is begun, and what is in flight was given `DRAIN` seconds, after
    `hasten` was called.
    """
    try:
        wait(doing)
    except KeyboardInterrupt:
        hasten()
        wait([one for one in doing if not one.cancel()], DRAIN)
        return True
    return False
