"""What `apply` tells while it works; a progress view, a plain log and NDJSON listen.

All events come from one thread, the one that called `apply`. Seconds count from the action's start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lcli.errors import Problem
from lcli.resources.model import Action


@dataclass(frozen=True, slots=True)
class Started:
    """An action begins."""

    action: Action


@dataclass(frozen=True, slots=True)
class Doing:
    """What an action is doing or waiting for now."""

    action: Action
    doing: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """An action is done."""

    action: Action
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """An action could not be done."""

    action: Action
    problems: tuple[Problem, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """An action was not tried: something failed before it, or the run was stopped."""

    action: Action
    because: str


Event = Started | Doing | Finished | Failed | Skipped


class Listener(Protocol):
    """Takes events; what it raises ends the run."""

    def __call__(self, event: Event, /) -> None:
        """Show the event."""


def silent(event: Event) -> None:
    """A listener that shows nothing."""
