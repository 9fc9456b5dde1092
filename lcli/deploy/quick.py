"""`deploy --quick`: which functions need not be looked at, since their digest says what they are.

One GetFunction each tells tags, code and configuration. The code and the configuration of $LATEST
are compared; of everything else the digest is trusted. What functions share is always looked at, so
are functions that use what AWS chose for another one: a deploy of some functions may have changed
it behind the others' backs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lcli.aws.clients import Clients
from lcli.deploy.digest import Digests
from lcli.deploy.expanded import Expanded, observed
from lcli.deploy.order import references
from lcli.deploy.plan import Plan
from lcli.deploy.read import read
from lcli.deploy.scope import Scope
from lcli.resources.function_actual import hidden_told
from lcli.resources.kind import Kind
from lcli.resources.model import Action, Actual, Key, Place, Resource, Verb


@dataclass(frozen=True, slots=True)
class Look:
    """What the functions and their tags tell."""

    found: Mapping[Key, Actual]
    """The functions, as they were read."""
    stale: frozenset[str]
    """The manifest's keys of those that must be read in full."""
    fresh: tuple[Resource, ...]
    """The other ones."""
    whole: bool = False
    """Whether everything must be read: functions have other names now, or are to be pruned."""
    notices: tuple[str, ...] = ()

    def narrowed(self, expanded: Expanded, scope: Scope) -> tuple[Expanded, Scope]:
        """What belongs to the stale functions, and to none: all that is shared stays wanted."""
        if self.whole:
            return expanded, scope
        kept = {
            key: one
            for key, one in expanded.resources.items()
            if not one.function or one.function in self.stale
        }
        others = {key: one for key, one in expanded.observed.items() if key not in kept}
        shared = frozenset({""}) if scope.named is None else frozenset()
        return (
            replace(expanded, resources=kept, observed=observed(kept) | others),
            # Nothing has left: there is nothing to prune.
            replace(scope, named=self.stale | shared, prune=False),
        )

    def known(self, to_read: Mapping[Key, Resource]) -> dict[Key, Actual]:
        """The functions that need not be read again."""
        return {key: one for key, one in self.found.items() if self.whole or key in to_read}

    def completed(self, plan: Plan) -> Plan:
        """The plan, with nothing to do for the functions that were not looked at."""
        quiet = [Action(Verb.NONE, one, self.found[one.key]) for one in self.fresh]
        return replace(
            plan,
            actions=(*plan.actions, *quiet),
            after=(*plan.after, *(frozenset[int]() for _ in quiet)),
            notices=(*self._told(), *self.notices, *plan.notices),
        )

    def _told(self) -> tuple[str, ...]:
        if self.whole:
            return ()
        number, total = len(self.fresh), len(self.fresh) + len(self.stale)
        return (
            f"--quick: {number} of {total} functions are as they were last deployed, by their "
            "digests; whether something else changed them in AWS (drift) was not looked for",
        )

    def widened(self, plan: Plan, digests: Digests) -> Look | None:
        """With the functions that use a shared thing which the plan changes; None if all are."""
        users = {user for one in plan.changes for user in digests.shared.get(one.resource.key, ())}
        more = users & {one.function for one in self.fresh}
        if not more:
            return None
        fresh = tuple(one for one in self.fresh if one.function not in more)
        return replace(self, stale=self.stale | more, fresh=fresh)

    def unmarked(self, expanded: Expanded, digests: Digests, plan: Plan) -> tuple[str, ...]:
        """The stale functions that turned out to be as they should be but for the tag."""
        touched = {one.resource.function for one in plan.changes}
        return tuple(
            one.function
            for key, one in expanded.resources.items()
            if key.kind == "function"
            and (self.whole or one.function in self.stale)
            and one.function not in touched
            and key in self.found
            and self.found[key].outputs["digest"] != digests.of[key.name]
        )


def look(
    expanded: Expanded,
    digests: Digests,
    place: Place,
    clients: Clients,
    *,
    kind: Kind,
    scope: Scope,
    parallel: int,
) -> Look:
    """Read the functions and judge them by their tags; `kind` is that of functions.

    Raises AwsError, and LcliError where AWS hides tags.
    """
    wanted = {key: one for key, one in expanded.resources.items() if key.kind == kind.name}
    kinds = {kind.name: kind}
    found = read(
        wanted,
        place,
        clients,
        kinds,
        functions=scope.named,
        parallel=parallel,
        adopt=scope.adopt,
    )
    left = [one for key, one in found.items() if key not in wanted and one.ours]
    stale = {
        one.function
        for key, one in wanted.items()
        if not _is_fresh(one, found.get(key), digests.of[key.name], kind)
    }
    stale |= _users_of_others(expanded.resources)
    moved = any(scope.prune or one.resource.function in scope.known for one in left)
    if moved or len(stale) == len(wanted):
        told = "--quick: everything was read: "
        why = "functions were renamed or are to go" if moved else "no function has its last digest"
        return Look(found, frozenset(scope.known), (), True, (told + why,))
    fresh = tuple(one for one in wanted.values() if one.function not in stale)
    notices = tuple(
        f"function {one.resource.function} ({one.resource.key.name}) has left the manifest; "
        "--prune deletes it"
        for one in left
    )
    return Look(found, frozenset(stale), fresh, notices=(*notices, *hidden_told(found)))


def _is_fresh(wanted: Resource, found: Actual | None, digest: str, kind: Kind) -> bool:
    if found is None or not found.ours or found.outputs["digest"] != digest:
        return False
    # A rollback holds the alias at another version.
    if found.outputs["held_tag"]:
        return False
    if kind.unseen(wanted, found):
        return False
    # What refers to others' outputs is not known here; the digest covers what it refers to.
    return all(references(change.after) for change in kind.diff(wanted, found))


def _users_of_others(resources: Mapping[Key, Resource]) -> set[str]:
    """Functions that use what AWS chose for another one (its address), which may be another now."""
    return {
        one.function
        for one in resources.values()
        for key in references(one.fields)
        if one.function
        and (key not in resources or resources[key].function not in ("", one.function))
    }
