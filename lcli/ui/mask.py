"""Secrets hidden from every output."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from lcli.aws.redacting import MASKED, pattern_of, without_signatures

if TYPE_CHECKING:
    import re


class Mask:
    """Replaces known secrets inside any text, also as JSON, URLs and base64 write them."""

    def __init__(self, secrets: Iterable[str] = (), *, show: bool = False) -> None:
        self._secrets = frozenset(secrets)
        self.show = show

    def text(self, text: str) -> str:
        """The text without any of the known secrets, nor what signs a request."""
        if self.show or not text:
            return text
        if self._pattern is not None:
            text = self._pattern.sub(MASKED, text)
        return without_signatures(text)

    def with_more(self, secrets: Iterable[str]) -> Mask:
        """One that hides these secrets, too."""
        return Mask(self._secrets.union(secrets), show=self.show)

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        return pattern_of(self._secrets)
