"""Which operation of which service a request is."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qs, urlsplit

READS = ("Get", "List", "Describe", "Head")
V2 = "/v2/"
"""Where API Gateway's second API is; both sign with one name."""


@dataclass
class Call:
    """One request and what became of it."""

    number: int
    """From 1, in the order of arrival."""
    service: str
    operation: str
    target: str
    body: bytes
    at: float
    """`time.monotonic()` of its arrival."""
    nth: int = 1
    """How often this very request has come."""
    status: int = 0
    """Of the answer that was sent; 0 for none."""
    fault: str = ""

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def changes(self) -> bool:
        return not self.operation.startswith(READS)

    @property
    def identity(self) -> str:
        """The same for the same request in every run, whatever came in between."""
        return f"{self.name} {self.target} {zlib.crc32(self.body)}"


def service_of(headers: dict[str, str], target: str) -> str:
    """By the credential scope of the signature; the SDK's name."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", headers.get("authorization", ""))
    service = scope[1] if scope else "s3"
    return "apigatewayv2" if service == "apigateway" and target.startswith(V2) else service


def operation_of(
    service: str, method: str, target: str, headers: dict[str, str], body: bytes
) -> str:
    """``GetFunction``; ``METHOD path`` where the service has no such operation."""
    if named := headers.get("x-amz-target"):
        return named.rpartition(".")[2]
    url = urlsplit(target)
    given = parse_qs(url.query, keep_blank_values=True)
    if service in {"iam", "sts", "sns"}:
        return (parse_qs(body.decode()) | given)["Action"][0]
    for name, verb, path, query in _routes(service):
        if verb == method and path.fullmatch(url.path) and query.items() <= given.items():
            return name
    return f"{method} {url.path}"


@cache
def _routes(service: str) -> list[tuple[str, str, re.Pattern[str], dict[str, list[str]]]]:
    """Operation, method, path and query of each; those that ask for more come first."""
    from botocore.session import Session

    model = Session().get_service_model(service)
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.deprecated or "Copy" in name:  # they share paths with what lcli uses
            continue
        http = operation.http
        path, _, query = http["requestUri"].partition("?")
        parts = re.split(r"(\{\w+\+?\})", path)
        pattern = "".join(
            re.escape(p) if not p.startswith("{") else ".+" if p.endswith("+}") else "[^/]+"
            for p in parts
        )
        needed = parse_qs(query, keep_blank_values=True)
        found.append((name, http["method"], re.compile(pattern + "/?"), needed))
    return sorted(found, key=lambda one: (-len(one[3]), one[2].pattern.count("[^/]+")))
