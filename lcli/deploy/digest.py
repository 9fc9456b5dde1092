"""The tag ``lcli:digest``: what a function was last deployed as, so that `--quick` need not look.

It covers all that the manifest says of a function: what belongs to it (role, log group, code,
version, alias, permissions, triggers …) and what it shares with others (the HTTP API, layers).
Values that AWS chooses count as what they refer to. Values of environment variables are left out,
since tags are seen by more people than environments: `--quick` compares them with what AWS holds.

The tag is taken away before the first change that touches a function, and written when everything
of that function is done. So a run that is killed leaves no tag that says more than is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.aws.threads import Threads
from lcli.aws.translate import explain
from lcli.deploy.events import Event, Finished, Listener
from lcli.deploy.plan import Plan
from lcli.deploy.sharing import shared_by, users
from lcli.errors import Problem
from lcli.resources.function_actual import environment_paths
from lcli.resources.function_state import GONE
from lcli.resources.function_tags import DIGEST
from lcli.resources.model import Action, Actual, Key, Place, Ref, Resource, Text, Value, Verb

FORMAT = "1"
"""Changes when the same manifest comes to mean something else in AWS."""


@dataclass(frozen=True, slots=True)
class Digests:
    """The digests of a manifest's functions."""

    of: Mapping[str, str] = field(default_factory=dict)
    """By the function's AWS name."""
    shared: Mapping[Key, frozenset[str]] = field(default_factory=dict)
    """What belongs to no function in particular: the manifest's keys of those that use it."""


def digests(resources: Mapping[Key, Resource]) -> Digests:
    """The digest of each function among the desired resources, and what they share; pure."""
    shared = shared_by(resources)
    own: dict[str, list[Resource]] = {}
    for resource in resources.values():
        own.setdefault(resource.function, []).append(resource)
    found: dict[str, str] = {}
    for function, used in shared.items():
        names = [one.key.name for one in own[function] if one.key.kind == "function"]
        everything = [*own[function], *(resources[key] for key in used)]
        found |= dict.fromkeys(names, _digest(everything))
    return Digests(found, users(shared))


def _digest(resources: Iterable[Resource]) -> str:
    lines = [
        [
            str(one.key),
            _plain("", one.fields, environment_paths(one.fields)),
            one.shared,
            sorted(map(str, one.needs)),
            sorted(one.ignored),
        ]
        for one in sorted(resources, key=lambda one: one.key)
    ]
    text = json.dumps([FORMAT, lines], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(path: str, value: Value, secret: Collection[str]) -> object:
    if isinstance(value, Ref):
        return {"ref": [str(value.key), value.attr]}
    if isinstance(value, Text):
        return {"text": [_plain("", part, ()) for part in value.parts]}
    if isinstance(value, Mapping):
        inside = f"{path}." if path else ""
        return {str(key): _plain(f"{inside}{key}", one, secret) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain("", one, ()) for one in value]
    return "" if path in secret else value


class Marks:
    """The tags during one run. A listener: it hears what is done, and passes it on."""

    def __init__(
        self,
        plan: Plan,
        actual: Mapping[Key, Actual],
        wanted: Digests,
        place: Place,
        clients: Clients,
        *,
        unmarked: Collection[str] = (),
        listener: Listener,
        parallel: int,
    ) -> None:
        """`unmarked` are the manifest's keys of functions that only need the tag."""
        self._place = place
        self._clients = clients
        self._wanted = wanted
        self._listener = listener
        self._pool = Threads(parallel, "digest")
        self._names = {
            one.resource.function: one.resource.key.name
            for one in plan.actions
            if one.resource.key.kind == "function" and one.verb is not Verb.DELETE
        }
        self._left = _touched(plan, wanted.shared, unmarked)
        self._users: dict[int, list[str]] = {}
        for function, actions in self._left.items():
            for action in actions:
                self._users.setdefault(action, []).append(function)
        self._stale = _marked(plan, actual, self._left)
        self._done = [function for function in unmarked if not self._left[function]]

    def invalidate(self) -> None:
        """Take the tag from every function that the plan touches. Raises AwsError."""
        list(self._pool.map(self._take, self._stale))

    def __call__(self, event: Event) -> None:
        """Take an event; after the last one of a function its tag may be written."""
        self._listener(event)
        if isinstance(event, Finished):
            for function in self._users.get(id(event.action), ()):
                self._left[function].discard(id(event.action))
                if not self._left[function] and function in self._names:
                    self._done.append(function)

    @property
    def done(self) -> frozenset[str]:
        """The manifest's keys of functions of which everything is done that touches them."""
        return frozenset(self._done)

    def close(self, *, lost: Collection[str], interrupted: bool) -> tuple[Problem, ...]:
        """Write the tags, and give what went wrong.

        `lost` are the manifest's keys of functions that somebody else has changed meanwhile. Who
        interrupts the run, also while it waits here, waits for no tags: without one, a function is
        looked at again.
        """
        names = [self._names[one] for one in self._done if one not in lost and not interrupted]
        with self._pool:
            return tuple(filter(None, self._pool.map(self._put, names)))

    def _put(self, name: str) -> Problem | None:
        digest = self._wanted.of.get(name)
        if not digest:
            return None
        arn = self._place.arn("lambda", f"function:{name}")
        try:
            self._clients.call("lambda", "TagResource", Resource=arn, Tags={DIGEST: digest})
        except AwsError as error:
            return explain(error, arn)
        return None

    def _take(self, arn: str) -> None:
        with expecting(GONE):
            self._clients.call("lambda", "UntagResource", Resource=arn, TagKeys=[DIGEST])


def _touched(
    plan: Plan, shared: Mapping[Key, frozenset[str]], unmarked: Collection[str]
) -> dict[str, set[int]]:
    """The actions that change something of each function, by the manifest's keys.

    What is deleted though it belongs to no function was used by one that has changed, or that an
    earlier run has changed (`unmarked`): nobody can tell which, so it counts for each.
    """
    found: dict[str, set[int]] = {function: set() for function in unmarked}
    orphans: set[int] = set()
    for action in plan.changes:
        resource = action.resource
        if resource.function:
            found.setdefault(resource.function, set()).add(id(action))
        elif action.verb is Verb.DELETE:
            orphans.add(id(action))
        for function in () if resource.function else shared.get(resource.key, ()):
            found.setdefault(function, set()).add(id(action))
    return {function: actions | orphans for function, actions in found.items()}


def _marked(
    plan: Plan, actual: Mapping[Key, Actual], touched: Mapping[str, Collection[int]]
) -> list[str]:
    """ARNs of the functions that are touched and have the tag.

    One whose deletion is the first that happens to it takes its tag along.
    """
    return [
        found.outputs["arn"]
        for key, found in actual.items()
        if key.kind == "function"
        and found.ours
        and found.outputs.get("digest")
        and touched.get(found.resource.function)
        and not _goes_first(plan, found.resource.function)
    ]


def _goes_first(plan: Plan, function: str) -> bool:
    """Whether the function's own deletion comes before everything else that touches it."""
    own = [
        index
        for index, action in enumerate(plan.actions)
        if action.resource.function == function and action.verb is not Verb.NONE
    ]
    gone = [index for index in own if _is_deletion(plan.actions[index])]
    return bool(gone) and all(gone[0] in plan.after[index] for index in own if index != gone[0])


def _is_deletion(action: Action) -> bool:
    return action.resource.key.kind == "function" and action.verb is Verb.DELETE
