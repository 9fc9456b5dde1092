"""Finding a value inside JSON documents and Terraform state files; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lcli.manifest.nearest import listed, nearest
from lcli.manifest.references import Unresolved

_TOKEN = re.compile(r'([^.\[\]"]+)|\[(\d+)\]|\["([^"]*)"\]')


def among(known: Mapping[str, Any], name: str, what: str) -> Any:
    """The value of one name; Unresolved with the nearest one where it is unknown."""
    if name in known:
        return known[name]
    near = nearest(name, known)
    raise Unresolved(
        "reference-absent",
        f"{name!r} is not {what}",
        f"did you mean {near}?" if near else f"there are: {listed(known)}",
    )


def dig(value: Any, way: Sequence[str], what: str) -> Any:
    """Follow keys and indexes into a JSON value. Raises Unresolved where there is no such part."""
    for step in way:
        if isinstance(value, Mapping):
            value = among(value, step, f"a key of {what}")
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            raise Unresolved(
                "reference-absent", f"{what} has no part {step!r}", "correct what follows #"
            )
    return value


def from_state(state: Any, address: str, what: str) -> tuple[Any, bool]:
    """A value of a Terraform state (format 4) and whether it is sensitive.

    `address` is ``output.NAME…`` or ``[module.M.][data.]TYPE.NAME[INDEX].ATTRIBUTE…``.
    """
    if not isinstance(state, dict) or not isinstance(state.get("resources"), list):
        raise Unresolved(
            "reference-malformed",
            f"{what} is not a Terraform state file of format 4",
            "name the file that terraform state pull prints",
        )
    steps = _steps(address)
    if steps[0] == "output" and len(steps) > 1:
        outputs = state.get("outputs") or {}
        output = among(outputs, steps[1], f"an output of {what}")
        return dig(output.get("value"), steps[2:], what), bool(output.get("sensitive"))
    resources = [each for each in state["resources"] if isinstance(each, dict)]
    best = _resource(resources, steps)
    if best is None:
        near = nearest(address, [_address(one) for one in resources], cutoff=0.4)
        raise Unresolved(
            "reference-absent",
            f"{what} has no resource {address!r}",
            f"did you mean {near}?" if near else "see terraform state list",
        )
    resource, rest = best
    instances = {str(each.get("index_key", "0")): each for each in resource.get("instances", [])}
    index = rest.pop(0) if rest and rest[0] in instances else "0"
    instance = among(instances, index, f"an instance of {_address(resource)} in {what}")
    sensitive = any(
        [step.get("value") for step in path][:1] == rest[:1]
        for path in instance.get("sensitive_attributes") or []
        if isinstance(path, list)
    )
    return dig(instance.get("attributes") or {}, rest, _address(resource)), sensitive


def _steps(address: str) -> list[str]:
    return [next(filter(None, found), "") for found in _TOKEN.findall(address)] or [address]


def _address(resource: Mapping[str, Any]) -> str:
    data = "data." if resource.get("mode") == "data" else ""
    module = f"{resource['module']}." if resource.get("module") else ""
    return f"{module}{data}{resource.get('type')}.{resource.get('name')}"


def _resource(
    resources: Sequence[Mapping[str, Any]], steps: list[str]
) -> tuple[Mapping[str, Any], list[str]] | None:
    for resource in resources:
        name = _steps(_address(resource))
        if steps[: len(name)] == name:
            return resource, steps[len(name) :]
    return None
