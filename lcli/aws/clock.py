"""The clock of the other side, as far as its answers tell."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import Any

_SAME = 2.0
"""Seconds: a date is cut to a second, and travels."""


class Clock:
    """How far this machine's clock is from that of who answers, by the answers' Date."""

    def __init__(self) -> None:
        self._date, self._received = "", 0.0

    def note(self, answer: Any) -> None:
        """Read the date of an answer of the SDK's, or of a refusal's."""
        metadata = answer.get("ResponseMetadata", {}) if isinstance(answer, dict) else {}
        if date := metadata.get("HTTPHeaders", {}).get("date"):
            self._date, self._received = date, time.time()

    @property
    def ahead(self) -> float:
        """Seconds by which this machine's clock is ahead; 0 within two, and before an answer."""
        if not self._date:
            return 0.0
        try:
            ahead = self._received - parsedate_to_datetime(self._date).timestamp()
        except ValueError:
            return 0.0
        return ahead if abs(ahead) > _SAME else 0.0

    def now(self) -> int:
        """Milliseconds since 1970 on the other side."""
        return int((time.time() - self.ahead) * 1000)
