"""A manifest on disk and the local cloud's server: deploy, plan, delete, and a count of calls."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lcli.aws.clients import AwsError
from lcli.aws.session import Sent, Session, connect
from lcli.deploy import engine
from lcli.deploy.code import Workshop
from lcli.deploy.deletion import prepare_deletion
from lcli.deploy.events import Listener, silent
from lcli.deploy.report import Report
from lcli.errors import ExitCode
from lcli.manifest.document import read
from lcli.manifest.loading import load
from lcli.resources.model import Place

READS = ("Get", "List", "Describe", "Head")


@dataclass
class OnCloud:
    """One app in one account of the cloud."""

    directory: Path
    url: str
    account: str
    region: str = "us-east-1"
    sent: list[Sent] = field(default_factory=list)
    clients: Any = None
    """What calls instead of a session."""
    local: bool = True
    """Whether the place is the local cloud; false for what AWS alone has."""
    _session: Session | None = None

    def __post_init__(self) -> None:
        (self.directory / "code").mkdir(exist_ok=True)
        self.code("1")

    def session(self) -> Session:
        if self._session is None:
            self._session = connect(
                region=self.region,
                endpoint_url=self.url,
                local_account=self.account,
                environ={},
                on_call=self.sent.append,
            )
        return self._session

    def code(self, text: str) -> None:
        """Source of all functions."""
        path = self.directory / "code" / "app.py"
        path.write_text(f"def handler(event, context):\n    return {text!r}\n")

    def manifest(self, text: str) -> None:
        (self.directory / "lcli.yaml").write_text(textwrap.dedent(text))

    def place(self) -> Place:
        document = read(self.directory / "lcli.yaml", environ={})
        return Place(document.identity.app, "", self.region, self.account, local=self.local)

    def prepare(self, *functions: str, **options: Any) -> engine.Prepared:
        clients = self.clients or self.session()
        named = frozenset(functions) or None
        document = read(self.directory / "lcli.yaml", environ={})
        app = load(document, self.place(), clients=clients, functions=named)
        workshop = Workshop(self.directory, self.directory / "cache", local=self.local)
        return engine.prepare(app, self.place(), clients, workshop, functions=named, **options)

    def plan(self, *functions: str, **options: Any) -> list[str]:
        """What would be done: ``create role photos-…``."""
        prepared = self.prepare(*functions, **options)
        return [f"{a.verb.value} {a.resource.key}" for a in prepared.plan.changes]

    def deploy(self, *functions: str, listener: Listener = silent, **options: Any) -> Report:
        prepared = self.prepare(*functions, **options)
        report = engine.deploy(prepared, self.clients or self.session(), listener=listener)
        assert not [one for one in report.notices if "written again" in one]  # nobody else wrote
        return report

    def deploy_well(self) -> None:
        """Deploy all; fails where anything went wrong."""
        report = self.deploy()
        assert (problems(report), report.exit_code) == ([], ExitCode.DONE)

    def delete(self, **options: Any) -> Report:
        clients = self.clients or self.session()
        prepared = prepare_deletion(self.place(), clients, **options)
        return engine.deploy(prepared, clients)

    def calls(self) -> Counter[str]:
        """Calls since the last time it was asked, by operation."""
        counted = Counter(f"{one.service}:{one.operation}" for one in self.sent)
        self.sent.clear()
        return counted

    def mutations(self) -> list[str]:
        """Operations since the last time it was asked that may have changed something."""
        return [name for name in self.calls() if not name.partition(":")[2].startswith(READS)]


def done(report: Report) -> dict[str, str]:
    """What came of each change."""
    return {
        f"{one.action.verb.value} {one.action.resource.key}": one.status.value
        for one in report.outcomes
        if one.status != "unchanged"
    }


def problems(report: Report) -> list[str]:
    return [p.what for one in report.outcomes for p in one.problems] + [
        p.what for p in report.problems
    ]


class Killed(BaseException):
    """The process ends here: no clean-up, no report."""


@dataclass
class DyingClients:
    """Real calls, of which the k-th that changes something is carried out and never answered."""

    session: Session
    survives: int
    """Changes whose answers arrive."""
    changes: int = 0
    dead: bool = False

    @property
    def region(self) -> str:
        return self.session.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if self.dead:
            raise Killed
        answer = self.session.call(service, operation, **parameters)
        if not operation.startswith(READS):
            self.changes += 1
            self.dead = self.dead or self.changes > self.survives
        if self.dead:
            raise Killed
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        if self.dead:
            raise Killed
        return self.session.pages(service, operation, **parameters)


def everything_in(session: Session) -> dict[str, list[str]]:
    """What the account holds, by what lists it; ids that AWS chooses are left out."""

    def listed(service: str, operation: str, member: str, name: str, **of: Any) -> list[str]:
        pages = session.pages(service, operation, **of)
        return sorted(str(one[name]) for page in pages for one in page[member])

    functions = listed("lambda", "ListFunctions", "Functions", "FunctionName")
    found = {
        "functions": functions,
        "roles": listed("iam", "ListRoles", "Roles", "RoleName"),
        "log groups": listed("logs", "DescribeLogGroups", "logGroups", "logGroupName"),
        "layers": listed("lambda", "ListLayers", "Layers", "LayerName"),
        "mappings": [
            f"{one['EventSourceArn']} → {one['FunctionArn']}"
            for page in session.pages("lambda", "ListEventSourceMappings")
            for one in page["EventSourceMappings"]
        ],
        "apis": [a["Name"] for a in session.call("apigatewayv2", "GetApis")["Items"]],
        "notifications": [],
    }
    for name in functions:
        versions = listed(
            "lambda", "ListVersionsByFunction", "Versions", "Version", FunctionName=name
        )
        aliases = [
            f"{one['Name']}={one['FunctionVersion']}"
            for one in session.call("lambda", "ListAliases", FunctionName=name)["Aliases"]
        ]
        tags = session.call("lambda", "GetFunction", FunctionName=name)["Tags"]
        found[name] = [*versions, *aliases, tags.get("lcli:parts", "")]
        for qualifier in ["", *(one.partition("=")[0] for one in aliases)]:
            found[name] += _statements(session, name, qualifier)
    for bucket in session.call("s3", "ListBuckets")["Buckets"]:
        rules = session.call("s3", "GetBucketNotificationConfiguration", Bucket=bucket["Name"]).get(
            "LambdaFunctionConfigurations", []
        )
        found["notifications"] += [f"{one['Id']} → {one['LambdaFunctionArn']}" for one in rules]
    return {kind: sorted(names) for kind, names in found.items()}


def _statements(session: Session, name: str, qualifier: str) -> list[str]:
    which = {"Qualifier": qualifier} if qualifier else {}
    try:
        answer = session.call("lambda", "GetPolicy", FunctionName=name, **which)
    except AwsError:
        return []
    return [f"{qualifier}/{one['Sid']}" for one in json.loads(answer["Policy"])["Statement"]]
