"""Where calls go: the form of a region's name and of an endpoint's address."""

from __future__ import annotations

import re

from lcli.errors import ExitCode, LcliError, Problem

REGION = r"[a-z]{2,}(?:-[a-z]+)+-[0-9]+"
"""The form of every region's name in every partition (regionRegex in the SDK's partitions)."""

_MISSING = Problem(
    "region-missing",
    "no region is set",
    next_step="add `region:` to lcli.yaml, give --region, or set AWS_REGION",
)


def check(region: str, endpoint_url: str) -> None:
    """Raises LcliError (USAGE) for what no call can be sent to.

    Found here, a slip of the pen is told at once; a call would look for a host of that name for
    ten seconds, and blame the network. Clouds at an endpoint of their own name regions freely.
    """
    if not region:
        raise LcliError(_MISSING, ExitCode.USAGE)
    if not endpoint_url and not re.fullmatch(REGION, region):
        problem = Problem(
            "region-wrong",
            f"{region!r} is not the name of a region",
            next_step="write it as eu-west-1 is written, in --region, lcli.yaml or AWS_REGION",
        )
        raise LcliError(problem, ExitCode.USAGE)
    if endpoint_url and not re.match(r"https?://[^/]", endpoint_url):
        problem = Problem(
            "endpoint-wrong",
            f"{endpoint_url!r} is not the address of an endpoint",
            next_step="write --endpoint-url http://HOST:PORT or https://HOST",
        )
        raise LcliError(problem, ExitCode.USAGE)
