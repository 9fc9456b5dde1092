"""What the user asked lcli invoke to do, once it is read and checked."""

from __future__ import annotations

from dataclasses import dataclass

from lcli.cli.names import Named
from lcli.cli.run import Run
from lcli.invoke.call import Mode, Target
from lcli.invoke.price import Rate


@dataclass(frozen=True, slots=True)
class Asked:
    """A call, or many of the same function."""

    run: Run
    named: Named
    mode: Mode
    payload: bytes = b""
    """Empty with --each."""
    raw: bool = False
    tenant: str = ""
    execution: str = ""
    """Name of a durable execution."""
    context: bytes = b""

    @property
    def target(self) -> Target:
        """What is called."""
        named = self.named
        return Target(named.name, named.qualifier, self.tenant, self.execution, self.context)

    @property
    def rate(self) -> Rate:
        """The prices of its region and of the manifest's architecture; AWS is not asked for it."""
        run, named = self.run, self.named
        region = run.session(named.region).region
        local, besides = run.options.local, named.billed_besides
        return Rate(region, named.architecture, local=local, uncounted=besides)
