"""Markers of the list operations: opaque to the caller, a position here."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from lcli.local.lambda_api.errors import invalid

Row = TypeVar("Row")


def page(
    rows: Sequence[Row], parameters: dict[str, Any], most: int = 50
) -> tuple[Sequence[Row], str | None]:
    """The rows of one page and the marker of the next, None at the end.

    `most` is what AWS gives at most a page, whatever MaxItems says.
    """
    start = _position(parameters.get("Marker"))
    end = start + min(parameters.get("MaxItems") or most, most)
    marker = None
    if end < len(rows):
        marker = base64.urlsafe_b64encode(f"lcli:{end}".encode()).decode()
    return rows[start:end], marker


def _position(marker: str | None) -> int:
    if not marker:
        return 0
    try:
        name, _, number = base64.urlsafe_b64decode(marker).decode().partition(":")
        if name == "lcli":
            return int(number)
    except (ValueError, binascii.Error):
        raise invalid("Invalid marker") from None
    raise invalid("Invalid marker")
