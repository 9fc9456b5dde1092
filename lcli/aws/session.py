"""Calls to AWS: every one goes through `Session.call`.

Clients are made on first use and shared by threads. Retries are those of lcli/aws/retry.py, the
pace that of lcli/aws/pacing.py. What of the SDK is used is in lcli/aws/sdk.py.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any

from lcli.aws.clients import AwsError
from lcli.aws.clock import Clock
from lcli.aws.endpoint import check
from lcli.aws.expected import expecting
from lcli.aws.pacing import Pacing, on_aws
from lcli.aws.redacting import MASKED, pattern_of
from lcli.aws.retry import Act, Retries, deadline, rule
from lcli.aws.sdk import client_of, hang_up, local_sdk, users_sdk
from lcli.aws.silence import Silence
from lcli.aws.spreading import Spreading
from lcli.aws.translate import setup_problem, translated

_READ_TIMEOUT = 30.0
"""Seconds that one request waits for its answer: twice within the silence that `retry` allows."""
_LOCAL_READ_TIMEOUT = 60.0
"""The same of the local cloud, which loads a service at its first call, on a machine that may be
busy."""
_NAMING = frozenset(
    {"FunctionName", "Resource", "KMSKeyArn", "EventSourceArn", "DestinationConfig"}
)
"""Parameters that say what a refused request was about, besides its role."""
_TOLD_AFTER = 2.0
"""Seconds without an answer after which the user is told that there is none."""
_UPDATE_SETTLES = 600.0
"""Seconds that an update of a function may take at most before a call gives up on it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request, for `on_call`: what was asked and what came of it."""

    service: str
    operation: str
    seconds: float
    error: str = ""
    """AWS's code; empty when it succeeded."""


