from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_world import World, by_key, key, thing, toys

from lcli.deploy.plan import Plan, plan
from lcli.deploy.scope import Scope
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.model import Action, Actual, Change, Key, Ref, Resource, Verb

ALL = Scope(frozenset({"f", "g"}))


def planned(
    desired: dict[Key, Resource],
    existing: dict[Key, Resource] | None = None,
    scope: Scope = ALL,
    *,
    foreign: str = "",
) -> Plan:
    actual = {
        k: Actual(one, ours=str(k) != foreign, owner="team B" if str(k) == foreign else "")
        for k, one in (existing or {}).items()
    }
    return plan(desired, actual, toys(World()), scope)


def lines(made: Plan) -> list[str]:
    return [f"{action.verb.value} {action.resource.key}" for action in made.changes]


ROLE = thing("role r", Path="/")
FUNCTION = thing("function fn", "role r", Memory=128, PackageType="Zip")
PARTS = thing("parts fn", "function fn", Parts=("alias=live", "permissions"))
VERSION = thing("version fn", "function fn", Memory=128)
ALIAS = thing("alias fn:live", "version fn", "parts fn", Version="1")
PERMISSION = thing("permission fn:live/s3", "alias fn:live", Principal="s3")
NOTIFICATION = thing("notification b/1", "permission fn:live/s3", shared="bucket b", Prefix="")
EVERYTHING = by_key(ROLE, FUNCTION, PARTS, VERSION, ALIAS, PERMISSION, NOTIFICATION)


def test_everything_is_made_after_what_it_needs() -> None:
    assert lines(planned(EVERYTHING)) == [
        "create role r",
        "create function fn",
        "create parts fn",
        "create version fn",
        "create alias fn:live",
        "create permission fn:live/s3",
        "create notification b/1",
    ]


def test_what_is_to_be_known_of_something_unchanged_is_a_notice() -> None:
    noted = Actual(FUNCTION, note="it keeps DurableConfig")
    made = plan({FUNCTION.key: FUNCTION}, {FUNCTION.key: noted}, toys(World()), ALL)
    assert made.empty
    assert made.notices == ("function fn: it keeps DurableConfig",)


def test_what_agrees_is_left_alone() -> None:
    made = planned(EVERYTHING, EVERYTHING)
    assert made.empty
    assert {action.verb for action in made.actions} == {Verb.NONE}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(
            replace(FUNCTION, fields={"Memory": 256, "PackageType": "Zip"}),
            Action(
                Verb.UPDATE,
                replace(FUNCTION, fields={"Memory": 256, "PackageType": "Zip"}),
                Actual(FUNCTION),
                (Change("Memory", 128, 256),),
            ),
            id="in place",
        ),
        pytest.param(
            replace(VERSION, fields={"Memory": 256}),
            Action(
                Verb.REPLACE,
                replace(VERSION, fields={"Memory": 256}),
                Actual(VERSION),
                (Change("Memory", 128, 256),),
                "a new one; the old one stays",
            ),
            id="a new version, the old one kept, unasked",
        ),
        pytest.param(
            replace(PERMISSION, fields={"Principal": "sns"}),
            Action(
                Verb.REPLACE,
                replace(PERMISSION, fields={"Principal": "sns"}),
                Actual(PERMISSION),
                (Change("Principal", "s3", "sns"),),
                "Principal cannot be changed in place",
            ),
            id="made again",
        ),
    ],
)
def test_each_change_is_named(changed: Resource, expected: Action) -> None:
    made = planned(EVERYTHING | {changed.key: changed}, EVERYTHING)
    assert made.changes == (expected,)


def test_what_lives_in_a_replaced_function_is_made_again() -> None:
    image = replace(FUNCTION, fields={"Memory": 128, "PackageType": "Image"})
    made = planned(EVERYTHING | {image.key: image}, EVERYTHING)
    assert lines(made) == [
        "replace function fn",
        "create parts fn",
        "create version fn",
        "create alias fn:live",
        "create permission fn:live/s3",
    ]
    assert made.confirmations == ("replaces function fn",)


def test_a_removed_trigger_goes_backwards_and_the_tag_is_shortened_last() -> None:
    desired = by_key(ROLE, FUNCTION, replace(PARTS, fields={"Parts": ("alias=live",)}))
    desired |= by_key(VERSION, replace(ALIAS, fields={"Version": "2"}))
    made = planned(desired, EVERYTHING)
    assert lines(made) == [
        "update alias fn:live",
        "delete notification b/1",
        "delete permission fn:live/s3",
        "update parts fn",
    ]


