"""What share of an alias's traffic goes to which version, by an answer of GetAlias; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def weights_of(alias: Mapping[str, Any]) -> dict[str, float]:
    """Version → share, of a shift of traffic that is in flight; empty without one."""
    return dict(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))


def shares_of(alias: Mapping[str, Any]) -> dict[str, float]:
    """Version → share, from 0 to 1, of all versions; the alias's own first."""
    weights = weights_of(alias)
    return {alias["FunctionVersion"]: round(1 - sum(weights.values()), 6), **weights}


def told(weights: Mapping[str, float]) -> str:
    """``10% to 6``; empty without weights."""
    return ", ".join(f"{share:.0%} to {version}" for version, share in weights.items())
