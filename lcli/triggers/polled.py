"""What the sources that Lambda polls (event source mappings) have in common."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from lcli.resources.event_source_mapping import event_source_mapping
from lcli.resources.model import Resource, Text
from lcli.resources.role_policy import Statement
from lcli.triggers.base import Expansion, Target, Trigger
from lcli.triggers.scalars import Flag, Whole


def _patterns(value: object) -> object:
    return [value] if isinstance(value, dict) else value


Patterns = Annotated[
    tuple[dict[str, Any], ...],
    BeforeValidator(_patterns, json_schema_input_type=dict[str, Any] | list[dict[str, Any]]),
]


class Polled(Trigger):
    """A source that Lambda polls for the function (CreateEventSourceMapping)."""

    once: ClassVar[Literal["", "function", "app"]] = "function"
    operation: ClassVar[str] = "CreateEventSourceMapping"
    short_names: ClassVar[dict[str, str]] = {
        "EventSourceArn": "",
        "FunctionName": "",
        "Tags": "tags of the function",
        "BatchSize": "batch_size",
        "MaximumBatchingWindowInSeconds": "batch_window",
        "FilterCriteria": "filter",
        "Enabled": "enabled",
    }
    """API parameters that have a short name, or that lcli sets itself: refused under ``api:``."""

    batch_window: Whole = Field(
        default=0, ge=0, le=300, description="Seconds to gather records before an invocation."
    )
    filter: Patterns = Field(
        default=(),
        max_length=10,
        description="Event patterns; a record that matches none of them is not delivered.",
    )
    enabled: Flag = Field(default=True, description="Whether Lambda polls the source.")
    api: dict[str, Any] = Field(
        default_factory=dict,
        description="Any other CreateEventSourceMapping parameter, by its API name.",
    )

    def contradictions(self) -> Iterator[str]:
        """Parameters under ``api:`` that have a short name, or that lcli sets itself."""
        for key in self.api:
            if key in self.short_names:
                short = self.short_names[key]
                told = f"has a short name here: {short}" if short else "is set by lcli itself"
                yield f"api.{key} {told}"

    @abstractmethod
    def source_arn(self, target: Target) -> str | Text:
        """The ARN of what is polled."""

    @abstractmethod
    def statements(self, source_arn: str | Text) -> tuple[Statement, ...]:
        """What the execution role needs to poll it."""

    def settings(self) -> dict[str, Any]:
        """The mapping's settings by their API names, AWS's defaults included."""
        patterns = [json.dumps(pattern, separators=(",", ":")) for pattern in self.filter]
        return {
            "Enabled": self.enabled,
            "MaximumBatchingWindowInSeconds": self.batch_window,
            "FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in patterns]},
        }

    def notices(self, target: Target) -> tuple[str, ...]:
        """What the user should be told about this source and this function."""
        return ()

    def expand(self, target: Target) -> Expansion:
        """An event source mapping, and what the role needs for it."""
        source = self.source_arn(target)
        return Expansion(
            (self._mapping(target, source),), self.statements(source), self.notices(target)
        )

    def _mapping(self, target: Target, source_arn: str | Text) -> Resource:
        settings: Mapping[str, Any] = {**self.settings(), **self.api}
        return event_source_mapping(
            target.place,
            target.name,
            target.qualifier,
            source_arn,
            settings=settings,
            function=target.function,
            tags=target.tags,
            needs=(*target.needs, *target.role),
            where=target.where,
        )
