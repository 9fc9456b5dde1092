"""Two people who deploy different manifests of one app at the same time."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app_on_cloud import OnCloud

from lcli.deploy import engine
from lcli.deploy.report import Report
from overlay.turns import Taking, Turns

ACCOUNTS = itertools.count(500000000001)
MANIFEST = """
app: photos
defaults: {{runtime: python3.13, handler: app.handler, source: code, memory: {memory}}}
functions:
  one:
    environment: {{OF: "{name}"}}
    triggers: [{{s3: {{bucket: photos-{account}, prefix: {name}/}}}}]
  two: {{environment: {{OF: "{name}"}}}}
"""
MEMORY = {"base": 128, "left": 256, "right": 512}
FUNCTIONS = ("photos-one", "photos-two")


@dataclass(frozen=True)
class Ended:
    """What a race left."""

    codes: dict[str, int]
    """Exit codes of the two."""
    problems: dict[str, set[str]]
    live: dict[str, tuple[str, int, str]]
    """By function what its alias runs: who set the environment, who the memory, whose code."""
    rules: list[str]
    """Prefixes of the bucket's rules."""


def side(url: str, account: str, directory: Path, name: str) -> OnCloud:
    """One person's checkout."""
    (directory / name).mkdir(exist_ok=True)
    app = OnCloud(directory / name, url, account)
    app.code(name)
    app.manifest(MANIFEST.format(name=name, memory=MEMORY[name], account=account))
    return app


def race(url: str, directory: Path, seed: int) -> Ended:
    """Deploy a base, then both of two at once with calls interleaved by the seed."""
    account = str(next(ACCOUNTS))
    base = side(url, account, directory, "base")
    base.deploy()
    turns = Turns(2, seed)

    def deploy(number: int, name: str) -> Report:
        app = side(url, account, directory, name)
        app.clients = Taking(app.session(), turns, number)
        try:
            prepared = app.prepare(parallel=4)
            return engine.deploy(prepared, app.clients, parallel=4)
        finally:
            turns.leave(number)

    with ThreadPoolExecutor(2) as pool:
        names = ("left", "right")
        reports = dict(zip(names, pool.map(deploy, range(2), names), strict=True))
    ended = _ended(base, reports)
    base.delete(logs=True)
    return ended


def _ended(app: OnCloud, reports: dict[str, Report]) -> Ended:
    session = app.session()
    shas: dict[str, str] = {}
    live: dict[str, tuple[str, int, str]] = {}
    for name in ("base", "left", "right"):
        built = side(app.url, app.account, app.directory.parent, name).prepare()
        for actual in built.plan.actions:
            code = getattr(actual.resource.payload, "code", None)
            if code is not None and code.code_sha256:
                shas[code.code_sha256] = name
    for function in FUNCTIONS:
        found = session.call("lambda", "GetFunction", FunctionName=function, Qualifier="live")
        of: dict[str, Any] = found["Configuration"]
        who = {memory: name for name, memory in MEMORY.items()}
        live[function] = (
            of["Environment"]["Variables"]["OF"],
            who[of["MemorySize"]],
            shas.get(of["CodeSha256"], "nobody"),
        )
    rules = session.call(
        "s3", "GetBucketNotificationConfiguration", Bucket=f"photos-{app.account}"
    ).get("LambdaFunctionConfigurations", [])
    return Ended(
        {name: int(report.exit_code) for name, report in reports.items()},
        {
            name: {p.code for one in report.outcomes for p in one.problems}
            for name, report in reports.items()
        },
        live,
        [str(one["Filter"]["Key"]["FilterRules"][0]["Value"]) for one in rules],
    )


def judged(ended: Ended) -> list[str]:
    """What is wrong with how a race ended."""
    wrong = [
        f"{function} runs a mixture: {parts}"
        for function, parts in ended.live.items()
        if len(set(parts)) != 1
    ]
    if len(ended.rules) != 1:
        wrong.append(f"the bucket has the rules of both: {ended.rules}")
    winners = {parts[0] for parts in ended.live.values()}
    for name, code in ended.codes.items():
        lost = name not in winners and all(other == 0 for other in ended.codes.values())
        if code not in (0, 1) or (code == 1 and not ended.problems[name]):
            wrong.append(f"{name} exits {code} with {ended.problems[name]}")
        if lost and len(winners) == 2:
            wrong.append(f"{name} says that it is done")
    return wrong
