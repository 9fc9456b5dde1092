"""How long AWS has answered nothing, whoever of a session's threads asked."""

from __future__ import annotations

import time
from math import inf
from threading import Lock


class Silence:
    """Begins with a request and ends with any answer, a refusal included.

    So what goes on slowly is no silence, and who asks in the midst of one does not wait for it
    all anew.
    """

    def __init__(self) -> None:
        self._heard = -inf
        self._asked = inf
        """When the first request was sent since then."""
        self._lock = Lock()

    def asked(self) -> float:
        """Note that a request is sent; gives when."""
        now = time.monotonic()
        with self._lock:
            self._asked = min(self._asked, now)
        return now

    def heard(self) -> None:
        """Note that an answer came."""
        with self._lock:
            self._heard, self._asked = time.monotonic(), inf

    def since(self, asked: float) -> float:
        """Since when there is silence, for a call that was begun at `asked`."""
        with self._lock:
            return max(self._heard, min(asked, self._asked))
