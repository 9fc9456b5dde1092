"""What a plan may touch: the functions that a command names, and what it may do to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lcli.resources.model import Key

LOGS = frozenset({"log_group"})
"""The kind that stays unless it is asked for (`--logs`)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a plan may touch."""

    known: frozenset[str]
    """Keys of all the manifest's functions, also of those that the command does not name."""
    named: frozenset[str] | None = None
    """Keys of the functions that the command names; None for all."""
    prune: bool = False
    """Whether functions that left the manifest go too."""
    adopt: frozenset[str] = frozenset()
    """Keys of functions that are taken over although their tags are not ours."""
    kept: frozenset[Key] = frozenset()
    """What somebody else owns (the manifest's ``ignore:``): never deleted."""
    is_deletion: bool = False
    """Deleting is what was asked for: neither a reason nor a word is wanted for each thing."""
    sends_unseen: bool = True
    """Whether what AWS does not show is sent, since it may be otherwise: not by who only looks."""
    released: frozenset[str] = frozenset()
    """Kinds that go although they usually stay (log groups with ``delete --logs``)."""
    exposing: Mapping[Key, str] = field(default_factory=dict)
    """What wants a word from the user when it is made or changed, and why: it lets everybody in."""

    def covers(self, function: str) -> bool:
        """Whether things of that function may be changed; "" stands for what the app shares."""
        return self.named is None or function in self.named
