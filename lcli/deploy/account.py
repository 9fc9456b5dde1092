"""What the account still has room for, asked for once and only where a check needs it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from lcli.aws.clients import AwsError, Clients


class Account:
    """Limits and usage of one account in one region (GetAccountSettings, Lambda API reference)."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self.region = clients.region

    @cached_property
    def settings(self) -> Mapping[str, Any] | None:
        """The answer; None where lambda:GetAccountSettings is not allowed: what does not fit AWS
        itself refuses later. Raises AwsError."""
        try:
            return self._clients.call("lambda", "GetAccountSettings")
        except AwsError as error:
            if error.status == 403:
                return None
            raise
