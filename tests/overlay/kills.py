"""Runs of one step that are killed at chosen calls, each followed by a run that is not."""

from __future__ import annotations

import difflib
import itertools
from pathlib import Path
from typing import Any

from app_on_cloud import OnCloud

from overlay.account import everything
from overlay.apps import LIVES, Dying, Killed, app_on, left_to_do, nothing

ACCOUNTS = itertools.count(300000000001)


class Points:
    """The calls of one step at which it can be killed.

    One call at a time, the states between calls are those after each change: a read leaves what
    there was, and before the next call is after the one before it.
    """

    def __init__(self, url: str, directory: Path, life: str) -> None:
        self.url, self.directory = url, directory
        self.before, self.step = LIVES[life]
        app = self._app()
        self.changes = self._run(app, Dying(app.session(), 0)).calls
        self.undisturbed = self._everything(app)
        nothing(app)

    def _app(self) -> OnCloud:
        """In an account of its own: numbers of layer versions never start again."""
        app = app_on(self.url, str(next(ACCOUNTS)), self.directory)
        self.before(app)
        return app

    def _run(self, app: OnCloud, clients: Dying, parallel: int = 1) -> Dying:
        app.clients = clients
        try:
            self.step(app, parallel)
        except Killed:
            pass
        finally:
            app.clients = None
        return clients

    def _everything(self, app: OnCloud) -> list[str]:
        return [line.replace(app.account, "ACCOUNT") for line in everything(app.session())]

    def check(self, k: int, *, told: str, parallel: int = 1, **how: Any) -> None:
        """Kill at call k, run again, compare with the account of an undisturbed run."""
        app = self._app()
        self._run(app, Dying(app.session(), k, **how), parallel)
        self.step(app)
        held = self._everything(app)
        difference = list(difflib.unified_diff(self.undisturbed, held, lineterm="", n=0))
        assert not difference, "\n".join([told, *difference])
        assert not (left := left_to_do(app, self.step)), f"{told}: {left}"
        nothing(app)
