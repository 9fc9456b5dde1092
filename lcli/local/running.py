"""The daemon that its state file names.

The file (daemon.json in the state directory, 0600) tells address, process id, start time, version
and the token for the private paths. The process itself is `lcli.local.process`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from lcli import __version__
from lcli.local.build import build


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon that answers."""

    url: str
    """The endpoint URL for the SDKs: ``http://127.0.0.1:PORT``."""
    pid: int
    started: float
    """Seconds since 1970, as the system tells it."""
    version: str
    token: str
    """For the private paths; no output shows it."""
    log: str
    """Path of its log file."""
    build: str = ""
    """See `lcli.local.build`; older ones had none."""

    @property
    def current(self) -> bool:
        """It runs the code that this process has."""
        return (self.version, self.build) == (__version__, build())

    @classmethod
    def read(cls, home: Path) -> Running | None:
        """From the state file; None if there is none or it makes no sense."""
        known = {each.name for each in fields(cls)}
        try:
            told = json.loads((home / "daemon.json").read_text())
            # Another build may tell more.
            return cls(**{name: told[name] for name in told if name in known})
        except (OSError, ValueError, TypeError):
            return None

    def process(self) -> Any:
        """Its psutil.Process; None if it is gone and its id perhaps somebody else's."""
        import psutil

        try:
            process = psutil.Process(self.pid)
            # Start times move a little when the clock is set.
            same = abs(process.create_time() - self.started) < 5
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None
