"""What all execution environments share, and the states of one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from lcli.local.log_sink import LogSink
from lcli.local.runtime.guard import Guard


class State(Enum):
    """Of an environment, in the order in which they come."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    FINISHING = "finishing"
    """It has answered and has not asked for the next event yet."""
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Site:
    """What all environments of the local cloud share."""

    directory: Path
    endpoint: str
    sink: LogSink
    guard: Guard
    freeze: bool
