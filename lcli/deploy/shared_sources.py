"""Leftovers that a run for some functions does not read: do they poll what is to be polled anew?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lcli.aws.clients import Clients
from lcli.deploy.leftovers import still_polls
from lcli.deploy.plan import Plan
from lcli.resources.event_source_mapping import pollers
from lcli.resources.function_actual import actual_function, hidden_told
from lcli.resources.function_state import get_function
from lcli.resources.kind import Kind
from lcli.resources.model import Place, Verb


def leftovers_at_sources(
    plan: Plan, kinds: Mapping[str, Kind], names: Mapping[str, str], place: Place, clients: Clients
) -> Iterator[str]:
    """Warnings of this app's functions that have left the manifest and poll what a new mapping
    polls. `names` are the manifest's keys with their AWS names.

    Asks only where a mapping is to be made: one list a source, and one GetFunction for each
    function in it that the manifest does not have. Raises AwsError.
    """
    users: dict[str, str] = {}
    for action in plan.changes:
        field = kinds[action.resource.key.kind].source
        source = action.resource.fields.get(field)
        if field and action.verb is Verb.CREATE and isinstance(source, str):
            users[source] = action.resource.function
    for source, user in users.items():
        for name in sorted(pollers(clients, source) - {*names.values()}):
            answer = get_function(clients, name)
            found = actual_function(answer, None, place) if answer else None
            if found and found.ours:
                key = found.resource.function
                yield still_polls(name if key in names else key, source, user)
            elif found:
                yield from hidden_told({found.resource.key: found})
