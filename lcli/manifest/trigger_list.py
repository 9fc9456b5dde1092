"""How a function's ``triggers:`` are parsed: maps with one key each, the kind of the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from lcli.triggers.base import Trigger


def _kind(value: object) -> str | None:
    if isinstance(value, Trigger):
        return value.kind
    if isinstance(value, Mapping) and len(value) == 1:
        return str(next(iter(value)))
    return None


def _options(trigger: type[Trigger]) -> Callable[[object], object]:
    def options(value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        inner = value[trigger.kind]
        return {trigger.short: inner} if isinstance(inner, str | int | float) else inner

    return options


@dataclass(frozen=True)
class ByKind:
    """A union of event sources by their manifest key, the short form included."""

    kinds: Callable[[], Mapping[str, type[Trigger]]]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        choices: dict[Any, CoreSchema] = {
            kind: core_schema.no_info_before_validator_function(
                _options(trigger), handler.generate_schema(trigger)
            )
            for kind, trigger in self.kinds().items()
        }
        return core_schema.tagged_union_schema(choices, _kind)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        def choice(kind: str, trigger: type[Trigger]) -> dict[str, Any]:
            inner = handler(trigger.__pydantic_core_schema__)
            # The short form's text is checked by the field that it sets.
            either = {"anyOf": [inner, {"type": ["string", "number"]}]}
            return {
                "type": "object",
                "properties": {kind: either},
                "required": [kind],
                "additionalProperties": False,
            }

        return {"oneOf": [choice(kind, trigger) for kind, trigger in self.kinds().items()]}
