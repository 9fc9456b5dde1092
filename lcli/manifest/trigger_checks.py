"""What is wrong with triggers, each by itself and all of an app's together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from lcli.manifest import api, event_patterns
from lcli.manifest.explain import SEE, Fault, dotted
from lcli.manifest.models import Function
from lcli.manifest.references import Path
from lcli.resources.model import Place
from lcli.triggers.base import Trigger


def each(path: Path, trigger: Trigger) -> Iterator[Fault]:
    """The trigger whose settings are at `path`."""
    for what in trigger.contradictions():
        yield Fault(path, "wrong-value", f"{dotted(path)}: {what}", SEE)
    for number, pattern in enumerate(getattr(trigger, "filter", ())):
        yield from event_patterns.faults(pattern, (*path, "filter", number))
    parameters = getattr(trigger, "api", None)
    if trigger.operation and parameters and isinstance(parameters, Mapping):
        yield from api.check(trigger.operation, parameters, (*path, "api"), {})


def sources(
    functions: Mapping[str, Function], place: Place, where: Callable[[Path], str]
) -> Iterator[Fault]:
    """That no source is given twice which the app (a route) or a function (a queue) has once.

    `where` tells the place of a path.
    """
    first: dict[tuple[str, ...], tuple[str, Path]] = {}
    for key, function in functions.items():
        for index, trigger in function.numbered_triggers:
            if not trigger.once:
                continue
            whose = () if trigger.once == "app" else (key,)
            path: Path = ("functions", key, "triggers", index, trigger.kind, trigger.short)
            owner, before = first.setdefault(
                (trigger.kind, trigger.source(place), *whose), (key, path)
            )
            if before == path:
                continue
            what, source = trigger.short, getattr(trigger, trigger.short)
            again = f"{owner} and {key}" if owner != key else f"{key}, also at {where(before)}"
            yield Fault(
                path,
                f"{what}-twice",
                f"the {what} {source} is used twice: by {again}",
                f"keep one of them, or give one another {what}",
                uses=(path[2:],),
            )


def clashes(functions: Mapping[str, Function]) -> Iterator[Fault]:
    """Triggers of which AWS would not take both, each at its place."""
    kinds: dict[str, list[tuple[Path, str, Trigger]]] = {}
    for key, function in functions.items():
        for index, trigger in function.numbered_triggers:
            path: Path = ("functions", key, "triggers", index, trigger.kind)
            kinds.setdefault(trigger.kind, []).append((path, key, trigger))
    for same in kinds.values():
        triggers = [trigger for _, _, trigger in same]
        for clash in triggers[0].clashes(triggers):
            paths, keys, _ = zip(*(same[one] for one in clash.pair), strict=True)
            whose = " and ".join(dict.fromkeys(keys))
            for path in paths:
                yield Fault(path, clash.code, f"{whose}: {clash.what}", clash.next_step)
