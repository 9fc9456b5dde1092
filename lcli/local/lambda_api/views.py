"""What the asynchronous queue sees of the control plane: functions by ARN and their settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lcli.local.lambda_api.context import version_of
from lcli.local.lambda_api.errors import function_not_found
from lcli.local.lambda_api.names import parse
from lcli.local.lambda_api.state import LATEST, Function, Region

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


def asynchronous(found: Found) -> Asynchronous:
    """The settings of the qualifier, AWS's defaults where there are none.

    An execution of a durable function is never begun anew, and goes to no destination (developer
    guide, "Invoking Lambda durable functions").
    """
    function = found.function
    version = version_of(function, found.qualifier) or function.latest
    durable = "DurableConfig" in version.settings
    settings = {} if durable else function.event_invoke.get(found.qualifier or LATEST, {})
    destinations = settings.get("DestinationConfig", {})
    dead_letters = version.settings.get("DeadLetterConfig", {})
    return Asynchronous(
        maximum_age=settings.get("MaximumEventAgeInSeconds", MAXIMUM_AGE),
        retries=0 if durable else settings.get("MaximumRetryAttempts", RETRIES),
        on_success=destinations.get("OnSuccess", {}).get("Destination", ""),
        on_failure=destinations.get("OnFailure", {}).get("Destination", ""),
        dead_letters=dead_letters.get("TargetArn", ""),
    )
