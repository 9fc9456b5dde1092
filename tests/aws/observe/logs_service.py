"""CloudWatch Logs on loopback for what the local cloud lacks: what it says is scripted."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager

from lcli.aws.session import Session, connect
from lcli.local.http import Server
from lcli.local.lambda_api.eventstream import event, frame
from lcli.local.wire import Response

JSON = "application/json"
ENVIRON = {"LCLI_RATE": "off"}


class Asked(dict):
    """The parameters of a call, and the region that it was signed for."""

    region = ""


def said(document, status=200, **headers):
    """An answer in JSON."""
    headers = {"content-type": "application/x-amz-json-1.1", **headers}
    return Response(status, list(headers.items()), json.dumps(document).encode())


def refused(code, **members):
    return said({"__type": code, "message": "refused", **members}, 400)


def groups(*names):
    """DescribeLogGroups of groups that are there."""

    def answer(asked):
        prefix = asked.get("logGroupNamePrefix", "")
        arn = "arn:aws:logs:eu-west-1:123456789012:log-group:"
        found = [{"logGroupName": n, "arn": f"{arn}{n}:*"} for n in names if n.startswith(prefix)]
        return said({"logGroups": found})

    return answer


def pushed(*frames, hold=None):
    """An event stream: initial-response, then these frames; kept open until `hold` is set."""

    async def body():
        yield event("initial-response", b"{}", JSON)
        for one in frames:
            yield one
        while hold is not None and not hold.is_set():
            await asyncio.sleep(0.02)

    return Response(200, [("content-type", "application/vnd.amazon.eventstream")], body())


def start():
    return event("sessionStart", b'{"sessionId": "s"}', JSON)


def update(*events, sampled=False):
    """``(group, stream, timestamp, message)`` each."""
    results = [
        {
            "logGroupIdentifier": f"123456789012:{group}",
            "logStreamName": stream,
            "timestamp": at,
            "ingestionTime": at + 1,
            "message": message,
        }
        for group, stream, at, message in events
    ]
    document = {"sessionMetadata": {"sampled": sampled}, "sessionResults": results}
    return event("sessionUpdate", json.dumps(document).encode(), JSON)


def failure(kind):
    headers = {":message-type": "exception", ":exception-type": kind, ":content-type": JSON}
    return frame(headers, b'{"message": "over"}')


@contextmanager
def logs_service(operations):
    """A session to a server that answers each operation by ``operations[name](asked)``, and what
    it was asked: ``(operation, parameters)`` in order."""
    asked = []

    async def handle(request):
        name = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if not name:  # Lambda's calls are told apart by their paths
            return operations.get(request.target, lambda: said({}, 404))()
        parameters = Asked(json.loads(request.body))
        parameters.region = request.headers["authorization"].split("/")[2]
        asked.append((name, parameters))
        return operations[name](parameters)

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = Server(handle)
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    session: Session = connect(
        region="eu-west-1",
        endpoint_url=server.url,
        local_account="123456789012",
        environ=ENVIRON,
    )
    try:
        yield session, asked
    finally:
        asyncio.run_coroutine_threadsafe(server.close(0.1), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
