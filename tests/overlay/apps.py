"""One manifest of four functions that holds every kind of resource, another, and none.

A step brings an account to one of the three; each converges from whatever a killed run left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from app_on_cloud import READS, OnCloud, problems

from lcli.aws.session import Session
from lcli.deploy import engine

FIRST = """
app: photos
defaults:
  {runtime: python3.13, handler: app.handler, source: code, log: {retention_days: 14}}
layers:
  imaging: {source: layer, runtimes: [python3.13]}
functions:
  thumb:
    environment: {SIZE: "128", GALLERY: "${function:gallery.url}"}
    layers: [imaging]
    concurrency: {reserved: 5}
    async: {retries: 1, on_failure: "arn:aws:sqs:us-east-1:ACCOUNT:failed"}
    permissions:
      - {principal: events.amazonaws.com, source_arn: "arn:aws:events:us-east-1:ACCOUNT:rule/r"}
    triggers:
      - s3: {bucket: photos-ACCOUNT, prefix: in/, suffix: .jpg}
      - s3: {bucket: photos-ACCOUNT, events: ["ObjectRemoved:*"]}
  orders:
    concurrency: {provisioned: 1}
    triggers: [{sqs: {queue: orders, batch_size: 5}}, {dynamodb: users}, {kinesis: clicks}]
  gallery:
    url: {auth: none}
    triggers: [{http: GET /}, {http: POST /orders}]
  plain: {alias: false}
"""
SECOND = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code, memory: 256}
layers:
  imaging: {source: layer, runtimes: [python3.13]}
functions:
  thumb:
    environment: {SIZE: "256", GALLERY: "${function:gallery.url}", MORE: "1"}
    layers: [imaging]
    async: {retries: 2}
    permissions:
      - {principal: events.amazonaws.com, source_arn: "arn:aws:events:us-east-1:ACCOUNT:rule/s"}
    triggers:
      - s3: {bucket: photos-ACCOUNT, prefix: other/}
  orders:
    concurrency: {reserved: 3}
    alias: blue
    triggers: [{sqs: {queue: orders, batch_size: 7}}, {dynamodb: users}]
  gallery:
    alias: blue
    url: {auth: none}
    triggers: [{http: GET /}, {http: DELETE /orders}]
  extra: {triggers: [{kinesis: clicks}]}
"""


def app_on(url: str, account: str, directory: Path) -> OnCloud:
    """The app in an account of the cloud; nothing is deployed yet."""
    (directory / "layer" / "python").mkdir(parents=True, exist_ok=True)
    app = OnCloud(directory, url, account)
    _write(app, FIRST, "1")
    return app


def _write(app: OnCloud, text: str, code: str) -> None:
    app.code(code)
    (app.directory / "layer" / "python" / "imaging.py").write_text(f"SIZE = {code}\n")
    app.manifest(text.replace("ACCOUNT", app.account))


def _deployed(app: OnCloud, text: str, code: str, parallel: int) -> None:
    _write(app, text, code)
    prepared = app.prepare(prune=True, parallel=parallel)
    report = engine.deploy(prepared, app.clients or app.session(), parallel=parallel)
    assert not (said := problems(report)), said


def first(app: OnCloud, parallel: int = 16) -> None:
    """Deploys the first manifest."""
    _deployed(app, FIRST, "1", parallel)


def second(app: OnCloud, parallel: int = 16) -> None:
    """Deploys the second one."""
    _deployed(app, SECOND, "2", parallel)


def nothing(app: OnCloud, parallel: int = 16) -> None:
    """Deletes all, with log groups."""
    clients = app.clients or app.session()
    prepared = engine.prepare_deletion(app.place(), clients, logs=True, parallel=parallel)
    report = engine.deploy(prepared, clients, parallel=parallel)
    assert not (said := problems(report)), said


Step = Callable[..., None]
LIVES: dict[str, tuple[Step, Step]] = {
    "create": (nothing, first),
    "change": (first, second),
    "change back": (second, first),
    "delete": (first, nothing),
}
"""From what, by what."""


def left_to_do(app: OnCloud, step: Step) -> list[str]:
    """What the step would still do."""
    if step is not nothing:
        plan = app.prepare(prune=True).plan
    else:
        plan = engine.prepare_deletion(app.place(), app.session(), logs=True).plan
    return [f"{a.verb} {a.resource.key} {a.changes}" for a in plan.changes]


class Killed(BaseException):
    """The process ends here: no code of lcli's runs any more that could call."""


@dataclass
class Dying:
    """Calls of a process that is killed at one of them.

    In place of SIGKILL every call from then on raises what nothing catches: for AWS that is the
    same, since what lcli does after a kill could only be seen by calls.
    """

    session: Session
    k: int
    """Which call, from 1; 0 for none."""
    processed: bool = True
    """Whether that call is carried out before the end."""
    changes_only: bool = True
    """Whether reads are left out of the count."""
    calls: int = 0
    dead: bool = False
    lock: Any = field(default_factory=Lock)

    @property
    def region(self) -> str:
        return self.session.region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """As `Session.call`; raises Killed at call k and after it."""
        with self.lock:
            if not (self.changes_only and operation.startswith(READS)):
                self.calls += 1
                dies = self.calls == self.k
            else:
                dies = False
            alive = not self.dead
            self.dead |= dies
        if not alive or (dies and not self.processed):
            raise Killed
        answer = self.session.call(service, operation, **parameters)
        if self.dead:
            raise Killed
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        """As `Session.pages`."""
        if self.dead:
            raise Killed
        return self.session.pages(service, operation, **parameters)
