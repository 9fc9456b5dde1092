"""The calls that the other packages make; `lcli.aws.session` builds the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol


class AwsError(Exception):
    """An answer that is a refusal, or none at all.

    `code` is AWS's own (``ResourceConflictException``); ``Unreachable`` when no answer came,
    ``NoCredentials`` and ``ExpiredCredentials`` when the request could not be signed.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        service: str,
        operation: str,
        status: int = 0,
        region: str = "",
        lost: bool = False,
    ) -> None:
        super().__init__(f"{service}:{operation}: {code}: {message}")
        self.code = code
        self.message = message
        self.service = service
        self.operation = operation
        self.status = status
        self.region = region
        self.asked: Mapping[str, object] = {}
        """What the request was about, by the names of its parameters (FunctionName, KMSKeyArn …),
        for whoever tells of it. Role is its function's, too, as far as that is known."""
        self.lost = lost
        """The request may have been carried out all the same (reset, time-out, 5xx): a create
        that is not unique by name is read back before it is repeated."""


class Clients(Protocol):
    """Calls to AWS in one account and region, by service and operation name of the API."""

    region: str

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """One operation: ``call("lambda", "GetFunction", FunctionName="f")``.

        Retries what is safe to repeat (the tables are in lcli/aws/retry.py and operations.py);
        returns the parsed answer without ResponseMetadata. Raises AwsError.
        """

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        """All pages of a list operation, by the SDK's paginator data; raises AwsError."""

    def events(
        self, service: str, operation: str, /, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """The events of an answer that is an event stream, as they arrive; raises AwsError."""


class Relay:
    """Passes every call on to other Clients, whose region it has; implements `Clients`.

    For who does more about some calls, and overrides `call`.
    """

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.region = clients.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """As `Clients.call`."""
        return self.clients.call(service, operation, **parameters)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        """As `Clients.pages`."""
        return self.clients.pages(service, operation, **parameters)

    def events(
        self, service: str, operation: str, /, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """As `Clients.events`."""
        return self.clients.events(service, operation, **parameters)
