"""GetResources: moto's tagging API lists what moto holds, and functions are lcli's."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from lcli.local.pushes import RUNNING

_UNASKED = 100
"""Tags to a page that moto takes where TagsPerPage is left out."""


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
    """Let GetResources list the functions of the cloud that runs, by pages as full as AWS's.

    Once a process. A page ends by ResourcesPerPage, and by tags only where TagsPerPage is given.

    Source: Resource Groups Tagging API reference, "GetResources".
    """
    from moto.awslambda.models import LambdaBackend
    from moto.resourcegroupstaggingapi import models

    services = models.iter_taggable_backends

    def with_functions(account_id: str, region_name: str) -> Iterator[Any]:
        found = services(account_id, region_name)
        yield from (one for one in found if not isinstance(one, LambdaBackend))
        yield _Functions(account_id, region_name)

    backend = models.ResourceGroupsTaggingAPIBackend
    pages = backend.get_resources

    def full(self: Any, *args: Any, tags_per_page: int = _UNASKED, **named: Any) -> Any:
        limit = sys.maxsize if tags_per_page == _UNASKED else tags_per_page
        return pages(self, *args, tags_per_page=limit, **named)

    models.iter_taggable_backends = with_functions
    backend.get_resources = full
