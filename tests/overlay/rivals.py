"""Two people who deploy different manifests of one app at the same time."""

from __future__ import annotations

import re
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app_on_cloud import OnCloud

from lcli.deploy import engine, rollback
from overlay.turns import Taking, Turns

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
RIVALS = ("left", "right")
FUNCTIONS = ("photos-one", "photos-two")


@dataclass(frozen=True)
class Ended:
    """What a race left."""

    codes: dict[str, int]
    """Exit codes of the two."""
    problems: dict[str, set[str]]
    """The codes of what they were told."""
    said: dict[str, list[str]]
    live: dict[str, tuple[str, str, str]]
    """By function what its alias runs: who set the environment, who the memory, whose code."""
    rules: list[str]
    """Prefixes of the bucket's rules."""


class Rivals:
    """The checkouts of three people, and one account; `cloud` is the tests' fixture."""

    def __init__(self, cloud: Any, directory: Path) -> None:
        self.forget = cloud.forget
        self.session = cloud.clients()
        self.sides = {name: self._side(cloud, directory, name) for name in MEMORY}
        self.shas = {self._sha(name): name for name in MEMORY}

    def _side(self, cloud: Any, directory: Path, name: str) -> OnCloud:
        (directory / name).mkdir()
        app = OnCloud(directory / name, cloud.url, cloud.account, clients=self.session)
        app.code(name)
        app.manifest(MANIFEST.format(name=name, memory=MEMORY[name], account=cloud.account))
        return app

    def _sha(self, name: str) -> str:
        """What Lambda calls the code of a checkout."""
        self.forget()
        self.sides[name].deploy()
        found = self.session.call("lambda", "GetFunction", FunctionName=FUNCTIONS[0])
        return str(found["Configuration"]["CodeSha256"])

    def race(self, seed: int, back: bool = False) -> Ended:
        """Deploy a base, then both of two at once with calls interleaved by the seed.

        With `back` the left one rolls back what it has deployed before, while the right deploys.
        """
        self.forget()
        self.sides["base"].deploy()
        if back:
            self.sides["left"].deploy()
        turns = Turns(2, seed)

        def run(number: int, name: str) -> tuple[int, set[str], list[str]]:
            app = self.sides[name]
            app.clients = Taking(self.session, turns, number)
            try:
                return _rolled_back(app) if back and name == "left" else _deployed(app)
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
            self._rules(),
        )

    def _live(self, function: str) -> tuple[str, str, str]:
        found = self.session.call("lambda", "GetFunction", FunctionName=function, Qualifier="live")
        of: dict[str, Any] = found["Configuration"]
        who = {memory: name for name, memory in MEMORY.items()}
        return (
            of["Environment"]["Variables"]["OF"],
            who[of["MemorySize"]],
            self.shas.get(of["CodeSha256"], "nobody"),
        )

    def _rules(self) -> list[str]:
        bucket = f"photos-{self.sides['base'].account}"
        found = self.session.call("s3", "GetBucketNotificationConfiguration", Bucket=bucket)
        rules = found.get("LambdaFunctionConfigurations", [])
        return [str(one["Filter"]["Key"]["FilterRules"][0]["Value"]) for one in rules]


def _deployed(app: OnCloud) -> tuple[int, set[str], list[str]]:
    prepared = app.prepare(parallel=4)
    report = engine.deploy(prepared, app.clients, parallel=4)
    problems = [p for one in report.outcomes for p in one.problems]
    return int(report.exit_code), {p.code for p in problems}, [p.what for p in problems]


def _rolled_back(app: OnCloud) -> tuple[int, set[str], list[str]]:
    targets = [rollback.Target(name.partition("-")[2], name, "live") for name in FUNCTIONS]
    moves, refused = rollback.prepare(app.clients, targets, place=app.place(), parallel=4)
    moved = rollback.roll_back(app.clients, moves, parallel=4)
    problems = [*refused, *(one.problem for one in moved if one.problem)]
    return bool(problems), {p.code for p in problems}, [p.what for p in problems]


def judged(ended: Ended, ends: Collection[str] = RIVALS) -> list[str]:
    """What is wrong with how a race ended; `ends` are those whose word may be the last."""
    wrong = [
        f"{function} runs {parts}, which is nobody's or a mixture"
        for function, parts in ended.live.items()
        if len(set(parts)) != 1 or parts[0] not in ends
    ]
    winners = {parts[0] for parts in ended.live.values()}
    if len(ended.rules) != 1:
        wrong.append(f"the bucket has the rules of both: {ended.rules}")
    for name, code in ended.codes.items():
        told = ended.problems[name] == {"changed-meanwhile"} and all(
            re.match(r"someone else changed \w.* of (photos-)?(one|two)", what)
            for what in ended.said[name]
        )
        if code not in (0, 1) or (code == 1 and not told):
            wrong.append(f"{name} exits {code} with {ended.problems[name]}: {ended.said[name]}")
        if code == 0 and len(winners) == 2 and set(ended.codes.values()) == {0}:
            wrong.append(f"{name} says that it is done")
    return wrong
