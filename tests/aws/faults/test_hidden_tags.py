"""Functions whose tags AWS does not show (lambda:ListTags is missing): they may be ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems
from overlay.faults import Rewrite, Rule, When
from overlay.server import overlay

from lcli.errors import LcliError

HEAD = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
"""
TOLD = (
    "AWS does not show the tags of photos-old: what of it is this app's and has left the manifest "
    "is neither told nor deleted; allow lambda:ListTags to the credentials in use"
)


def _hide(body: bytes) -> bytes:
    answer = json.loads(body)
    if answer["Configuration"]["FunctionName"] == "photos-old":
        del answer["Tags"]
        answer["TagsError"] = {"ErrorCode": "AccessDeniedException", "Message": "no ListTags"}
    return json.dumps(answer).encode()


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> Iterator[OnCloud]:
    """An app that one function has left, asked through something that hides that one's tags."""
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(HEAD + "  old: {}\n  new: {}\n")
    assert problems(made.deploy()) == []
    made.manifest(HEAD + "  new: {}\n")
    shown: When = lambda call: call.status == 0  # noqa: E731 (every call)
    hiding = Rule(Rewrite(change=_hide), shown, frozenset({"lambda:GetFunction"}))
    with overlay(cloud.url, hiding) as between:
        yield OnCloud(tmp_path, between.url, cloud.account)


def exists(app: OnCloud) -> bool:
    pages = app.session().pages("lambda", "ListFunctions")
    return "photos-old" in {one["FunctionName"] for page in pages for one in page["Functions"]}


@pytest.mark.parametrize("options", [{}, {"prune": True}, {"quick": True}])
def test_a_plan_names_them_and_leaves_them_alone(app: OnCloud, options: dict[str, bool]) -> None:
    prepared = app.prepare(**options)
    assert [one for one in prepared.notices if "tags" in one] == [TOLD]
    assert not [one for one in prepared.plan.changes if "old" in one.resource.key.name]


def test_the_deletion_of_the_whole_app_does_not_take_them_for_somebody_elses(app: OnCloud) -> None:
    app.calls()
    with pytest.raises(LcliError) as caught:
        app.delete()
    (problem,) = caught.value.problems
    assert (problem.code, problem.next_step) == (
        "tags-hidden",
        "allow lambda:ListTags on it to the credentials in use",
    )
    assert "photos-old" in problem.what
    assert app.mutations() == []
    assert exists(app)


def test_a_deletion_by_name_says_so_and_deletes_others(app: OnCloud) -> None:
    with pytest.raises(LcliError, match="does not show the tags of photos-old"):
        app.delete(functions={}, gone=("photos-old",))
    assert problems(app.delete(functions={"new": "photos-new"})) == []
    assert exists(app)
