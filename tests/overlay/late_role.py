"""An execution role that Lambda learns of late."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app_on_cloud import OnCloud, problems

from lcli.deploy.events import Doing, Event
from overlay.faults import Refuse, Rule
from overlay.operations import Call
from overlay.server import overlay

NOT_YET = Refuse(
    status=400,
    code="InvalidParameterValueException",
    message="The role defined for the function cannot be assumed by Lambda.",
)
MANIFEST = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions: {one: {}}
"""


@dataclass(frozen=True)
class Late:
    """How a deploy met with it."""

    seconds: float
    """From the first try to create the function to the last."""
    tries: int
    said: str
    """What it said that it waits for."""


def made_late(cloud: Any, directory: Path, late: float) -> Late:
    """Deploy a function whose new role can be assumed after so many seconds."""
    asked: list[float] = []

    def too_early(call: Call) -> bool:
        asked.append(call.at)
        return call.at < asked[0] + late

    events: list[Event] = []
    with overlay(cloud.url, Rule(NOT_YET, too_early, frozenset({"lambda:CreateFunction"}))) as at:
        app = OnCloud(directory, at.url, cloud.account)
        app.manifest(MANIFEST)
        assert problems(app.deploy(listener=events.append)) == []
        assert app.plan() == []
    said = [one.doing for one in events if isinstance(one, Doing) and "IAM" in one.doing]
    return Late(asked[-1] - asked[0], len(asked), said[0] if said else "")