class Session:
    """Calls in one account and region; implements `lcli.aws.clients.Clients`."""

    def __init__(
        self,
        sdk: Any,
        region: str,
        *,
        endpoint_url: str = "",
        local: bool = False,
        parallel: int = 16,
        pacing: Pacing | None = None,
        sleep: Callable[[float], None] = time.sleep,
        on_call: Callable[[Sent], None] | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        self.region = region
        self.endpoint_url = endpoint_url
        self.sdk = sdk
        """The botocore session: its `register` lets tests count requests."""
        self._local = local
        self._read_timeout = _LOCAL_READ_TIMEOUT if local else _READ_TIMEOUT
        self._parallel = parallel
        self._pacing = pacing or Pacing()
        self._sleep = sleep
        self._on_call = on_call
        self._notice = notice
        self._clients: dict[tuple[str, float], Any] = {}
        self._lock = Lock()
        self._silence = Silence()
        self._spreading = Spreading()
        self.clock = Clock()

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """One operation, retried as the table says. See `Clients.call`."""
        spreads, silent = self._spreading.concerns(parameters), 0.0
        retries = Retries(iam_changed=spreads, silence=self._silence)
        while True:
            asked = time.monotonic()
            try:
                answer = self.once(service, operation, self._read_timeout, **parameters)
            except AwsError as error:
                delay = retries.pause(error, time.monotonic())
                if delay is None:
                    raise
                if error.code == "Unreachable":
                    silent += time.monotonic() - asked + delay
                    self._tell_of(error, silent)
                self._sleep(delay)
                if rule(error).act is Act.WAIT and (function := _function_in(parameters)):
                    self._until_updated(function)
            else:
                self._spreading.note(service, operation, parameters, answer)
                answer.pop("ResponseMetadata", None)
                return answer

    def _tell_of(self, error: AwsError, silent: float) -> None:
        """Says once that an endpoint does not answer, so that nobody waits for they know not what.

        `silent` is the seconds for which one call has gone without an answer.
        """
        with self._lock:
            notice = self._notice if silent >= _TOLD_AFTER else None
            self._notice = None if notice else self._notice
        if notice:
            notice(f"{error.message}; trying again for some seconds")

    def once(
        self, service: str, operation: str, read_timeout: float, /, **parameters: Any
    ) -> dict[str, Any]:
        """One request and no other, with its own read time-out in seconds (for Invoke).

        The answer keeps its ResponseMetadata; a streamed body in it is the SDK's StreamingBody.
        Raises AwsError.
        """
        from botocore import xform_name

        client = self._client(service, read_timeout)
        endpoint = client.meta.endpoint_url
        self._pacing.wait(service, operation, endpoint)
        began, code = time.monotonic(), ""
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        except Exception as error:
            self.clock.note(getattr(error, "response", None))
            refused = translated(
                error, service=service, operation=operation, region=self.region, endpoint=endpoint
            )
            code = refused.code
            if refused.status:
                self._silence.heard()
            asked = {name: parameters[name] for name in _NAMING & parameters.keys()}
            refused.asked = asked | {"Role": self._spreading.role(parameters)}
            _hide_environment(refused, parameters)
            # The SDK's message may repeat the environment, too.
            raise refused from (None if "Environment" in parameters else error)
        finally:
            if self._on_call:
                self._on_call(Sent(service, operation, time.monotonic() - began, code))
        self._silence.heard()
        self.clock.note(answer)
        return answer

    def sign_in(self) -> None:
        """Look for the credentials now; else the first client does. Raises LcliError (USAGE)."""
        try:
            self.sdk.get_credentials()
        except Exception as error:
            raise setup_problem(error) from error

    def ready(self, service: str, read_timeout: float) -> None:
        """Make a client ahead of `once`, so that the first calls do not take the time for it."""
        self._client(service, read_timeout)

    def close(self) -> None:
        """Close the connections that no call uses; another call makes new ones."""
        with self._lock:
            for client in self._clients.values():
                hang_up(client)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All pages of a list operation, each retried like any call. See `Clients.pages`."""
        from botocore.paginate import Paginator, PaginatorModel

        client = self._client(service, self._read_timeout)
        config = PaginatorModel(
            self.sdk.get_component("data_loader").load_service_model(service, "paginators-1")
        ).get_paginator(operation)
        model = client.meta.service_model.operation_model(operation)

        def page(**parameters: Any) -> dict[str, Any]:
            return self.call(service, operation, **parameters)

        yield from Paginator(page, config, model).paginate(**parameters)

    def events(
        self, service: str, operation: str, /, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """The events of a streamed answer. See `Clients.events`."""
        from urllib3.exceptions import HTTPError

        answer = self.call(service, operation, **parameters)
        stream = next(value for value in answer.values() if hasattr(value, "close"))
        try:
            yield from stream
        except HTTPError as error:
            raise AwsError(
                "Unreachable",
                f"the stream was cut: {error}",
                service=service,
                operation=operation,
                region=self.region,
            ) from error
        except Exception as error:
            raise translated(
                error, service=service, operation=operation, region=self.region, endpoint=""
            ) from error
        finally:
            stream.close()

    def _until_updated(self, function: str) -> None:
        """Waits with GetFunction, which has by far the largest quota, for the update to end.

        Where it does not in time, the refusal of the call that waits for it tells so. A function
        that is not there is waited for no longer: the call may be the one that makes it.
        """
        until = min(time.monotonic() + _UPDATE_SETTLES, deadline())
        with expecting("ResourceNotFoundException"):
            while time.monotonic() < until:
                answer = self.call("lambda", "GetFunction", FunctionName=function)
                configuration = answer["Configuration"]
                if configuration.get("LastUpdateStatus") != "InProgress" and (
                    configuration.get("State") != "Pending"
                ):
                    return
                self._sleep(random.uniform(0.5, 1.0))  # noqa: S311 (jitter)

    def _client(self, service: str, read_timeout: float) -> Any:
        key = (service, read_timeout)
        if (client := self._clients.get(key)) is None:
            # Making a client is not thread-safe in botocore; using one is.
            with self._lock:
                if (client := self._clients.get(key)) is None:
                    client = self._clients[key] = self._make(service, read_timeout)
        return client

    def _make(self, service: str, read_timeout: float) -> Any:
        make = partial(
            client_of,
            self.sdk,
            service,
            self.region,
            read_timeout=read_timeout,
            connections=2 * self._parallel + 4,
            local=self._local,
        )
        try:
            client = make(self.endpoint_url)
            address = client.meta.endpoint_url
            if not (self.endpoint_url or on_aws(address)):
                # AWS_ENDPOINT_URL or the profile's: the same as --endpoint-url.
                client = make(address)
        except Exception as error:
            raise setup_problem(error) from error
        return client


def _function_in(parameters: Mapping[str, Any]) -> str:
    """Name or ARN of the function that a call of Lambda's is about; empty for a mapping's."""
    named = str(parameters.get("FunctionName") or parameters.get("Resource") or "")
    return "" if ":event-source-mapping:" in named else named


def _hide_environment(refused: AwsError, parameters: Mapping[str, Any]) -> None:
    """Takes the values of the environment that the request had out of the refusal."""
    variables = parameters.get("Environment", {}).get("Variables", {})
    if found := pattern_of(variables.values()):
        refused.message = found.sub(MASKED, refused.message)
        refused.args = (found.sub(MASKED, str(refused)),)


def connect(
    *,
    region: str = "",
    profile: str = "",
    endpoint_url: str = "",
    local_account: str = "",
    parallel: int = 16,
    environ: Mapping[str, str] | None = None,
    on_call: Callable[[Sent], None] | None = None,
    notice: Callable[[str], None] | None = None,
) -> Session:
    """A session for one account and region.

    `local_account`, twelve digits, means the local cloud at `endpoint_url`: nothing of the
    user's AWS configuration, environment or credentials is read or sent then. `parallel` is the
    number of threads that call at once; `environ` gives LCLI_RATE and AWS_REGION. `notice`
    tells the user, once, that an endpoint does not answer and is tried again. Raises
    LcliError (USAGE) for no region or none in form, an unknown profile, a malformed configuration.
    """
    environ = os.environ if environ is None else environ
    pacing = Pacing(environ.get("LCLI_RATE", ""))
    try:
        if local_account:
            sdk = local_sdk(local_account)
        else:
            sdk = users_sdk(profile)
            # AWS_REGION is what most tools read; botocore has AWS_DEFAULT_REGION and the profile.
            region = region or environ.get("AWS_REGION") or ""
            region = region or str(sdk.get_config_variable("region") or "")
    except Exception as error:
        raise setup_problem(error) from error
    check(region, endpoint_url or environ.get("AWS_ENDPOINT_URL", ""))
    return Session(
        sdk,
        region,
        endpoint_url=endpoint_url,
        local=bool(local_account),
        parallel=parallel,
        pacing=pacing,
        on_call=on_call,
        notice=notice,
    )
