"""Functions in GetResources: moto's tagging API lists what moto holds, and functions are lcli's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from lcli.local.pushes import RUNNING


@dataclass(frozen=True, slots=True)
class _Functions:
    """What moto's tagging API asks of a service: the functions of one account and region."""

    account: str
    region: str

    def iter_tagged_resources(self) -> Iterator[Any]:
        """Every function with its tags; moto leaves out what no filter names."""
        from moto.core.resource_tagging import TaggedResource

        for arn, tags in RUNNING[-1].tagged(self.account, self.region):
            yield TaggedResource(arn, tags, "lambda:function")


@cache
def install() -> None:
    """Let GetResources list the functions of the cloud that runs. Once a process.

    Source: Resource Groups Tagging API reference, "GetResources".
    """
    from moto.awslambda.models import LambdaBackend
    from moto.resourcegroupstaggingapi import models

    services = models.iter_taggable_backends

    def with_functions(account_id: str, region_name: str) -> Iterator[Any]:
        found = services(account_id, region_name)
        yield from (one for one in found if not isinstance(one, LambdaBackend))
        yield _Functions(account_id, region_name)

    models.iter_taggable_backends = with_functions
