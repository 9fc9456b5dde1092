"""One HTTP exchange of the local cloud, whichever server carries it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """A request, read to its end."""

    method: str
    target: str
    """Path and query as sent: ``/2015-03-31/functions/f?Qualifier=live`` (percent-encoded)."""
    headers: Mapping[str, str]
    """Names in lower case; repeated ones joined with a comma (``cookie`` with ``; ``)."""
    body: bytes = b""
    peer: str = "127.0.0.1"


class Stream(Protocol):
    """Pieces as they come."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    def __anext__(self) -> Awaitable[bytes]: ...

    def aclose(self) -> Awaitable[None]:
        """Nobody reads on."""


@dataclass(slots=True)
class Response:
    """A response; a `body` that is a stream is sent chunked as it comes."""

    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Stream = b""


Handler = Callable[[Request], Awaitable[Response]]
