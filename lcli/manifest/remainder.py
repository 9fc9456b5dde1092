"""What remains of a function when its wrong parts are left out: the checks look at that; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lcli.manifest.models import Function
from lcli.manifest.references import Path


def validated(data: object) -> Function | list[ErrorDetails]:
    """The function, or what is wrong with it."""
    try:
        return Function.model_validate(data)
    except ValidationError as error:
        return error.errors(include_url=False)


def remainder(
    data: Mapping[str, Any], errors: Iterable[ErrorDetails]
) -> tuple[Function, frozenset[Path]]:
    """The function without what the errors of its data are about, and which parts those are."""
    wrong = {_smallest_part(data, error) for error in errors}
    while not isinstance(function := validated(_without(data, wrong)), Function):
        wrong |= {error["loc"][:1] for error in function}
    function._positions = tuple(index for index, _ in _triggers(data, wrong))
    return function, frozenset(wrong)


def _smallest_part(data: object, error: ErrorDetails) -> Path:
    """The least that can be left out of a function for an error.

    Beside an unknown key any other may be the one that was meant, so what holds them goes. What is
    left out of a list would move its other items: all of the function's key goes then, but of its
    triggers one alone.
    """
    loc = error["loc"]
    path: Path = ()
    if loc[0] == "triggers":
        return loc[:2]
    for step in loc:
        try:
            data, path = data[step], (*path, step)  # type: ignore[index]
        except (KeyError, IndexError, TypeError):  # a branch of a union, or what is missing
            continue
    path = path[:-1] if error["type"] == "extra_forbidden" else path
    return path if path and isinstance(path[-1], str) else loc[:1]


def _without(data: Mapping[str, Any], wrong: Collection[Path]) -> dict[str, Any]:
    """A function's data without some of its parts; with a source all the same."""
    left = {key: _left(one, (key,), wrong) for key, one in data.items() if (key,) not in wrong}
    if isinstance(left.get("triggers"), list):
        left["triggers"] = [one for _, one in _triggers(data, wrong)]
    return {"source": ".", **left}


def _triggers(data: Mapping[str, Any], wrong: Collection[Path]) -> list[tuple[int, object]]:
    """Those that are right, with their places in the list."""
    given = data.get("triggers")
    listed = enumerate(given) if isinstance(given, list) and ("triggers",) not in wrong else ()
    return [(index, one) for index, one in listed if ("triggers", index) not in wrong]


def _left(data: object, path: Path, wrong: Collection[Path]) -> object:
    """The data at a path without those of its keys that are wrong."""
    if isinstance(data, dict):
        keys = [key for key in data if (*path, key) not in wrong]
        return {key: _left(data[key], (*path, key), wrong) for key in keys}
    if isinstance(data, list):
        return [_left(one, (*path, index), wrong) for index, one in enumerate(data)]
    return data
