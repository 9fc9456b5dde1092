"""Every plan can be done to its end: no step waits for itself, nor do all rules of a bucket."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from lcli.deploy.plan import Plan, plan
from lcli.deploy.schedule import Schedule
from lcli.deploy.scope import Scope
from lcli.resources import kinds
from lcli.resources.alias import alias
from lcli.resources.bucket_notification import bucket_notification
from lcli.resources.concurrency import amount, provisioned_concurrency, reserved_concurrency
from lcli.resources.function_tags import part_names
from lcli.resources.model import Actual, Key, Place, Ref, Resource, Verb
from lcli.resources.naming import attached_to, function_key, qualified
from lcli.resources.parts import parts
from lcli.resources.permission import permission

PLACE = Place("photos", "", "eu-west-1", "123456789012")
KINDS = kinds()


@dataclass(frozen=True)
class Fn:
    """What the manifest says of a function."""

    name: str = ""
    """Empty for ``photos-`` and its key."""
    alias: str = "live"
    """Empty for none."""
    s3: tuple[str, ...] = ()
    """``BUCKET/PREFIX``."""
    reserved: int | None = None
    provisioned: int = 0
    memory: int = 128
    package: str = "Zip"


App = Mapping[str, Fn]


def resources(app: App) -> dict[Key, Resource]:
    """What AWS is to hold."""
    return {one.key: one for key, fn in app.items() for one in of_function(key, fn)}


def of_function(key: str, fn: Fn) -> list[Resource]:
    name = fn.name or f"photos-{key}"
    role = Resource(Key("role", f"{name}-role"), {"Path": "/"}, function=key)
    settings = {"MemorySize": fn.memory, "PackageType": fn.package}
    made = Resource(function_key(name), settings, (role.key,), function=key)
    own = [] if fn.reserved is None else [reserved_concurrency(key, name, fn.reserved)]
    if fn.alias:
        own.append(alias(key, name, fn.alias))
        if fn.provisioned:
            own.append(provisioned_concurrency(key, name, fn.alias, fn.provisioned))
    for bucket in sorted({one.partition("/")[0] for one in fn.s3}):
        may = permission(
            PLACE,
            name,
            fn.alias,
            principal="s3.amazonaws.com",
            source_arn=f"arn:aws:s3:::{bucket}",
            function=key,
        )
        own.append(may)
        own += [
            bucket_notification(
                PLACE,
                bucket,
                function=key,
                function_arn=f"arn:aws:lambda:::{qualified(name, fn.alias)}",
                events=["s3:ObjectCreated:*"],
                prefix=one.partition("/")[2],
                needs=(*attached_to(name, fn.alias), may.key),
            )
            for one in fn.s3
            if one.startswith(f"{bucket}/")
        ]
    version = Resource(Key("version", name), settings, (made.key,), function=key)
    tag = parts(key, name, tuple(sorted(part_names(one.key for one in own))))
    return [role, made, tag, *([version] if fn.alias else []), *own]


def held(app: App, after: App) -> dict[Key, Actual]:
    """What AWS holds after a deploy; it belongs to whom the manifest gives the name afterwards."""
    found = resources(app)
    owners = {fn.name or f"photos-{key}": key for key, fn in after.items()}
    names = {key: fn.name or f"photos-{key}" for key, fn in app.items()}

    def actual(one: Resource) -> Actual:
        reserved = found.get(Key("reserved_concurrency", one.key.name))
        outputs = defaultdict(str, number="1", reserved=str(amount(reserved)) if reserved else "")
        settled = {
            name: "1" if isinstance(value, Ref) else value for name, value in one.fields.items()
        }
        function = owners.get(names[one.function], one.function)
        return Actual(replace(one, fields=settled, function=function), outputs)

    return {key: actual(one) for key, one in found.items()}


def planned(before: App, after: App) -> Plan:
    scope = Scope(frozenset(after), prune=True)
    return plan(resources(after), held(before, after), KINDS, scope)


def done(made: Plan) -> list[int]:
    """The positions of the actions in an order in which their steps are due."""
    schedule = Schedule(made, KINDS)
    order: list[int] = []
    while step := schedule.take():
        order += step.actions
        schedule.end(step)
    waiting = [index for step in schedule.open() for index in step.actions]
    told = [f"{made.actions[i].verb.value} {made.actions[i].resource.key}" for i in waiting]
    assert told == []
    return order


A, B, C, D = "pics/a", "pics/b", "pics/c", "pics/d"
MOVED = {
    "trigger and reservation swap": (
        {"f": Fn(s3=(A,)), "g": Fn(reserved=5)},
        {"f": Fn(reserved=5), "g": Fn(s3=(B,))},
    ),
    "both triggers change": (
        {"f": Fn(s3=(A,)), "g": Fn(s3=(C,), reserved=5)},
        {"f": Fn(s3=(B,), reserved=5), "g": Fn(s3=(D,))},
    ),
    "pruned, and a new function on its bucket": (
        {"f": Fn(s3=(A,)), "old": Fn(s3=(B,), reserved=5)},
        {"f": Fn(reserved=5), "new": Fn(s3=(B,))},
    ),
    "provisioned becomes reserved": (
        {"f": Fn(s3=(A,)), "g": Fn(s3=(C,), provisioned=2)},
        {"f": Fn(reserved=3), "g": Fn(s3=(D,))},
    ),
    "two functions swap their buckets": (
        {"f": Fn(s3=(A,)), "g": Fn(s3=("docs/b",))},
        {"f": Fn(s3=("docs/a",)), "g": Fn(s3=(B,))},
    ),
    "one function: another alias and another prefix, no room for both": (
        {"f": Fn(s3=(A,), reserved=2, provisioned=2)},
        {"f": Fn(s3=(B,), reserved=2, provisioned=2, alias="next")},
    ),
}


@pytest.mark.parametrize(("before", "after"), MOVED.values(), ids=MOVED)
def test_what_is_written_together_waits_for_nothing_of_its_own(before: App, after: App) -> None:
    assert done(planned(before, after))


def some_app(r: random.Random) -> App:
    names = r.sample(["n1", "n2", "n3"], 3)
    return {key: some_function(r, names.pop()) for key in r.sample("abcd", r.randint(1, 3))}


def some_function(r: random.Random, name: str) -> Fn:
    return Fn(
        name,
        r.choice(["live", "live", "next", ""]),
        tuple(one for one in (f"x/{name}1", f"x/{name}2", f"y/{name}") if r.random() < 0.4),
        r.choice([None, None, 2, 5, 8]),
        r.choice([0, 0, 1, 2]),
        r.choice([128, 256]),
        r.choice(["Zip", "Zip", "Zip", "Image"]),
    )


def test_no_change_of_an_app_waits_for_itself() -> None:
    r = random.Random(7)
    for _ in range(400):
        made = planned(some_app(r), some_app(r))
        at = {index: place for place, index in enumerate(done(made))}
        assert len(at) == len(made.actions)
        what = {
            (a.verb is Verb.DELETE, a.resource.key): i for i, a in [*enumerate(made.actions)][::-1]
        }
        for index, action in enumerate(made.actions):
            gone = action.verb is Verb.DELETE
            for need in action.resource.needs:
                if (gone, need) in what:
                    assert (at[what[gone, need]] < at[index]) is not gone
