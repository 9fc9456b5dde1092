"""StartLiveTail of the local cloud: what is put into log groups, pushed once a second.

Source: StartLiveTail, CloudWatch Logs API reference.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager
from typing import Any

from lcli.local.filter_patterns import InvalidPattern, Matches, compiled
from lcli.local.lambda_api.eventstream import event, frame
from lcli.local.wire import Request, Response

MOST_GROUPS = 10
MOST_EVENTS = 500
"""Events of one update; of more a sample is sent."""
SESSION = 3 * 3600.0
"""Seconds that a session lasts."""
_EVERY = 1.0
_JSON = "application/json"


def is_live_tail(request: Request) -> bool:
    """Whether a request to CloudWatch Logs is StartLiveTail, which moto answers only once."""
    return request.headers.get("x-amz-target", "").endswith(".StartLiveTail")


def live_tail(
    request: Request,
    account: str,
    region: str,
    in_use: Callable[[], AbstractContextManager[None]],
) -> Response:
    """The answer, which goes on until the client leaves or the session's time is over."""
    asked: dict[str, Any] = json.loads(request.body or b"{}")
    identifiers = asked.get("logGroupIdentifiers") or []
    names = [identifier.rpartition(":")[2] for identifier in identifiers]
    by_stream = asked.get("logStreamNames") or asked.get("logStreamNamePrefixes")
    if not 1 <= len(names) <= MOST_GROUPS:
        return _refused("InvalidParameterException", "logGroupIdentifiers takes 1 to 10 log groups")
    if by_stream and len(names) > 1:
        return _refused("InvalidParameterException", "log streams can be named of one group only")
    try:
        matches = compiled(asked.get("logEventFilterPattern") or "")
    except InvalidPattern as error:
        return _refused("InvalidParameterException", str(error))
    tail = _Tail(account, region, names, matches, asked)
    if absent := next((name for name in names if name not in tail.groups), None):
        return _refused(
            "ResourceNotFoundException", f"The specified log group does not exist: {absent}"
        )
    return Response(
        200,
        [("content-type", "application/vnd.amazon.eventstream")],
        _session(tail, asked, in_use),
    )


async def _session(
    tail: _Tail, asked: dict[str, Any], in_use: Callable[[], AbstractContextManager[None]]
) -> AsyncGenerator[bytes, None]:
    with in_use():
        yield event("initial-response", b"{}", _JSON)
        identity = {"sessionId": str(uuid.uuid4()), "requestId": str(uuid.uuid4())}
        yield event("sessionStart", json.dumps(asked | identity).encode(), _JSON)
        until = time.monotonic() + SESSION
        while time.monotonic() < until:
            await asyncio.sleep(_EVERY)
            yield event("sessionUpdate", json.dumps(tail.update()).encode(), _JSON)
        headers = {
            ":message-type": "exception",
            ":exception-type": "SessionTimeoutException",
            ":content-type": _JSON,
        }
        yield frame(headers, b'{"message": "Session timed out"}')


class _Tail:
    """What has been put into some of moto's log groups since the last look."""

    def __init__(
        self, account: str, region: str, names: list[str], matches: Matches, asked: dict[str, Any]
    ) -> None:
        from moto.logs.models import logs_backends

        self.groups: dict[str, Any] = logs_backends[account][region].groups
        self._account = account
        self._names = names
        self._matches = matches
        self._streams = asked.get("logStreamNames")
        self._prefixes = tuple(asked.get("logStreamNamePrefixes") or [""])
        self._seen: dict[tuple[str, str], int] = {}
        self.update()

    def update(self) -> dict[str, Any]:
        """A ``sessionUpdate``."""
        found = [
            {
                "logGroupIdentifier": f"{self._account}:{name}",
                "logStreamName": stream,
                "message": one.message,
                "timestamp": one.timestamp,
                "ingestionTime": one.ingestion_time,
            }
            for name, stream, events in self._new()
            for one in events
            if self._matches(one.message)
        ]
        sampled = len(found) > MOST_EVENTS
        if sampled:
            found = random.sample(found, MOST_EVENTS)
        found.sort(key=lambda one: one["timestamp"])
        return {"sessionMetadata": {"sampled": sampled}, "sessionResults": found}

    def _new(self) -> list[tuple[str, str, list[Any]]]:
        found = []
        for name in self._names:
            group = self.groups.get(name)
            for stream, content in list(group.streams.items()) if group else ():
                wanted = self._streams is None or stream in self._streams
                if wanted and stream.startswith(self._prefixes):
                    events, seen = content.events, self._seen.get((name, stream), 0)
                    found.append((name, stream, events[seen:]))
                    self._seen[name, stream] = seen + len(found[-1][2])
        return found


def _refused(code: str, message: str) -> Response:
    body = json.dumps({"__type": code, "message": message}).encode()
    return Response(400, [("content-type", "application/x-amz-json-1.1")], body)
