"""Two people who deploy different manifests of one app at the same time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app_on_cloud import OnCloud

from lcli.deploy import engine, rollback
from overlay.account import Kept, keep
from overlay.turns import Taking, Turns

MANIFEST = """
app: photos
tags: {{owner: "{name}"}}
http: {{cors: {{origins: ["https://{name}"]}}}}
defaults:
  runtime: python3.13
  handler: app.handler
  source: code
  memory: {memory}
  log: {{retention_days: {days}}}
  role: {{statements: [{{actions: ["s3:GetObject"], resources: ["arn:aws:s3:::{name}/*"]}}]}}
functions:
  one:
    environment: {{OF: "{name}"}}
    tags: {{who: "{name}"}}
    concurrency: {{reserved: {count}}}
    async: {{retries: {retries}}}
    permissions:
      - principal: events.amazonaws.com
        source_arn: "arn:aws:events:us-east-1:{account}:rule/{name}"
    triggers:
      - s3: {{bucket: photos-{account}, prefix: {name}/}}
      - sqs: {{queue: photos, batch_size: {count}}}
      - http: GET /one/{name}
  two:
    environment: {{OF: "{name}"}}
    triggers: [{{http: "GET /two/{name}"}}]
"""
SETTINGS = {
    "base": {"memory": 128, "days": 1, "count": 3, "retries": 0},
    "left": {"memory": 256, "days": 3, "count": 4, "retries": 1},
    "right": {"memory": 512, "days": 5, "count": 5, "retries": 2},
}
RIVALS = ("left", "right")
FUNCTIONS = ("photos-one", "photos-two")
VERSIONED = ("environment", "memory", "code")
"""What goes with the alias, and back with a rollback of it."""
_ROLE_OF = re.compile(r"arn:aws:s3:::(\w+)/")


@dataclass(frozen=True)
class Ended:
    """What a race left."""

    codes: dict[str, int]
    """Exit codes of the two."""
    problems: dict[str, set[str]]
    """The codes of what they were told."""
    said: dict[str, list[str]]
    live: dict[str, dict[str, str]]
    """By function whose each part of it is: of the version behind the alias and of all else."""
    apis: int
    """How many HTTP APIs there are."""
    order: list[str]
    """The calls of both as they came."""


class Rivals:
    """The checkouts of three people, and one account; `cloud` is the tests' fixture."""

    def __init__(self, cloud: Any, directory: Path) -> None:
        self.session = cloud.clients()
        self.sides = {name: self._side(cloud, directory, name) for name in SETTINGS}
        self.starts: dict[str, Kept] = {}
        """What there is before a race."""
        self.shas: dict[str, str] = {}
        """Who has the code that Lambda calls so."""
        self._start(cloud, "nothing")
        for name, start in (("base", "base"), ("left", "rollback"), ("right", "")):
            self.sides[name].deploy()
            found = self._call("lambda", "GetFunction", FunctionName=FUNCTIONS[0])
            self.shas[found["Configuration"]["CodeSha256"]] = name
            if start:
                self._start(cloud, start)

    def _side(self, cloud: Any, directory: Path, name: str) -> OnCloud:
        (directory / name).mkdir()
        app = OnCloud(directory / name, cloud.url, cloud.account, clients=self.session)
        app.code(name)
        app.manifest(MANIFEST.format(name=name, account=cloud.account, **SETTINGS[name]))
        return app

    def _start(self, cloud: Any, name: str) -> None:
        self.starts[name] = keep(cloud.cloud, cloud.account)

    def race(self, seed: int, start: str = "base") -> Ended:
        """Deploy two manifests at once from a `start`, with calls interleaved by the seed.

        ``base`` is a third one's manifest, ``nothing`` an empty account; ``rollback`` is the base
        and the left one on top, who rolls it back while the right one deploys.
        """
        self.starts[start].restore()
        turns = Turns(2, seed)

        def run(number: int, name: str) -> tuple[int, set[str], list[str]]:
            app = self.sides[name]
            app.clients = Taking(self.session, turns, number)
            try:
                goes_back = start == "rollback" and name == "left"
                return _rolled_back(app) if goes_back else _deployed(app)
            finally:
                turns.leave(number)
                app.clients = self.session

        with ThreadPoolExecutor(2) as pool:
            found = dict(zip(RIVALS, pool.map(run, range(2), RIVALS), strict=True))
        return Ended(
            {name: code for name, (code, _, _) in found.items()},
            {name: codes for name, (_, codes, _) in found.items()},
            {name: said for name, (_, _, said) in found.items()},
            {function: self._live(function) for function in FUNCTIONS},
            len(self._call("apigatewayv2", "GetApis")["Items"]),
            turns.order,
        )

    def _call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        return self.session.call(service, operation, **parameters)

    def _live(self, function: str) -> dict[str, str]:
        """Whose each part is; several names where things of several sides are there."""
        found = self._call("lambda", "GetFunction", FunctionName=function, Qualifier="live")
        latest = self._call("lambda", "GetFunction", FunctionName=function)
        role = found["Configuration"]["Role"].rpartition("/")[2]
        policy = self._call("iam", "GetRolePolicy", RoleName=role, PolicyName="lcli")
        groups = self._call("logs", "DescribeLogGroups")["logGroups"]
        days = {one["logGroupName"]: one.get("retentionInDays") for one in groups}
        live = self._versioned(found["Configuration"])
        live |= {
            f"{part} of $LATEST": one
            for part, one in self._versioned(latest["Configuration"]).items()
        }
        live["role"] = _names(_ROLE_OF.findall(str(policy["PolicyDocument"])))
        live["retention"] = _whose("days", days[f"/aws/lambda/{function}"])
        live["routes"] = _names(self._routes(function))
        if function == FUNCTIONS[0]:
            live |= self._attached(function, latest)
        return live

    def _versioned(self, configuration: dict[str, Any]) -> dict[str, str]:
        return {
            "environment": configuration["Environment"]["Variables"]["OF"],
            "memory": _whose("memory", configuration["MemorySize"]),
            "code": self.shas.get(configuration["CodeSha256"], "nobody"),
        }

    def _routes(self, function: str) -> Iterator[str]:
        for api in self._call("apigatewayv2", "GetApis")["Items"]:
            for route in self._call("apigatewayv2", "GetRoutes", ApiId=api["ApiId"])["Items"]:
                _, whose, side = route["RouteKey"].split("/")
                if function == f"photos-{whose}":
                    yield side

    def _attached(self, function: str, latest: dict[str, Any]) -> dict[str, str]:
        """What one of the functions has beside its version.

        The API that both share goes with this one, whose key comes first.
        """
        at = {"FunctionName": function, "Qualifier": "live"}
        policy = self._call("lambda", "GetPolicy", **at)["Policy"]
        retries = self._call("lambda", "GetFunctionEventInvokeConfig", **at)["MaximumRetryAttempts"]
        reserved = latest.get("Concurrency", {}).get("ReservedConcurrentExecutions")
        mappings = self._call("lambda", "ListEventSourceMappings")["EventSourceMappings"]
        bucket = f"photos-{self.sides['base'].account}"
        rules = self._call("s3", "GetBucketNotificationConfiguration", Bucket=bucket)
        apis = self._call("apigatewayv2", "GetApis")["Items"]
        return {
            "tags": latest["Tags"]["who"],
            "reserved": _whose("count", reserved),
            "async": _whose("retries", retries),
            "mappings": _names(_whose("count", one["BatchSize"]) for one in mappings),
            "permissions": _names(re.findall(r":rule/(\w+)", policy)),
            "rules": _names(
                one["Filter"]["Key"]["FilterRules"][0]["Value"].rstrip("/")
                for one in rules.get("LambdaFunctionConfigurations", [])
            ),
            "CORS": _names(_origin(api) for api in apis),
            "tags of the API": _names(api["Tags"]["owner"] for api in apis),
        }