def test_the_tag_names_old_and_new_parts_while_both_exist() -> None:
    parts = replace(PARTS, fields={"Parts": ("alias=prod",)})
    alias = thing("alias fn:prod", "version fn", "parts fn", Version="1")
    made = planned(by_key(ROLE, FUNCTION, parts, VERSION, alias), EVERYTHING)
    assert lines(made) == [
        "update parts fn",
        "create alias fn:prod",
        "delete notification b/1",
        "delete permission fn:live/s3",
        "delete alias fn:live",
        "update parts fn",
    ]
    grown, shrunk = (action for action in made.changes if action.resource.key == parts.key)
    assert grown.resource.fields == {"Parts": ("alias=live", "alias=prod", "permissions")}
    assert shrunk.resource.fields == {"Parts": ("alias=prod",)}


def test_a_function_that_left_is_told_of_and_kept() -> None:
    made = planned({}, EVERYTHING, Scope(frozenset({"g"})))
    assert made.empty
    assert made.notices == ("function f (fn) has left the manifest; --prune deletes it",)


def test_a_leftover_that_shares_a_source_is_warned_of() -> None:
    old = thing("notification old<-q", function="old", From="arn:q")
    new = thing("notification new<-q", function="f", From="arn:q")
    assert planned(by_key(new), by_key(old)).notices == (
        "function old (notification old<-q) has left the manifest; --prune deletes it",
        "WARNING: function old, which has left the manifest, still polls arn:q, as f does: a "
        "queue's messages reach one of the two, a stream's records both; --prune ends that",
    )


def test_a_pruned_function_takes_its_contents_along() -> None:
    made = planned({}, EVERYTHING, Scope(frozenset({"g"}), prune=True))
    assert lines(made) == ["delete notification b/1", "delete function fn", "delete role r"]


def test_what_is_not_named_is_not_touched() -> None:
    made = planned({}, EVERYTHING, Scope(frozenset({"f", "g"}), frozenset({"g"})))
    assert made == Plan()


def test_an_api_goes_last_and_stays_while_routes_do() -> None:
    api = thing("api a", function="")
    old = thing("route GET /", "api a", function="old")
    gone = planned({}, by_key(api, old), Scope(frozenset(), prune=True))
    kept = planned({}, by_key(api, old), Scope(frozenset()))
    assert lines(gone) == ["delete route GET /", "delete api a"]
    assert lines(kept) == []


def test_what_a_route_led_to_goes_after_it_leads_to_another_function() -> None:
    api = thing("api a", function="")
    fn = thing("function fn")
    allowed = thing("permission fn/api", "function fn", Principal="api")
    was = thing("route GET /", "api a", "permission fn/api", Target="f")
    before = by_key(api, fn, allowed, was)
    now = thing("route GET /", "api a", function="g", Target="g")
    moved = planned(by_key(api, fn, now), before)
    assert lines(moved) == ["update route GET /", "delete permission fn/api"]
    pruned = planned(by_key(api, now), before, Scope(frozenset({"g"}), prune=True))
    assert lines(pruned) == ["update route GET /", "delete function fn"]
    for made in (moved, pruned):
        assert made.after[-1] >= {made.actions.index(made.changes[0])}


def test_what_belongs_to_others_is_refused_with_its_owner() -> None:
    wanted = replace(FUNCTION, where="lcli.yaml:7:3", fields=FUNCTION.fields | {"Memory": 1024})
    made = planned(EVERYTHING | {wanted.key: wanted}, EVERYTHING, foreign="function fn")
    assert made.refusals == (
        Problem(
            "not-ours",
            "function fn exists already and belongs to team B",
            "lcli.yaml:7:3",
            "choose another name, or take it over with `lcli deploy --adopt f`",
        ),
    )


def test_what_is_adopted_is_changed() -> None:
    wanted = replace(FUNCTION, fields=FUNCTION.fields | {"Memory": 1024})
    scope = replace(ALL, adopt=frozenset({"f"}))
    made = planned(EVERYTHING | {wanted.key: wanted}, EVERYTHING, scope, foreign="function fn")
    assert [(action.verb, action.reason) for action in made.changes] == [
        (Verb.UPDATE, "taken over from team B")
    ]


