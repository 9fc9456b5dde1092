"""Refusals that are no errors: what is to go is gone already, what is asked for is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lcli.aws.clients import AwsError


@contextmanager
def expecting(*codes: str) -> Iterator[None]:
    """Ends its block quietly where AWS refuses with one of these codes; raises AwsError else."""
    try:
        yield
    except AwsError as error:
        if error.code not in codes:
            raise
