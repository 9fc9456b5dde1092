"""One event source mapping as a poller sees it: settings as they are now, and its function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lcli.local.lambda_api import LambdaApi
from lcli.local.lambda_api.state import EventSourceMapping, Region
from lcli.local.targets import Answer, Targets

BATCH_BYTES = 6 * 1024 * 1024
"""A batch's largest payload (invocation payload limit)."""


@dataclass(slots=True)
class Mapping:
    """What a poller needs; `settings` change under it when the mapping is updated."""

    state: EventSourceMapping
    region: Region
    targets: Targets
    wait: Callable[[float], float]
    """Seconds to wait for something that Lambda waits so long for."""

    @property
    def settings(self) -> dict[str, Any]:
        """By their API names."""
        return self.state.settings

    @property
    def source(self) -> str:
        """The event source's ARN."""
        return str(self.settings["EventSourceArn"])

    @property
    def function(self) -> str:
        """The function's ARN, with the alias or version that was given."""
        return str(self.settings["FunctionArn"])

    @property
    def active(self) -> bool:
        """Whether to poll: enabled, not about to go, and with a function to call."""
        going = self.state.change in ("Deleting", "Disabling")
        return self.state.enabled and not going and self.targets.exists(self.function)

    def number(self, name: str, default: int) -> int:
        """A setting that is a number."""
        value = self.settings.get(name)
        return default if value is None else int(value)

    async def call(self, event: dict[str, Any]) -> Answer:
        """Invoke the function with a batch and wait."""
        answer = await self.targets.call(self.function, encoded(event))
        if "LastProcessingResult" in self.settings:
            failed = f"PROBLEM: Function call failed ({answer.error})"
            self.settings["LastProcessingResult"] = failed if answer.failed else "OK"
        return answer


def encoded(event: Any) -> bytes:
    """An event's JSON."""
    return json.dumps(event, separators=(",", ":")).encode()


def mappings(api: LambdaApi) -> Iterator[tuple[Region, EventSourceMapping]]:
    """Every mapping of every account and region."""
    for region in api.regions():
        for state in list(region.mappings.values()):
            yield region, state
