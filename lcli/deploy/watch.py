"""Whether a function is still this run's to change: asked before each write that nothing guards.

A RevisionId lets one of two deploys change a function, and one move its alias. Roles, tags, log
groups, settings beside the function take none: the loser must not write them any more. Nor what
several functions share (the HTTP API), once it has lost all of those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from lcli.aws.clients import Clients, Relay
from lcli.aws.operations import Again, again
from lcli.deploy.applying import Known, Work
from lcli.deploy.plan import Plan
from lcli.deploy.sharing import served, shared_by, users
from lcli.errors import LcliError
from lcli.resources.compare import is_partly_ignored
from lcli.resources.function_actual import Payload
from lcli.resources.function_fields import BESIDE, frozen, read_fields, unknown_fields
from lcli.resources.function_state import changed_meanwhile, get_function
from lcli.resources.function_update import SHA
from lcli.resources.model import Action, Resource, Value, Verb
from lcli.resources.naming import unqualified

_CANNOT_OVERWRITE = frozenset(
    {
        "CreateFunction",
        "CreateAlias",
        "CreateRole",
        "CreateLogGroup",
        "CreateApi",
        "CreateStage",
        "PublishLayerVersion",
        "DeleteApi",
    }
)
"""Creations that change nothing that is there. And DeleteApi: while something is kept, only a
second API goes that this run has made itself (`http_api`), above all where it has lost."""


class Watch:
    """What this run takes its functions to be."""

    def __init__(self, plan: Plan, known: Known) -> None:
        self._known = known
        kept = [one for one in plan.actions if one.verb is not Verb.DELETE]
        self._functions = {
            one.resource.function: one for one in kept if one.resource.key.kind == "function"
        }
        self._aliases = {
            one.resource.function: one.resource.key
            for one in kept
            if one.resource.key.kind == "alias"
        }
        self.changed = frozenset(one.resource.function for one in kept if _is_guarded_change(one))
        """Functions (the manifest's keys) whose code, configuration or alias the plan changes."""
        self._users = users(shared_by({one.resource.key: one.resource for one in kept}))

    def over(self, work: Work, resource: Resource) -> Work:
        """The same work, whose calls for a resource are watched."""
        functions = sorted(served(resource, self._users) & self._functions.keys())
        if not functions:
            return work
        return work.calling(Watched(work.clients, lambda: self._look_for_one(functions, work)))

    def _look_for_one(self, functions: Sequence[str], work: Work) -> None:
        """Raises LcliError where each of the functions is somebody else's by now."""
        for function in functions[:-1]:
            with suppress(LcliError):
                return self.look(function, work)
        return self.look(functions[-1], work)

    def look(self, function: str, work: Work) -> None:
        """One GetFunction; `function` is the manifest's key of one that the plan keeps.

        Once this run has moved the alias, it is the alias that tells: the commit point.
        Raises LcliError where the function is somebody else's by now, and AwsError.
        """
        clients, action = work.clients, self._functions[function]
        alias = self._aliases.get(function)
        if alias is not None and self._known.fresh(alias):
            name, alias_name = unqualified(alias.name)
            answer = get_function(clients, name, alias_name)
            if answer and answer["Configuration"]["Version"] != self._known.output(alias, "number"):
                arn = work.place.arn("lambda", f"function:{name}")
                raise changed_meanwhile(arn, [f"alias {alias_name}"])
            return
        answer = get_function(clients, action.resource.key.name)
        if answer and (foreign := self._foreign(action, answer["Configuration"], work)):
            raise changed_meanwhile(answer["Configuration"]["FunctionArn"], foreign)

    def _foreign(self, action: Action, configuration: Mapping[str, Any], work: Work) -> list[str]:
        """Fields that are neither what the plan found nor what it makes of them."""
        wanted, hidden = action.resource, unknown_fields(configuration)
        seen = {**read_fields(configuration, wanted.fields), SHA: configuration.get(SHA)}
        before = dict(action.actual.resource.fields) if action.actual else {}
        if action.actual:
            before[SHA] = action.actual.outputs["code_sha256"]
        after = self._after(action, work)
        return [
            name
            for name, value in seen.items()
            if name in after
            and name not in hidden
            and not is_partly_ignored(name, wanted.ignored)
            and value not in [each[name] for each in (before, after) if name in each]
        ]

    def _after(self, action: Action, work: Work) -> dict[str, Value]:
        """What the plan makes of the fields that tell; without code that only AWS can name."""
        key, payload = action.resource.key, action.resource.payload
        names = action.resource.fields.keys() - BESIDE - {"Tags"}
        after = {name: _settled(action.resource.fields[name], work) for name in names}
        sha = payload.code.code_sha256 if isinstance(payload, Payload) else ""
        if self._known.fresh(key):
            sha = self._known.output(key, "code_sha256")
        return after | ({SHA: sha} if sha else {})


def _is_guarded_change(action: Action) -> bool:
    guarded = action.resource.key.kind in ("function", "alias")
    return guarded and any(one.path.partition(".")[0] != "Tags" for one in action.changes)


def _settled(value: Value, work: Work) -> Value:
    """None while something is unknown that this run has yet to make."""
    try:
        return frozen(work.settle(value))
    except LcliError:
        return None


class Watched(Relay):
    """Calls for one resource."""

    def __init__(self, plain: Clients, look: Callable[[], None]) -> None:
        super().__init__(plain)
        self.look = look

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """See `Clients.call`; raises LcliError where the resource is somebody else's by now."""
        unguarded = again(service, operation) not in (Again.READS, Again.GUARDED)
        if unguarded and operation not in _CANNOT_OVERWRITE:
            self.look()
        return super().call(service, operation, **parameters)
