"""What belongs to no function (the HTTP API, layers, shared log groups), and who uses it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lcli.deploy.order import references
from lcli.resources.model import Key, Resource


def shared_by(resources: Mapping[Key, Resource]) -> dict[str, set[Key]]:
    """What each function's resources need, directly or not, that belongs to no function.

    By the manifest's keys of the functions.
    """
    own: dict[str, list[Resource]] = {}
    for resource in resources.values():
        own.setdefault(resource.function, []).append(resource)
    return {function: _shared(own[function], resources) for function in own if function}


def users(shared: Mapping[str, Iterable[Key]]) -> dict[Key, frozenset[str]]:
    """The same the other way round: the functions that use each thing."""
    found: dict[Key, set[str]] = {}
    for function, keys in shared.items():
        for key in keys:
            found.setdefault(key, set()).add(function)
    return {key: frozenset(functions) for key, functions in found.items()}


def served(resource: Resource, users: Mapping[Key, frozenset[str]]) -> frozenset[str]:
    """The functions that a resource is for: its own one, or its users.

    What nothing uses (a domain name's mapping) is for the users of what it needs.
    """
    if resource.function:
        return frozenset({resource.function})
    none = frozenset[str]()
    needed = (users.get(key, none) for key in resource.needs)
    return users.get(resource.key) or none.union(*needed)


def _shared(own: Iterable[Resource], resources: Mapping[Key, Resource]) -> set[Key]:
    todo, found = list(own), set[Key]()
    while todo:
        resource = todo.pop()
        for key in (*resource.needs, *references(resource.fields)):
            if key not in found and key in resources and not resources[key].function:
                found.add(key)
                todo.append(resources[key])
    return found
