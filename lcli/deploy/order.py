"""What comes before what; pure.

The order, and why a killed run leaves nothing that the next one cannot find:

1. what a thing needs is made before it; its entry in ``lcli:parts`` too;
2. what leaves a function goes after everything that was made or changed for that function, and
   what belongs to nobody in particular goes last;
3. a thing goes before what it needs: the notification before the permission that tells of it;
   and what a thing needed until now goes after it has changed: the integration of one function
   after its route leads to another;
4. the tag ``lcli:parts`` is shortened when all that it named is gone.

What a function reserves and what is provisioned of it bound one another, so those change in an
order of their own (lcli/deploy/concurrency.py), which goes before the second rule.

What is written together (a bucket's rules, of all functions) is one step, which comes after all
that any of it comes after. Where such a step would wait for itself (two functions swap their
buckets, or one loses its rule and reserves what another one, which gets a rule, gives back), the
second rule gives way for what the step drops: that need not wait for the rest of its function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.model import Action, Key, Ref, Resource, Text, Value, Verb


def references(value: Value) -> frozenset[Key]:
    """The resources that a value refers to."""
    if isinstance(value, Ref):
        return frozenset({value.key})
    if isinstance(value, Text):
        return frozenset(part.key for part in value.parts if isinstance(part, Ref))
    if isinstance(value, Mapping):
        return frozenset().union(*map(references, value.values()))
    if isinstance(value, tuple):
        return frozenset().union(*map(references, value))
    return frozenset()


def _needs(resource: Resource) -> frozenset[Key]:
    return (references(resource.fields) | frozenset(resource.needs)) - {resource.key}


def in_order(desired: Mapping[Key, Resource]) -> list[Resource]:
    """What is needed first. Raises LcliError (USAGE) where that goes round in a circle."""
    graph = {key: [n for n in _needs(one) if n in desired] for key, one in desired.items()}
    try:
        return [desired[key] for key in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = [str(key) for key in reversed(error.args[1])]
        problem = Problem(
            "circle",
            f"these need one another in a circle: {' → '.join(circle)}",
            desired[error.args[1][0]].where,
            "take one of the references out of the manifest",
        )
        raise LcliError(problem, ExitCode.USAGE) from None


def before(
    actions: Sequence[Action], container_of: Callable[[Key], Key | None]
) -> dict[int, set[int]]:
    """For each action those that come before it; a second one of a key is a shortening.

    `container_of` gives the resource that another lives in, which takes it along when it goes.
    """
    made: dict[Key, int] = {}
    gone: dict[Key, int] = {}
    shortened: list[int] = []
    for index, action in enumerate(actions):
        key = action.resource.key
        if action.verb is Verb.DELETE:
            gone[key] = index
        elif key in made:
            shortened.append(index)
        else:
            made[key] = index
    earlier: dict[int, set[int]] = {index: set() for index in range(len(actions))}
    for index in made.values():
        earlier[index] |= {made[need] for need in _needs(actions[index].resource) if need in made}
    works = {i for i in made.values() if actions[i].verb is not Verb.NONE}
    for index in gone.values():
        function = actions[index].resource.function
        earlier[index] |= {
            i for i in works if not function or actions[i].resource.function == function
        }
    for index in works | {*gone.values()}:
        actual = actions[index].actual
        for need in actual.resource.needs if actual else ():
            # What goes along with its container is needed as long as the container is.
            held = need if need in gone else container_of(need)
            if held in gone and gone[held] != index:
                earlier[gone[held]].add(index)
    for index in shortened:
        resource = actions[index].resource
        earlier[index] |= {made[resource.key]} | {
            i for i in gone.values() if actions[i].resource.function == resource.function
        }
    return earlier


def together(actions: Iterable[Action]) -> list[tuple[int, ...]]:
    """The indexes of what is done at once: of single actions, then of those of each group."""
    alone: list[tuple[int, ...]] = []
    groups: dict[tuple[str, str], list[int]] = {}
    for index, action in enumerate(actions):
        resource = action.resource
        if resource.shared:
            groups.setdefault((resource.key.kind, resource.shared), []).append(index)
        else:
            alone.append((index,))
    return alone + [tuple(indices) for indices in groups.values()]


def in_steps(actions: Sequence[Action], earlier: Mapping[int, set[int]]) -> list[int]:
    """The actions' indexes in a valid order, those that are done at once beside one another.

    `earlier` gives for each those before it; what gives way is taken out of it. Raises CycleError
    for a circle in which nothing can.
    """
    steps = together(actions)
    home = {index: step for step in steps for index in step}
    while True:
        graph = {
            step: {home[one] for index in step for one in earlier[index]} - {step} for step in steps
        }
        try:
            return [index for step in TopologicalSorter(graph).static_order() for index in step]
        except CycleError as error:
            if not any(_gives_way(actions, earlier, *edge) for edge in pairwise(error.args[1])):
                raise


def _gives_way(
    actions: Sequence[Action],
    earlier: Mapping[int, set[int]],
    first: Iterable[int],
    then: Iterable[int],
) -> bool:
    """Whether one step need not wait for another, where it did so for what it drops."""
    found = False
    for index in then:
        action = actions[index]
        if action.resource.shared and action.verb is Verb.DELETE:
            found |= not earlier[index].isdisjoint(first)
            earlier[index].difference_update(first)
    return found
