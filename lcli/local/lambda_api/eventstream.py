"""The binary frames of application/vnd.amazon.eventstream (AWS SDKs, "event stream encoding")."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from zlib import crc32

_TEXT = 7
"""Type of a header value: UTF-8 text with a length of two bytes."""


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message: prelude with lengths and checksum, headers, payload, checksum."""
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", 16 + len(encoded) + len(payload), len(encoded))
    message = prelude + struct.pack("!I", crc32(prelude)) + encoded + payload
    return message + struct.pack("!I", crc32(message))


def event(kind: str, payload: bytes, content: str) -> bytes:
    """A message that is an event of the stream."""
    return frame({":event-type": kind, ":content-type": content, ":message-type": "event"}, payload)


def _header(name: str, value: str) -> bytes:
    raw_name, raw_value = name.encode(), value.encode()
    return (
        struct.pack("!B", len(raw_name))
        + raw_name
        + struct.pack("!BH", _TEXT, len(raw_value))
        + raw_value
    )
