"""Field values as a person or a program reads them; secrets masked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime

from lcli.aws.redacting import MASKED
from lcli.resources.model import Ref, Text, Value
from lcli.ui.mask import Mask

_DIGEST = re.compile(r"[0-9a-f]{64}")


def shown(value: Value, secret: bool, mask: Mask) -> Value:
    """A value fit to be shown, as JSON takes it; an absent one stays None."""
    if value is None or mask.show:
        return plain(value)
    return MASKED if secret else _masked(plain(value), mask)


def _masked(value: Value, mask: Mask) -> Value:
    if isinstance(value, str):
        return mask.text(value)
    if isinstance(value, dict):
        return {mask.text(key): _masked(item, mask) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, mask) for item in value]
    return value


def plain(value: Value) -> object:
    """The value as JSON takes it; what AWS has yet to choose as ``(known after apply)``,
    a version's number as ``(new)``."""
    if isinstance(value, Ref | Text):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def one_line(value: Value) -> str:
    """Strings as they are when that is unmistakable, else JSON; a digest cut at the twelve
    characters that `lcli build` shows too."""
    if value is None:
        return "(none)"
    if isinstance(value, str) and _DIGEST.fullmatch(value):
        return value[:12]
    if isinstance(value, str) and value and value == value.strip() and "\n" not in value:
        return value
    return json.dumps(value, ensure_ascii=False)
