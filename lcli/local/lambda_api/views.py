"""What the rest of the local cloud sees of the control plane: pollers, queue, addresses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lcli.local.lambda_api.context import version_of
from lcli.local.lambda_api.errors import function_not_found
from lcli.local.lambda_api.mappings import settle_mappings, state_of
from lcli.local.lambda_api.names import parse
from lcli.local.lambda_api.state import LATEST, EventSourceMapping, Function, Region, Url

RETRIES = 2
"""Of an asynchronous invocation, where nothing is set (guide, "Asynchronous invocation")."""
MAXIMUM_AGE = 21_600
"""Seconds that an asynchronous invocation may wait, where nothing is set."""


@dataclass(frozen=True, slots=True)
class Found:
    """A function with where it is and how it was named."""

    region: Region
    function: Function
    qualifier: str | None


@dataclass(frozen=True, slots=True)
class Polled:
    """An event source mapping, for whoever polls its source."""

    uuid: str
    account: str
    region: str
    function_arn: str
    """Qualified if the mapping is."""
    source_arn: str
    """Empty for self-managed Kafka."""
    state: str
    settings: Mapping[str, Any]
    """BatchSize, MaximumBatchingWindowInSeconds, FilterCriteria … by their API names, with
    defaults."""
    mapping: EventSourceMapping
    """The record itself: a poller notes `settings["LastProcessingResult"]` in it."""

    @property
    def active(self) -> bool:
        """Whether the source is to be polled now."""
        return self.state in ("Enabled", "Updating")


@dataclass(frozen=True, slots=True)
class PublicUrl:
    """A function URL, for whoever answers at its address."""

    id: str
    account: str
    region: str
    name: str
    qualifier: str | None
    arn: str
    """Qualified if the URL is an alias's."""
    url: Url


@dataclass(frozen=True, slots=True)
class Asynchronous:
    """How asynchronous invocations of a function are treated."""

    maximum_age: int
    """Seconds."""
    retries: int
    on_success: str
    """Destination's ARN or empty; likewise below."""
    on_failure: str
    dead_letters: str
    """ARN of the dead-letter queue or topic."""


def find(regions: Mapping[tuple[str, str], Region], text: str, account: str, region: str) -> Found:
    """The function that a name or an ARN means; ApiError (404)."""
    parts = parse(text)
    if parts is None:
        raise function_not_found(text)
    place = (parts["account"] or account, parts["region"] or region)
    held = regions.get(place)
    function = held.functions.get(parts["name"]) if held is not None else None
    if held is None or function is None:
        raise function_not_found(Region(*place).function_arn(parts["name"], parts["qualifier"]))
    return Found(held, function, parts["qualifier"])


def polled(regions: Iterable[Region], now: float) -> list[Polled]:
    """Every mapping of the regions, settled."""
    found = []
    for region in regions:
        settle_mappings(region, now)
        found += [
            Polled(
                uuid=mapping.uuid,
                account=region.account,
                region=region.name,
                function_arn=mapping.settings["FunctionArn"],
                source_arn=mapping.settings.get("EventSourceArn", ""),
                state=state_of(mapping),
                settings=dict(mapping.settings),
                mapping=mapping,
            )
            for mapping in region.mappings.values()
        ]
    return found


def public_urls(regions: Iterable[Region]) -> list[PublicUrl]:
    """Every function URL of the regions."""
    return [
        PublicUrl(
            id=url.id,
            account=region.account,
            region=region.name,
            name=function.name,
            qualifier=qualifier or None,
            arn=function.arn_of(qualifier),
            url=url,
        )
        for region in regions
        for function in region.functions.values()
        for qualifier, url in function.urls.items()
    ]


def asynchronous(found: Found) -> Asynchronous:
    """The settings of the qualifier, AWS's defaults where there are none."""
    function = found.function
    settings = function.event_invoke.get(found.qualifier or LATEST, {})
    destinations = settings.get("DestinationConfig", {})
    version = version_of(function, found.qualifier) or function.latest
    dead_letters = version.settings.get("DeadLetterConfig", {})
    return Asynchronous(
        maximum_age=settings.get("MaximumEventAgeInSeconds", MAXIMUM_AGE),
        retries=settings.get("MaximumRetryAttempts", RETRIES),
        on_success=destinations.get("OnSuccess", {}).get("Destination", ""),
        on_failure=destinations.get("OnFailure", {}).get("Destination", ""),
        dead_letters=dead_letters.get("TargetArn", ""),
    )
