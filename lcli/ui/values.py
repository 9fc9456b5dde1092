"""Field values as a person or a program reads them; secrets masked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from lcli.resources.model import Change, Ref, Text, Value

MASKED = "(secret)"


class Mask:
    """Hides secret values: whole fields that are marked, and known secrets inside any text."""

    def __init__(self, secrets: Iterable[str] = (), *, show: bool = False) -> None:
        # Longest first, so that a secret which contains another one goes as a whole. Very short
        # ones would mask every "1" of the output; their fields are marked anyway.
        self._secrets = sorted({s for s in secrets if len(s) > 3}, key=len, reverse=True)
        self._show = show

    def text(self, text: str) -> str:
        """The text without any of the known secrets."""
        if not self._show:
            for secret in self._secrets:
                text = text.replace(secret, MASKED)
        return text

    def change(self, change: Change) -> tuple[Value, Value]:
        """Before and after, fit to be shown; an absent side stays None."""
        return self._side(change, change.before), self._side(change, change.after)

    def _side(self, change: Change, value: Value) -> Value:
        if value is None or self._show:
            return plain(value)
        if change.secret:
            return MASKED
        return json.loads(self.text(json.dumps(plain(value))))  # type: ignore[no-any-return]


def plain(value: Value) -> object:
    """The value as JSON takes it; what AWS has yet to choose as ``(known after apply)``."""
    if isinstance(value, Ref | Text):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    return value


def brief(value: Value, width: int = 100) -> str:
    """One line: strings as they are when that is unmistakable, else JSON; cut at `width`."""
    if value is None:
        return "(none)"
    if isinstance(value, str) and value and value == value.strip() and "\n" not in value:
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= width else text[: width - 1] + "…"
