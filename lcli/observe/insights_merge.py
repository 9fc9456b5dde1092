"""One order for the rows of several queries of Logs Insights, as one query would have given it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lcli.observe.insights import Result

MOST = 10_000
"""Rows of a query that says no limit (StartQuery, API reference)."""
_BY_EVENT = frozenset({"fields", "display", "filter", "parse", "sort", "limit", "filterindex"})
"""Commands that look at one event at a time, so that their rows can be put together."""
_TEXT = re.compile(
    r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`"""
    r"""|(?:=~|\blike|\bparse\s+[^\s|]+)\s*/(?:\\.|[^/\\])+/|\#[^\n]*|[^|]""",
    re.IGNORECASE,
)
_KEY = re.compile(r"`?([\w@.\-{}\[\]]+)`?(?:\s+(asc|desc))?", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_CHUNKS = re.compile(r"\d+|\D+")
_Part = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Order:
    """How a query orders its rows, and how many it wants."""

    keys: tuple[tuple[str, bool], ...]
    """Fields and whether they descend; empty where the query says nothing: newest first."""
    limit: int | None


def order_of(query: str) -> Order | None:
    """The order of a query's rows, if those of several such queries can be put together.

    None where it counts over events (``stats``, ``dedup``, ``pattern`` …), sorts more than once or
    by what is not in its rows.
    """
    commands = [text.strip().partition(" ") for text in _commands(query) if text.strip()]
    names = [name.lower() for name, _, _ in commands]
    if not _BY_EVENT.issuperset(names) or max(names.count("sort"), names.count("limit")) > 1:
        return None
    said = {name: rest for (_, _, rest), name in zip(commands, names, strict=True)}
    keys = [_KEY.fullmatch(one.strip()) for one in said.get("sort", "").split(",") if one.strip()]
    found = [(key[1], (key[2] or "").lower() == "desc") for key in keys if key]
    shown = " ".join(
        rest
        for (_, _, rest), name in zip(commands, names, strict=True)
        if name in (("display",) if "display" in names else ("fields", "parse"))
    )
    if not {"fields", "display"} & set(names):
        shown += " @timestamp @message"
    limit = said.get("limit", "").strip()
    known = all(re.search(rf"(?<![\w@.]){re.escape(key)}(?![\w.])", shown) for key, _ in found)
    if len(found) < len(keys) or not known or not (limit.isdigit() or not limit):
        return None
    return Order(tuple(found), int(limit) if limit else None)


def put_together(results: Sequence[Result], order: Order | None, limit: int | None) -> Result:
    """The rows of all queries in one order, as many as the query or else `limit` says.

    Those of one query are as it has them; without an order they follow one another.
    """
    if len(results) == 1:
        return results[0]
    merged = Result()
    for result in results:
        merged.add(result)
    if order is None:
        return merged
    keys = order.keys
    if not keys and all("@timestamp" in row for row in merged.rows):
        keys = (("@timestamp", True),)
    for key, descends in reversed(keys):
        merged.rows.sort(key=lambda row: natural(row.get(key, "")), reverse=descends)
    del merged.rows[order.limit or limit or MOST :]
    return merged


def natural(value: str) -> tuple[int, float, tuple[_Part, ...]]:
    """A value's place in Insights' order: numbers behind all else, digits in a text by their
    length and value ("sort", Logs Insights query syntax)."""
    if _NUMBER.fullmatch(value):
        return (1, float(value), ())
    return (0, 0.0, tuple(_part(chunk) for chunk in _CHUNKS.findall(value)))


def _part(chunk: str) -> _Part:
    return ("0", len(chunk), chunk) if chunk[0].isdigit() else (chunk, 0, "")


def _commands(query: str) -> list[str]:
    """The commands between the bars, but for bars in texts, patterns and comments."""
    found, at = [""], 0
    while at < len(query):
        match = _TEXT.match(query, at)
        if match is None:
            found.append("")
            at += 1
            continue
        found[-1] += "" if match[0].startswith("#") else match[0]
        at = match.end()
    return found
