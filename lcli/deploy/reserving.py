"""Concurrency that a plan takes and gives back: all functions of an account share it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lcli.deploy.concurrency import Concurrency
from lcli.resources.kind import Kind
from lcli.resources.model import Action, Verb


@dataclass(frozen=True, slots=True)
class Reserving:
    """What some actions do to the concurrency that is left to all, by their positions."""

    taken: Mapping[int, int]
    given_back: Mapping[int, int]
    """What is back before anything more is taken."""

    @property
    def more(self) -> int:
        """By how much less is left to all afterwards."""
        return sum(self.taken.values()) - sum(self.given_back.values())


def reserving(
    actions: Sequence[Action], kinds: Mapping[str, Kind], shares: Iterable[Concurrency]
) -> Reserving:
    """Which of the actions take, and which give back first; `shares` are those of the actions.

    What a function loses goes after what is made for it. So what is deleted of a function that
    also takes (it has another name now) is back too late for it, and for others that wait alike.
    """
    amounts = {i: kinds[a.resource.key.kind].reserves(a) for i, a in enumerate(actions)}
    for index, amount in (one for share in shares for one in share.takes()):
        amounts[index] += amount
    taken = {index: amount for index, amount in amounts.items() if amount > 0}
    takers = {actions[index].resource.function for index in taken}
    return Reserving(
        taken,
        {
            index: -amount
            for index, amount in amounts.items()
            if amount < 0
            and not (
                actions[index].verb is Verb.DELETE and actions[index].resource.function in takers
            )
        },
    )
