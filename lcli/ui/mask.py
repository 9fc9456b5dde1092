"""Secrets hidden from every output."""

from __future__ import annotations

from collections.abc import Iterable

MASKED = "(secret)"


class Mask:
    """Replaces known secrets inside any text."""

    def __init__(self, secrets: Iterable[str] = (), *, show: bool = False) -> None:
        # Longest first, so that a secret which contains another one goes as a whole. Very short
        # ones would mask every "1" of the output; their fields are marked anyway.
        self._secrets = sorted({s for s in secrets if len(s) > 3}, key=len, reverse=True)
        self.show = show

    def text(self, text: str) -> str:
        """The text without any of the known secrets."""
        if not self.show:
            for secret in self._secrets:
                text = text.replace(secret, MASKED)
        return text
