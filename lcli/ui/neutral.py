"""Text from outside made safe for a terminal."""

from __future__ import annotations

import re

# C0 but tab and newline, DEL, C1, bidi controls, line and paragraph separators, BOM.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def neutralise(text: str) -> str:
    r"""Replace every character that could drive or mislead a terminal by a visible escape.

    Tabs and newlines stay; ``ESC`` becomes ``\x1b``, a right-to-left override ``\u202e``. Lone
    surrogates (bytes that are not UTF-8) become escapes too, so that printing cannot fail.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_escape, text)


def neutralise_json(text: str) -> str:
    """The same of a JSON text, in JSON's own escapes: it still says the same."""
    if text.isascii() and "\x7f" not in text:
        return text
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
