"""The published versions of one function, and what points at each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lcli.aws.clients import Clients
from lcli.resources.alias_traffic import shares_of
from lcli.resources.function_state import get_function
from lcli.resources.function_tags import HELD
from lcli.resources.version import published


@dataclass(frozen=True, slots=True)
class Version:
    """One line of `versions`."""

    version: str
    published: str
    """ISO 8601, as AWS gives it."""
    code_sha256: str
    """Of the zip, in base64; two versions with the same one have the same code."""
    size: int
    """Bytes of the zip."""
    description: str = ""
    aliases: Mapping[str, float] = field(default_factory=dict)
    """Alias → its share of traffic that comes here, from 0 to 1."""
    held: bool = False
    """A rollback holds the alias here."""

    def as_json(self) -> dict[str, Any]:
        """The documented shape of a version in ``versions -o json``."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "aliases": dict(self.aliases)
        }


def versions(clients: Clients, name: str) -> tuple[Version, ...] | None:
    """What is published, the newest first; None where there is no such function.

    Raises AwsError.
    """
    function = get_function(clients, name)
    if function is None:
        return None
    held = function.get("Tags", {}).get(HELD, "")
    shares = _shares(clients, name)
    return tuple(
        Version(
            one["Version"],
            one.get("LastModified", ""),
            one.get("CodeSha256", ""),
            one.get("CodeSize", 0),
            one.get("Description", ""),
            shares.get(one["Version"], {}),
            held == one["Version"] and one["Version"] in shares,
        )
        for one in published(clients, name)
    )


def _shares(clients: Clients, name: str) -> dict[str, dict[str, float]]:
    """Version → alias → share of the alias's traffic."""
    found: dict[str, dict[str, float]] = {}
    for page in clients.pages("lambda", "ListAliases", FunctionName=name):
        for alias in page["Aliases"]:
            for version, share in shares_of(alias).items():
                found.setdefault(version, {})[alias["Name"]] = share
    return found
