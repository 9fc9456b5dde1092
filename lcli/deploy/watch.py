"""Whether a function is still this run's to change: asked before each write that nothing guards.

A RevisionId lets one of two deploys change a function, and one move its alias. Roles, tags, log
groups, settings beside the function take none: the loser must not write them any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lcli.aws.clients import Clients
from lcli.aws.operations import Again, again
from lcli.deploy.applying import Known, Work
from lcli.deploy.plan import Plan
from lcli.errors import LcliError
from lcli.resources.compare import is_partly_ignored
from lcli.resources.function_actual import Payload
from lcli.resources.function_fields import BESIDE, frozen, read_fields, unknown_fields
from lcli.resources.function_state import changed_meanwhile, get_function
from lcli.resources.function_update import SHA
from lcli.resources.model import Action, Value, Verb
from lcli.resources.naming import unqualified

_CANNOT_OVERWRITE = frozenset({"CreateFunction", "CreateAlias", "CreateRole", "CreateLogGroup"})
"""Creations that are refused where the thing is there, and change nothing else."""


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

    def over(self, work: Work, function: str) -> Work:
        """The same work, whose calls for `function` (the manifest's key) are watched."""
        if function not in self._functions:
            return work
        plain = work.clients
        return work.calling(Watched(plain, lambda: self._look(plain, work, function)))

    def _look(self, clients: Clients, work: Work, function: str) -> None:
        """One GetFunction. Raises LcliError where the function is somebody else's by now.

        Once this run has moved the alias, it is the alias that tells: the commit point.
        """
        action, alias = self._functions[function], self._aliases.get(function)
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


def _settled(value: Value, work: Work) -> Value:
    """None while something is unknown that this run has yet to make."""
    try:
        return frozen(work.settle(value))
    except LcliError:
        return None


class Watched:
    """Calls for one function; implements `lcli.aws.clients.Clients`."""

    def __init__(self, plain: Clients, look: Callable[[], None]) -> None:
        self.plain = plain
        self.look = look
        self.region = plain.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """See `Clients.call`; raises LcliError where the function is somebody else's by now."""
        unguarded = again(service, operation) not in (Again.READS, Again.GUARDED)
        if unguarded and operation not in _CANNOT_OVERWRITE:
            self.look()
        return self.plain.call(service, operation, **parameters)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        """See `Clients.pages`."""
        return self.plain.pages(service, operation, **parameters)

    def events(
        self, service: str, operation: str, /, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """See `Clients.events`."""
        return self.plain.events(service, operation, **parameters)
