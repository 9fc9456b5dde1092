"""Partial batch responses: which records of a batch a function says it could not do.

Source: Lambda developer guide, "Implementing partial batch responses" (success and failure
conditions).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from lcli.local.targets import Answer


def failures(settings: Mapping[str, Any], answer: Answer, sent: Collection[str]) -> set[str] | None:
    """The identifiers that failed, of those that were `sent`; None if all of them did."""
    if answer.failed:
        return None
    if "ReportBatchItemFailures" not in (settings.get("FunctionResponseTypes") or ()):
        return set()
    try:
        response = json.loads(answer.payload) if answer.payload else None
    except ValueError:
        return None
    if not response:
        return set()
    if not isinstance(response, dict):
        return None
    return _identifiers(response.get("batchItemFailures"), sent)


def _identifiers(items: Any, sent: Collection[str]) -> set[str] | None:
    if items is None:
        return set()
    if not isinstance(items, list):
        return None
    found = set()
    for item in items:
        identifier = item.get("itemIdentifier") if isinstance(item, dict) else None
        if not isinstance(identifier, str) or identifier not in sent:
            return None
        found.add(identifier)
    return found
