"""Finding secrets in text: as they are, and as JSON, URLs and base64 write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MASKED = "(secret)"
SHORTEST = 4
"""Characters of the shortest secret that is looked for: shorter ones would mask every "1" of the
output; the fields that hold them are marked anyway."""
_SHORTEST_LINE = 8
_SIGNED = re.compile(
    r"(authorization:\s*)[^\"'\n]+"
    r"|(x-amz-(?:security-token|signature|credential)[:=]\s*|\bSignature=)[^\s&\"',]+",
    re.IGNORECASE,
)


def without_signatures(text: str) -> str:
    """The text without what makes a presigned URL or a signed request one.

    AWS repeats it where it refuses those (General Reference, "Troubleshooting SigV4 errors").
    """
    return _SIGNED.sub(lambda found: f"{found[1] or found[2]}{MASKED}", text)


def pattern_of(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """What finds any of them in any of its forms; None where there is nothing to look for."""
    found = {form for secret in secrets for form in _forms(secret)}
    # Longest first, so that a secret which contains another one goes as a whole.
    forms = sorted(found, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, forms))) if forms else None


def _forms(secret: str) -> Iterator[str]:
    """The secret as it may stand in a message: itself, its lines, escaped, encoded."""
    import json
    from html import escape
    from urllib.parse import quote, quote_plus

    if len(secret) < SHORTEST:
        return
    lines = [line.strip() for line in secret.splitlines()] if "\n" in secret else []
    for text in (secret, *(line for line in lines if len(line) >= _SHORTEST_LINE)):
        yield text
        yield escape(text)
        data = text.encode("utf-8", "surrogatepass")
        yield from (quote(data), quote(data, safe=""), quote_plus(data))
        for quoted in (json.dumps(text), json.dumps(text, ensure_ascii=False), repr(text)):
            yield quoted[1:-1]
        yield from _in_base64(data)


def _in_base64(secret: bytes) -> Iterator[str]:
    """What all base64 that holds these bytes has in common, for each place modulo three."""
    from base64 import b64encode

    for before in range(3):
        whole = (before + len(secret)) // 3 * 3
        encoded = b64encode((bytes(before) + secret)[:whole])
        text = encoded[4 if before else 0 :].decode()
        if len(text) >= _SHORTEST_LINE:
            yield text
            yield text.replace("+", "-").replace("/", "_")
