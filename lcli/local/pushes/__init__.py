"""What S3, SNS, EventBridge and CloudWatch Logs push to functions, in place of moto's own pushes.

moto calls functions inside the caller's request, with events of constants. `install` replaces the
few places of moto's that do so; everything else in those services stays moto's.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lcli.local.pushes import events, logs, s3, sns
from lcli.local.targets import Targets

RUNNING: list[Targets] = []
"""The functions of this process's clouds: moto's modules, of which there is one set a process,
lead to those of the last one."""


class Latest:
    """The functions of the cloud that was started last and still runs."""

    @property
    def targets(self) -> Targets:
        """See `RUNNING`."""
        return RUNNING[-1]

    def exists(self, arn: str) -> bool:
        """See `Targets.exists`."""
        return self.targets.exists(arn)

    def allows(
        self, arn: str, principal: str, *, source_arn: str, source_account: str = ""
    ) -> bool:
        """See `Targets.allows`."""
        return self.targets.allows(
            arn, principal, source_arn=source_arn, source_account=source_account
        )

    def push(self, arn: str, event: Any) -> None:
        """See `Targets.push`."""
        self.targets.push(arn, event)


@cache
def install() -> None:
    """Lead moto's pushes to `RUNNING`; imports the services (about 0.3 s, once a process)."""
    latest = Latest()
    for service in (s3, sns, events, logs):
        service.install(latest)
