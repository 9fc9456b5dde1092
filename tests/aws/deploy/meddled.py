"""Somebody else who does something while a deploy is under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app_on_cloud import READS, OnCloud


@dataclass
class Meddled:
    """Real calls; just before (or after) one of them somebody else does something, once."""

    app: OnCloud
    operation: str = ""
    meddle: Callable[[], object] = lambda: None
    after: bool = False
    done: bool = False
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def region(self) -> str:
        return self.app.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.asked.append((operation, parameters))
        mine = operation == self.operation and not self.done
        if mine and not self.after:
            self.done = True
            self.meddle()
        answer = self.app.session().call(service, operation, **parameters)
        if mine and self.after:
            self.done = True
            self.meddle()
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        return self.app.session().pages(service, operation, **parameters)

    def changes(self) -> list[str]:
        return [name for name, _ in self.asked if not name.startswith(READS)]
