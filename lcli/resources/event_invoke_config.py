"""Settings of asynchronous invocation: retries, age, destinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lcli.resources.attached import Attached, at, attached
from lcli.resources.kind import Applying
from lcli.resources.model import Key, Outputs, Ref, Resource, Text, Value
from lcli.resources.naming import qualified

_RETRIES = 2
_MAX_AGE = 21600


def event_invoke_config(
    function: str,
    name: str,
    qualifier: str,
    *,
    retries: int | None = None,
    max_age: int | None = None,
    on_success: str | Ref | Text = "",
    on_failure: str | Ref | Text = "",
    needs: tuple[Key, ...] = (),
    where: str = "",
) -> Resource:
    """Of the AWS function `name` or its alias; None is AWS's default: 2 retries, 21,600 s.

    `needs` has the role whose statements let the function write to the destinations: AWS checks
    them when this is put.
    """
    fields: dict[str, Value] = {
        "DestinationConfig": {"OnFailure": on_failure, "OnSuccess": on_success},
        "MaximumEventAgeInSeconds": _MAX_AGE if max_age is None else max_age,
        "MaximumRetryAttempts": _RETRIES if retries is None else retries,
    }
    key = Key("event_invoke_config", qualified(name, qualifier))
    return attached(key, fields, function=function, needs=needs, where=where)


class EventInvokeConfig(Attached):
    """How Lambda treats asynchronous invocations that fail or wait too long."""

    name = "event_invoke_config"
    title = "async settings"
    of_alias = True
    get = "GetFunctionEventInvokeConfig"
    put = "PutFunctionEventInvokeConfig"
    remove = "DeleteFunctionEventInvokeConfig"

    def usual(self, wanted: Resource) -> Mapping[str, Value]:
        """AWS's defaults."""
        return {"MaximumEventAgeInSeconds": _MAX_AGE, "MaximumRetryAttempts": _RETRIES}

    def fields(self, answer: Mapping[str, Any]) -> dict[str, Value]:
        """Settings that were never put are AWS's defaults."""
        given = answer.get("DestinationConfig", {})
        return {
            "DestinationConfig": {
                side: (given.get(side) or {}).get("Destination", "")
                for side in ("OnFailure", "OnSuccess")
            },
            "MaximumEventAgeInSeconds": answer.get("MaximumEventAgeInSeconds", _MAX_AGE),
            "MaximumRetryAttempts": answer.get("MaximumRetryAttempts", _RETRIES),
        }

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """PutFunctionEventInvokeConfig, which replaces all settings."""
        config = applying.settle(wanted.fields["DestinationConfig"])
        destinations = config if isinstance(config, dict) else {}
        applying.clients.call(
            "lambda",
            self.put,
            **at(wanted.key),
            DestinationConfig={
                side: {"Destination": arn} if arn else {} for side, arn in destinations.items()
            },
            MaximumEventAgeInSeconds=wanted.fields["MaximumEventAgeInSeconds"],
            MaximumRetryAttempts=wanted.fields["MaximumRetryAttempts"],
        )
        return {}


KINDS = (EventInvokeConfig(),)
