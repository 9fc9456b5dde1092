"""In whatever order a plan's edges allow, Lambda accepts each step; by going through all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import pytest

from lcli.deploy.concurrency import Concurrency, concurrency
from lcli.resources.concurrency import provisioned_concurrency, reserved_concurrency
from lcli.resources.model import Action, Actual, Key, Resource, Verb
from lcli.resources.naming import function_key

FUNCTION = Actual(Resource(function_key("fn"), {}), {"reserved": ""})
VERSION = Actual(Resource(Key("version", "fn"), {}), {"number": "1"})
LIVE = Actual(Resource(Key("alias", "fn:live"), {"FunctionVersion": "1"}))


def actions_of(before: Resource | None, after: Resource | None) -> Iterator[Action]:
    """What makes the one the other."""
    actual = Actual(before) if before else None
    if after and before != after:
        yield Action(Verb.UPDATE if before else Verb.CREATE, after, actual)
    elif before:
        yield Action(Verb.NONE if after else Verb.DELETE, before, actual)


def change(
    reserved: tuple[int | None, int | None], live: tuple[int, int], new: int, *, publishes: bool
) -> tuple[list[Action], Concurrency | None]:
    """What is provisioned at live and, afterwards, at next, before and after."""
    r = [None if n is None else reserved_concurrency("f", "fn", n) for n in reserved]
    p = [provisioned_concurrency("f", "fn", "live", n) if n else None for n in live]
    q = provisioned_concurrency("f", "fn", "next", new) if new else None
    actions = [*actions_of(r[0], r[1]), *actions_of(p[0], p[1]), *actions_of(None, q)]
    function = Actual(FUNCTION.resource, {"reserved": "" if r[0] is None else str(reserved[0])})
    alias = Resource(Key("alias", "fn:next"), {})
    around = [
        Action(Verb.NONE, FUNCTION.resource, function),
        Action(Verb.REPLACE if publishes else Verb.NONE, VERSION.resource, VERSION),
        Action(Verb.CREATE, alias),
    ]
    actual = {one.resource.key: one for one in (function, VERSION, LIVE)}
    actual |= {p[0].key: Actual(p[0])} if p[0] else {}
    found = concurrency([*actions, *around], actual)
    return actions, found[0] if found else None


def accepted(actions: list[Action], order: tuple[int, ...], *, publishes: bool) -> bool:
    """Whether Lambda takes each step."""
    held = {one.actual.resource.key.name: one.actual.resource for one in actions if one.actual}
    for index in order:
        resource = actions[index].resource
        held[resource.key.name] = resource
        if actions[index].verb is Verb.DELETE:
            del held[resource.key.name]
        numbers = {name: next(iter(one.fields.values())) for name, one in held.items()}
        limit = numbers.pop("fn", 99)
        if sum(map(int, map(str, numbers.values()))) > int(str(limit)) and (
            actions[index].verb is not Verb.DELETE  # less is always taken
        ):
            return False
        if len(numbers) > 1 and not publishes:
            return False
    return True


LIMITS = (None, 0, 1, 2, 3, 4)
RENAMED = [((n, 0), m) for n in (1, 2, 3) for m in (0, 1, 2, 3)]
KEPT = [((n, m), 0) for n in (0, 1, 2, 3) for m in (0, 1, 2, 3)]


@pytest.mark.parametrize("publishes", [False, True])
def test_each_step_is_accepted(publishes: bool) -> None:
    tried = 0
    for before, after in product(LIMITS, LIMITS):
        for live, new in RENAMED + KEPT:
            if live[0] > (99 if before is None else before):
                continue  # cannot be so
            actions, found = change((before, after), live, new, publishes=publishes)
            if found is None:
                continue
            if live[1] + new > (99 if after is None else after):
                assert [one.code for one in found.problems()] == ["provisioned-over-reserved"]
                continue
            assert not list(found.problems())
            changes = [i for i, one in enumerate(actions) if one.verb is not Verb.NONE]
            edges = set(found.order())
            orders = [
                order
                for order in permutations(changes)
                if all(order.index(first) < order.index(then) for first, then in edges)
            ]
            assert orders, (before, after, live, new)
            for order in orders:
                told = (before, after, live, new, order)
                assert accepted(actions, order, publishes=publishes), told
            tried += 1
    assert tried > 300


def test_what_failed_is_given_up_first_too() -> None:
    actions, _ = change((None, None), (1, 0), 1, publishes=False)
    failed = provisioned_concurrency("f", "fn", "live", 0)
    actual = {failed.key: Actual(failed)} | {LIVE.resource.key: LIVE, VERSION.resource.key: VERSION}
    around = [
        Action(Verb.NONE, VERSION.resource, VERSION),
        Action(Verb.CREATE, Resource(Key("alias", "fn:next"), {})),
    ]
    (found,) = concurrency([*actions, *around], actual)
    assert list(found.order()) == [(0, 1)]


@pytest.mark.parametrize(
    ("reserved", "publishes", "gap"),
    [
        (4, True, False),
        (None, True, False),
        (3, True, True),
        (4, False, True),
        (None, False, True),
    ],
)
def test_the_new_comes_first_where_it_can(reserved: int | None, publishes: bool, gap: bool) -> None:
    actions, found = change((reserved, reserved), (2, 0), 2, publishes=publishes)
    assert found is not None
    old, new = len(actions) - 2, len(actions) - 1
    assert list(found.order()) == [(old, new) if gap else (new, old)]
    assert bool(found.notice()) is gap
