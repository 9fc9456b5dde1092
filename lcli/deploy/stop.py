"""Why nothing more of a run is begun, in the region at hand and in those that follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lcli.aws.translate import ENDING
from lcli.errors import Problem

_INTERRUPTED = "the run was interrupted"
_NOT_ACCEPTED = "AWS does not accept these credentials for it"
_FAIL_FAST = "something failed before it (--fail-fast)"


@dataclass(slots=True)
class Stop:
    """One run's, shared by all its regions; what is in flight ends all the same."""

    fail_fast: bool = False
    interrupted: bool = False
    _failed: str = field(default="", init=False)

    @property
    def because(self) -> str:
        """Why nothing more is begun; empty while all goes on."""
        return _INTERRUPTED if self.interrupted else self._failed

    def fail(self, problems: Iterable[Problem]) -> None:
        """Note that these came up, which is the end where no other call will fare better."""
        if any(one.code in ENDING for one in problems):
            self._failed = _NOT_ACCEPTED
        elif self.fail_fast:
            self._failed = self._failed or _FAIL_FAST
