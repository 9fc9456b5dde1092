"""What the tests share: one local cloud for the session, a fresh account for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lcli.aws.session import Session, connect
from lcli.local.server import Cloud, running_cloud

ACCOUNTS = itertools.count(200000000001)


@dataclass(frozen=True)
class TestCloud:
    """The running cloud as one test sees it: an account that nobody else has."""

    __test__ = False

    cloud: Cloud
    account: str
    region: str = "us-east-1"

    @property
    def url(self) -> str:
        return self.cloud.url

    @property
    def environ(self) -> dict[str, str]:
        """What a process needs to use this account of the cloud."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def clients(self, region: str = "", account: str = "") -> Session:
        """lcli's own calls to this account, or to another one."""
        return connect(
            region=region or self.region,
            endpoint_url=self.url,
            local_account=account or self.account,
            environ={"LCLI_RATE": "off"},
        )

    def boto3(self, service: str, region: str | None = None, **config: Any) -> Any:
        """A plain boto3 client; `config` is botocore's."""
        import boto3
        from botocore.config import Config

        session = boto3.Session(
            aws_access_key_id=self.account,
            aws_secret_access_key="local",
            region_name=region or self.region,
        )
        options = Config(**({"retries": {"total_max_attempts": 1}} | config))
        return session.client(service, endpoint_url=self.url, config=options)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("home")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        patch.delenv(name, raising=False)
    patch.setenv("AWS_CONFIG_FILE", str(home / "config"))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "credentials"))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    directory: Path = tmp_path_factory.mktemp("cloud")
    with running_cloud(directory) as cloud:
        yield cloud
    patch.undo()


@pytest.fixture
def cloud(running: Cloud) -> Iterator[TestCloud]:
    """The local cloud's server, with an account of the test's own."""
    seen = TestCloud(running, str(next(ACCOUNTS)))
    yield seen
    running.services.forget(seen.account)