def test_foreign_things_are_never_deleted() -> None:
    made = planned(
        by_key(ROLE, FUNCTION, PARTS, VERSION, ALIAS, NOTIFICATION),
        EVERYTHING,
        foreign="permission fn:live/s3",
    )
    assert made.empty


def test_a_circle_is_told() -> None:
    a = thing("function a", "function b")
    b = replace(thing("function b", "function a"), where="lcli.yaml:3:1")
    with pytest.raises(LcliError) as raised:
        planned(by_key(a, b))
    assert raised.value.exit_code is ExitCode.USAGE
    assert raised.value.problems[0].code == "circle"
    assert raised.value.problems[0].what in (
        "these need one another in a circle: function a → function b → function a",
        "these need one another in a circle: function b → function a → function b",
    )


def referring(version: Resource) -> dict[Key, Resource]:
    alias = thing("alias fn:live", "function fn", Version=Ref(key("version fn"), "arn"))
    return by_key(ROLE, FUNCTION, version, alias)


@pytest.mark.parametrize(
    ("memory", "expected"),
    [
        pytest.param(128, [], id="to what stays as it is"),
        pytest.param(
            256, ["replace version fn", "update alias fn:live"], id="to what is made anew"
        ),
    ],
)
def test_references_are_compared_by_what_they_refer_to(memory: int, expected: list[str]) -> None:
    old = referring(VERSION) | by_key(thing("alias fn:live", "function fn", Version="7"))
    actual = {k: Actual(one, {"arn": "7"}) for k, one in old.items()}
    desired = referring(replace(VERSION, fields={"Memory": memory}))
    made = plan(desired, actual, toys(World()), ALL)
    assert lines(made) == expected


def test_what_lets_everybody_in_wants_a_word() -> None:
    scope = replace(ALL, exposing={PERMISSION.key: "everybody may call fn"})
    assert planned(EVERYTHING, {}, scope).confirmations == ("everybody may call fn",)
    assert planned(EVERYTHING, EVERYTHING, scope).confirmations == ()


def test_what_others_own_is_kept_though_nothing_desires_it() -> None:
    scope = replace(ALL, kept=frozenset({NOTIFICATION.key}))
    without = {k: one for k, one in EVERYTHING.items() if k != NOTIFICATION.key}
    assert planned(without, EVERYTHING, scope).empty


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[Key, Resource], dict[Key, Resource]]:
    """Desired and existing things of two functions, each needing some of those before it."""
    names = [f"{kind} {n}" for kind in ("role", "api", "route", "notification") for n in "abc"]
    desired: dict[Key, Resource] = {}
    existing: dict[Key, Resource] = {}
    for index, name in enumerate(names):
        # One number for all that is chosen of a thing: many draws take most of a test's time.
        left = draw(st.integers(0, 3 * 2**4 * (index + 1) ** 3 - 1))

        def choose(count: int) -> int:
            nonlocal left
            left, chosen = divmod(left, count)
            return chosen

        function, size, is_desired, exists, was = map(choose, (3, 2, 2, 2, 2))
        needs = [names[n - 1] for n in map(choose, (index + 1,) * 3) if n]
        made = thing(name, *needs, function=("f", "g", "")[function], size=size)
        if is_desired:
            desired[made.key] = made
        if exists:
            existing[made.key] = replace(made, fields={"size": was})
    return desired, existing


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_any_order_is_valid(both: tuple[dict[Key, Resource], dict[Key, Resource]]) -> None:
    desired, existing = both
    made = planned(desired, existing)
    at = {(a.verb is Verb.DELETE, a.resource.key): n for n, a in enumerate(made.actions)}
    for position, action in enumerate(made.actions):
        assert all(earlier < position for earlier in made.after[position])
        gone = action.verb is Verb.DELETE
        for need in action.resource.needs:
            if (gone, need) in at:
                first, second = sorted((at[gone, need], position))
                assert (first == position) is gone
                assert first in made.after[second]
    assert {a.resource.key for a in made.actions if a.verb is not Verb.DELETE} == set(desired)
    assert key("role z") not in {a.resource.key for a in made.actions}


@settings(max_examples=50, deadline=None)
@given(worlds())
def test_doing_the_plan_leaves_nothing_to_do(
    both: tuple[dict[Key, Resource], dict[Key, Resource]],
) -> None:
    desired, existing = both
    after = dict(existing)
    for action in planned(desired, existing).changes:
        if action.verb is Verb.DELETE:
            del after[action.resource.key]
        else:
            after[action.resource.key] = action.resource
    assert planned(desired, after).empty
