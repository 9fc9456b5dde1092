"""An HTTP endpoint on loopback that answers as a script says and records what was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Script:
    """What comes next: an answer, "reset" for a connection that is cut, "cut" for an answer whose
    end is missing, "empty" for a success without a body, or a page's text, with status 503 unless
    it begins with 200."""

    answers: list[tuple[int, dict[str, object]] | str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def endpoint(*answers: tuple[int, dict[str, object]] | str) -> Iterator[Script]:
    """The script's last answer is repeated."""
    script = Script(list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.asked.append(f"{self.command} {self.path}")
            script.headers.append(dict(self.headers))
            said = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            if said == "reset":
                self.close_connection = True
                return
            status, document = (503, {}) if isinstance(said, str) else said
            body = said.encode() if isinstance(said, str) else json.dumps(document).encode()
            if said == "empty":
                body = b""
            if said in ("cut", "empty") or body.startswith(b"200"):
                status = 200
            self.send_response(status)
            if "__type" in document:
                self.send_header("x-amzn-ErrorType", str(document["__type"]))
            self.send_header("Content-Length", str(len(body) + (said == "cut")))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection |= said == "cut"

        def do_HEAD(self) -> None:
            """As S3 does: nothing that tells of a body's length; nothing at all if cut."""
            script.asked.append(f"{self.command} {self.path}")
            said = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
            self.send_response_only(200)
            if said != "cut":
                self.send_header("x-amz-request-id", "ANB9MGPC6YBE1W3Q")
            self.end_headers()
            self.close_connection = said == "cut"

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()


def refusal(status: int, code: str, message: str = "") -> tuple[int, dict[str, object]]:
    return status, {"__type": code, "message": message}
