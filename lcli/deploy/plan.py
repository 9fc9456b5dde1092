"""Desired and actual resources → what to do; pure. The order is that of lcli/deploy/order.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lcli.deploy.concurrency import Concurrency, concurrency
from lcli.deploy.containers import Containers
from lcli.deploy.leftovers import Leftovers
from lcli.deploy.order import before, in_steps
from lcli.deploy.parts_tag import split
from lcli.deploy.reserving import reserving
from lcli.deploy.scope import Scope
from lcli.deploy.wanted import Wanted
from lcli.errors import Problem
from lcli.resources.kind import Kind
from lcli.resources.model import Action, Actual, Key, Resource, Verb


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` does: actions in a valid order, and for each those that come before it."""

    actions: tuple[Action, ...] = ()
    """NONE included: their outputs settle others' references."""
    after: tuple[frozenset[int], ...] = ()
    """For each action the positions of those that must have succeeded before it."""
    notices: tuple[str, ...] = ()
    refusals: tuple[Problem, ...] = ()
    """What stands in the way; a plan with refusals is not applied."""
    refused: frozenset[str] = frozenset()
    """Keys of the functions of which something belongs to others."""

    @property
    def changes(self) -> tuple[Action, ...]:
        """The actions that do something."""
        return tuple(action for action in self.actions if action.verb is not Verb.NONE)

    @property
    def empty(self) -> bool:
        """Whether AWS holds everything already."""
        return not self.changes

    @property
    def confirmations(self) -> tuple[str, ...]:
        """What wants a word from the user before it is done."""
        return tuple(action.confirm for action in self.changes if action.confirm)


def plan(
    desired: Mapping[Key, Resource],
    actual: Mapping[Key, Actual],
    kinds: Mapping[str, Kind],
    scope: Scope,
) -> Plan:
    """The actions that make `actual` what is `desired`.

    Raises LcliError (USAGE) where resources need one another in a circle.
    """
    containers = Containers(desired, actual, kinds)
    wanted = Wanted(desired, actual, kinds, scope, containers)
    made = wanted.actions()
    left = Leftovers(desired, actual, kinds, scope, containers)
    gone = left.actions()
    grown, shortened = split(made)
    actions = [*grown, *shortened, *gone]
    shares = concurrency(actions, actual)
    order, after = _ordered(actions, containers, kinds, shares)
    return Plan(
        tuple(actions[index] for index in order),
        after,
        (*wanted.notices, *left.notices, *filter(None, (one.notice() for one in shares))),
        (*wanted.refusals, *left.refusals),
        frozenset(desired[key].function for key in wanted.refused),
    )


def _ordered(
    actions: Sequence[Action],
    containers: Containers,
    kinds: Mapping[str, Kind],
    shares: Sequence[Concurrency],
) -> tuple[list[int], tuple[frozenset[int], ...]]:
    """The actions' indexes in a valid order, and the new positions of what each comes after."""
    earlier = before(actions, containers.of_key)
    account = reserving(actions, kinds, shares)
    for index in account.taken:
        earlier[index] |= account.given_back.keys()
    for first, then in (edge for share in shares for edge in share.order()):
        earlier[first].discard(then)  # else what leaves a function goes last
        earlier[then].add(first)
    order = in_steps(actions, earlier)
    position = {old: new for new, old in enumerate(order)}
    return order, tuple(frozenset(position[one] for one in earlier[old]) for old in order)
