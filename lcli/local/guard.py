"""Who may speak to the local cloud: processes of this machine, not pages of the Web.

A browser on this machine reaches loopback addresses on behalf of any page it shows, directly
(cross-site requests) or through a name of the page's own that resolves to 127.0.0.1 (DNS
rebinding). Both betray themselves by headers that a page cannot set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lcli.local.wire import Request, Response

_HOST = re.compile(r"(?:[a-z0-9._-]+\.)?localhost(?::\d+)?|127\.0\.0\.1(?::\d+)?", re.IGNORECASE)
_ORIGIN = re.compile(rf"https?://(?:{_HOST.pattern})", re.IGNORECASE)

_VISIT = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-user": "?1"}


def is_loopback(origin: str) -> bool:
    """Whether an Origin header names a page that this machine served."""
    return _ORIGIN.fullmatch(origin) is not None


def refusal(
    request: Request,
    allows_origin: Callable[[str], bool] = is_loopback,
    *,
    visits: bool = False,
) -> Response | None:
    """The 403 for a request that comes from the Web, None for any other.

    `allows_origin` says which pages may call: an HTTP API's CORS settings may let others in.
    `visits` lets a person follow a link from another site, as to any page: not a frame, and not a
    script that leads the browser there (Fetch Metadata, Sec-Fetch-User).
    """
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if not _HOST.fullmatch(host):
        return _refused(f"the Host header {host!r} is not a loopback address")
    if origin is not None:
        return None if allows_origin(origin) else _refused(f"pages of {origin!r} may not call")
    visit = visits and request.method == "GET"
    visit = visit and all(request.headers.get(name) == value for name, value in _VISIT.items())
    if request.headers.get("sec-fetch-site") == "cross-site" and not visit:
        return _refused("another site's page may not call")
    return None


def from_the_web(headers: Mapping[str, str]) -> bool:
    """Whether a browser sent it, or it came by a name that is not this machine's."""
    if "origin" in headers or "sec-fetch-site" in headers:
        return True
    return _HOST.fullmatch(headers.get("host", "localhost")) is None


def _refused(why: str) -> Response:
    body = f"lcli's local cloud refuses this request: {why}.\n"
    return Response(403, [("content-type", "text/plain; charset=utf-8")], body.encode())
