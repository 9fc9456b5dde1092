"""What the calls of a function that the user named cost."""

from __future__ import annotations

from lcli.cli.names import Named
from lcli.cli.run import Run
from lcli.invoke.price import Rate


def rate_of(run: Run, named: Named) -> Rate:
    """The prices of its region and of the manifest's architecture; AWS is not asked for it."""
    region = run.session(named.region).region
    return Rate(region, named.architecture, local=run.options.local)