def _whose(setting: str, value: object) -> str:
    return next((name for name, one in SETTINGS.items() if one[setting] == value), f"{value}")


def _origin(api: dict[str, Any]) -> str:
    return "".join(api["CorsConfiguration"]["AllowOrigins"]).removeprefix("https://")


def _names(found: Iterable[str]) -> str:
    return " and ".join(sorted(found)) or "nobody"


def _deployed(app: OnCloud) -> tuple[int, set[str], list[str]]:
    prepared = app.prepare(parallel=4)
    report = engine.deploy(prepared, app.clients, parallel=4)
    problems = report.every_problem
    return int(report.exit_code), {p.code for p in problems}, [p.what for p in problems]


def _rolled_back(app: OnCloud) -> tuple[int, set[str], list[str]]:
    targets = [rollback.Target(name.partition("-")[2], name, "live") for name in FUNCTIONS]
    asked = rollback.Asked(app.clients, targets, app.place())
    (chosen,) = rollback.prepare([asked], parallel=4)
    moved = rollback.roll_back(app.clients, chosen.moves, parallel=4)
    problems = [*chosen.problems, *(one.problem for one in moved if one.problem)]
    return bool(problems), {p.code for p in problems}, [p.what for p in problems]


def judged(ended: Ended, start: str = "base") -> list[str]:
    """What is wrong with how a race from `start` ended.

    A rollback moves the alias alone, so what does not go with the alias is the deploy's.
    """
    back = start == "rollback"
    ends = ("base", "right") if back else RIVALS
    wrong, winners = [], set()
    for function, parts in ended.live.items():
        counted = {part: one for part, one in parts.items() if not back or part in VERSIONED}
        winners |= {*counted.values()}
        if len({*counted.values()}) != 1 or not winners <= {*ends}:
            wrong.append(f"{function} is nobody's or a mixture: {counted}")
    if ended.apis != 1:
        wrong.append(f"there are {ended.apis} HTTP APIs")
    for name, code in ended.codes.items():
        told = ended.problems[name] == {"changed-meanwhile"} and all(
            re.match(r"someone else changed \w.* of ((photos-)?(one|two)|HTTP API photos) ", what)
            for what in ended.said[name]
        )
        if code not in (0, 1) or (code == 1 and not told):
            wrong.append(f"{name} exits {code} with {ended.problems[name]}: {ended.said[name]}")
        if code == 0 and not back and winners != {name}:
            wrong.append(f"{name} says that it is done")
    return wrong
