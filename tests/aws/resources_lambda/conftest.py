"""Whole small apps of Lambda's kinds: read, planned and applied against the local cloud."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lcli.aws.session import Sent, Session
from lcli.deploy.apply import apply
from lcli.deploy.applying import Known, Work
from lcli.deploy.plan import Plan, plan
from lcli.deploy.read import read
from lcli.deploy.scope import Scope
from lcli.resources import kinds
from lcli.resources.alias import alias
from lcli.resources.code import Code
from lcli.resources.function import function
from lcli.resources.function_tags import part_names
from lcli.resources.model import Place, Resource, Verb
from lcli.resources.parts import parts
from lcli.resources.version import version

READS = ("Get", "List", "Describe", "Head")
NAME = "photos-prod-thumbnail"
KEY = "thumbnail"


@dataclass(frozen=True)
class Zip:
    """What a build gives, as far as resources look at it."""

    path: Path
    digest: str
    code_sha256: str


@dataclass
class App:
    """One function with what is attached to it."""

    place: Place
    clients: Session
    boto3: Callable[..., Any]
    role: str
    zip: Callable[[str], Zip]
    sent: list[Sent] = field(default_factory=list)

    def resources(
        self,
        *attached: Resource,
        source: str = "one",
        name: str = NAME,
        alias_name: str = "live",
        code: Code | None = None,
        settings: dict[str, Any] | None = None,
        **more: Any,
    ) -> list[Resource]:
        """The desired state: the function, its version and alias, and `attached`."""
        ends = [*attached, *([alias(KEY, name, alias_name)] if alias_name else [])]
        named = part_names(one.key for one in ends)
        one = function(
            self.place,
            KEY,
            name,
            role=self.role,
            code=code or Code(self.zip(source)),
            settings={"Runtime": "python3.13", "Handler": "app.handler", **(settings or {})},
            parts=named,
            **more,
        )
        published = [version(one)] if alias_name else []
        return [one, parts(KEY, name, named), *published, *ends]

    def plan(self, desired: Iterable[Resource], **scope: Any) -> Plan:
        """What deploy would do."""
        wanted = {one.key: one for one in desired}
        found = read(wanted, self.place, self.clients, kinds(), functions=scope.get("named"))
        return plan(wanted, found, kinds(), Scope(frozenset({KEY}), **scope))

    def deploy(self, desired: Iterable[Resource], **scope: Any) -> list[str]:
        """Do it; gives the actions in their order: ``update alias FN:live``."""
        wanted = {one.key: one for one in desired}
        found = read(wanted, self.place, self.clients, kinds(), functions=scope.get("named"))
        planned = plan(wanted, found, kinds(), Scope(frozenset({KEY}), **scope))
        assert [one.what for one in planned.refusals] == []
        report = apply(planned, self.place, self.clients, kinds(), actual=found)
        problems = [one for outcome in report.failed for one in outcome.problems]
        assert problems == []
        return verbs(planned)

    def calls(self) -> list[str]:
        """The operations sent since the last call of this."""
        names = [one.operation for one in self.sent]
        self.sent.clear()
        return names

    def mutations(self) -> list[str]:
        """The same without reads."""
        return [name for name in self.calls() if not name.startswith(READS)]


@dataclass
class Told:
    """Real calls, but for those of which `tell` says the answer; notes what is called."""

    real: Session
    tell: Callable[[str], dict[str, Any] | None]
    asked: list[str] = field(default_factory=list)

    @property
    def region(self) -> str:
        return self.real.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.asked.append(operation)
        told = self.tell(operation)
        return self.real.call(service, operation, **parameters) if told is None else told

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        return self.real.pages(service, operation, **parameters)

    def work(self, place: Place) -> Work:
        return Work(place, self, Known({}), lambda doing: None)


def verbs(planned: Plan) -> list[str]:
    """The changes of a plan: ``replace version photos-prod-thumbnail``."""
    return [
        f"{one.verb} {one.resource.key}" for one in planned.actions if one.verb is not Verb.NONE
    ]


@pytest.fixture
def zips(tmp_path) -> Callable[[str], Zip]:
    def make(source: str, compressor: int = zipfile.ZIP_DEFLATED) -> Zip:
        path = tmp_path / f"{source}-{compressor}.zip"
        with zipfile.ZipFile(path, "w", compressor) as archive:
            entry = zipfile.ZipInfo("app.py")
            entry.compress_type = compressor
            archive.writestr(entry, f"def handler(event, context):\n    return {source!r}\n")
        sha = hashlib.sha256(path.read_bytes()).digest()
        digest = hashlib.sha256(source.encode()).hexdigest()
        return Zip(path, digest, base64.b64encode(sha).decode())

    return make


@pytest.fixture
def told(app) -> Callable[[Callable[[str], dict[str, Any] | None]], Told]:
    return lambda tell: Told(app.clients, tell)


@pytest.fixture
def app(cloud, zips) -> App:
    sent: list[Sent] = []
    clients = cloud.counted(sent)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
        ],
    }
    role = cloud.boto3("iam").create_role(
        RoleName="execution", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    place = Place("photos", "prod", cloud.region, cloud.account)
    return App(place, clients, cloud.boto3, role, zips, sent)
