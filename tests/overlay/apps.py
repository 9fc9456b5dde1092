"""One manifest of four functions that holds every kind of resource, another, and none.

A step brings an account to one of them; each converges from whatever a killed run left.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from app_on_cloud import OnCloud, problems

from lcli.artifact import limits
from lcli.deploy import engine, rollback
from lcli.deploy.deletion import prepare_deletion
from lcli.resources import http_api
from overlay.sources import signing_of

FIRST = """
app: photos
tags: {team: pictures}
defaults:
  runtime: python3.13
  handler: app.handler
  source: code
  log: {retention_days: 14}
  keep_versions: 2
http:
  cors: {origins: "https://photos.example.com"}
  domain: photos.example.com
layers:
  imaging: {source: layer, runtimes: [python3.13]}
  fonts: {source: layer}
functions:
  thumb:
    environment: {SIZE: "128", GALLERY: "${function:gallery.url}"}
    layers: [imaging, fonts]
    concurrency: {reserved: 5}
    tags: {part: thumbnails}
    async: {retries: 1, on_failure: "arn:aws:sqs:us-east-1:ACCOUNT:failed"}
    role:
      name: thumbnails
      path: /teams/pictures/
      boundary: arn:aws:iam::ACCOUNT:policy/boundary
      policies: ["arn:aws:iam::ACCOUNT:policy/reading"]
      statements: [{effect: allow, actions: "s3:GetObject", resources: "*"}]
    api:
      RecursiveLoop: Allow
      RuntimeManagementConfig: {UpdateRuntimeOn: FunctionUpdate}
      CodeSigningConfigArn: SIGNING
    permissions:
      - {principal: events.amazonaws.com, source_arn: "arn:aws:events:us-east-1:ACCOUNT:rule/r"}
    triggers:
      - s3: {bucket: photos-ACCOUNT, prefix: in/, suffix: .jpg}
      - s3: {bucket: photos-ACCOUNT, events: ["ObjectRemoved:*"]}
  orders:
    concurrency: {provisioned: 1}
    triggers:
      - sqs: {queue: orders, batch_size: 5, filter: [{body: {urgent: [true]}}]}
      - dynamodb: users
      - kinesis: clicks
  gallery:
    url: {auth: none}
    triggers:
      - http: GET /
      - http:
          route: POST /orders
          authorizer: {issuer: "https://login.example.com", audience: photos}
  plain: {alias: false, source: large}
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
NEAR = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  thumb: {triggers: [{s3: {bucket: near-ACCOUNT}}, {sqs: near}, {dynamodb: near}, {kinesis: near}]}
"""
"""For the local cloud, which makes the sources that are not there."""
DIRECT_LIMIT = 20_000
"""Bytes of a zip inside a request, here: so little shows what takes 50 MB otherwise."""


def app_on(url: str, account: str, directory: Path) -> OnCloud:
    """The app in an account of the cloud that holds `sources`; nothing is deployed yet."""
    for name in ("layer/python", "large"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    noise = random.Random(0).randbytes(2 * DIRECT_LIMIT)
    (directory / "large" / "noise.bin").write_bytes(noise)
    app = OnCloud(directory, url, account)
    _write(app, FIRST, "1")
    return app


def _write(app: OnCloud, text: str, code: str) -> None:
    app.code(code)
    app.local = text == NEAR
    (app.directory / "layer" / "python" / "imaging.py").write_text(f"SIZE = {code}\n")
    handler = f"def handler(event, context):\n    return {code}\n"
    (app.directory / "large" / "app.py").write_text(handler)
    app.manifest(text.replace("ACCOUNT", app.account).replace("SIGNING", signing_of(app.account)))


@contextmanager
def _alone_with_little_room() -> Iterator[None]:
    """Nobody else makes an HTTP API meanwhile: it need not be looked for a second long."""
    before = limits.DIRECT_ZIP, http_api._SAME_SECOND
    limits.DIRECT_ZIP, http_api._SAME_SECOND = DIRECT_LIMIT, 0.0
    try:
        yield
    finally:
        limits.DIRECT_ZIP, http_api._SAME_SECOND = before


def planned(app: OnCloud, text: str, code: str) -> engine.Prepared:
    """What a deploy of a manifest would do."""
    _write(app, text, code)
    with _alone_with_little_room():
        return app.prepare(prune=True)


Go = Callable[[], None]
"""What is left of a step once its plan is made."""


def _ready(text: str, code: str, app: OnCloud) -> Go:
    """To deploy a manifest."""
    prepared = planned(app, text, code)

    def go() -> None:
        with _alone_with_little_room():
            report = engine.deploy(prepared, app.session())
        assert not (said := problems(report)), said

    return go


def _ready_to_delete(app: OnCloud) -> Go:
    """To delete all, with log groups."""
    prepared = prepare_deletion(app.place(), app.session(), logs=True)

    def go() -> None:
        report = engine.deploy(prepared, app.session())
        assert not (said := problems(report)), said

    return go


TARGETS = tuple(
    rollback.Target(key, f"photos-{key}", "live") for key in ("thumb", "orders", "gallery")
)


def _moves(app: OnCloud, to: str) -> tuple[rollback.Move, ...]:
    asked = rollback.Asked(app.session(), TARGETS, app.place())
    (chosen,) = rollback.prepare([asked], to=to)
    # A run that was killed after the last alias had moved was done: there is nothing before it.
    done = (rollback.ROLLED_BACK, rollback.NOTHING_EARLIER)
    assert all(one.code in done for one in chosen.problems), chosen.problems
    return chosen.moves


def _ready_to_go_back(to: str, app: OnCloud) -> Go:
    """To roll all that have an alias back, by one version or to the one that is named."""
    moves = _moves(app, to)

    def go() -> None:
        moved = rollback.roll_back(app.session(), moves)
        assert not (failed := [one.problem for one in moved if one.problem]), failed

    return go


STEPS: dict[str, Callable[[OnCloud], Go]] = {
    "first": partial(_ready, FIRST, "1"),
    "newer": partial(_ready, FIRST, "2"),
    "newest": partial(_ready, FIRST, "3"),  # the oldest of three versions goes
    "second": partial(_ready, SECOND, "2"),
    "near": partial(_ready, NEAR, "1"),
    "nothing": _ready_to_delete,
    "back": partial(_ready_to_go_back, ""),
    "back to 1": partial(_ready_to_go_back, "1"),
}
"""What makes the plan of each step; what that gives carries it out."""


def take(step: str, app: OnCloud) -> None:
    """A whole step."""
    STEPS[step](app)()


LIVES: dict[str, tuple[tuple[str, ...], str]] = {
    "create": ((), "first"),
    "create locally": ((), "near"),
    "change": (("first",), "second"),
    "change back": (("second",), "first"),
    "new code": (("first", "newer"), "newest"),
    "delete": (("first",), "nothing"),
    "rollback": (("first", "newer"), "back"),
    "rollback --to": (("first", "newer"), "back to 1"),
}
"""After which steps, by what."""


def left_to_do(app: OnCloud, step: str) -> list[str]:
    """What the step would still do."""
    if step.startswith("back"):
        return [str(one) for one in _moves(app, "1") if one.moves or one.held != one.hold]
    if step == "nothing":
        plan = prepare_deletion(app.place(), app.session(), logs=True).plan
    else:
        with _alone_with_little_room():
            plan = app.prepare(prune=True).plan
    return [f"{a.verb} {a.resource.key} {a.changes}" for a in plan.changes]
