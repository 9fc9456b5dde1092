"""What triggers name and AWS does not have is told by the plan; --local makes it instead."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud

from lcli.errors import LcliError
from lcli.resources.model import Place

MANIFEST = """
app: photos
functions:
  a:
    runtime: python3.13
    handler: app.handler
    source: code
    triggers:
      - {trigger}
"""


class OnAws(OnCloud):
    """The same account, as an account of AWS: nothing is made for triggers there."""

    def place(self) -> Place:
        return replace(super().place(), local=False)


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnAws:
    return OnAws(tmp_path, cloud.url, cloud.account)


@pytest.mark.parametrize(
    ("trigger", "code", "what", "key"),
    [
        ("sqs: orders", "queue-not-found", 'the queue "orders" does not exist', "queue"),
        ("dynamodb: users", "table-not-found", 'the table "users" does not exist', "table"),
        ("kinesis: clicks", "stream-not-found", 'the stream "clicks" does not exist', "stream"),
        (
            "kinesis: 'arn:aws:kinesis:us-east-1:ACCOUNT:stream/clicks'",
            "stream-not-found",
            'the stream "clicks" does not exist',
            "stream",
        ),
    ],
)
def test_a_source_that_does_not_exist_is_named(
    app: OnAws, trigger: str, code: str, what: str, key: str
) -> None:
    app.manifest(MANIFEST.replace("{trigger}", trigger.replace("ACCOUNT", app.account)))
    with pytest.raises(LcliError) as caught:
        app.prepare()
    (problem,) = caught.value.problems
    assert (problem.code, problem.what) == (code, what)
    assert "lcli.yaml:9:" in problem.where
    assert problem.next_step == f"make it first, or correct the trigger's {key}"
    assert app.mutations() == []


def test_sources_that_exist_or_that_are_somebody_elses_are_no_problem(app: OnAws) -> None:
    call = app.session().call
    call("sqs", "CreateQueue", QueueName="orders", Attributes={"VisibilityTimeout": "60"})
    call("kinesis", "CreateStream", StreamName="clicks", ShardCount=1)
    for trigger in (
        "sqs: orders",
        "kinesis: clicks",
        "sqs: 'arn:aws:sqs:us-east-1:111122223333:theirs'",
        "kinesis: 'arn:aws:kinesis:us-east-1:111122223333:stream/theirs'",
    ):
        app.manifest(MANIFEST.replace("{trigger}", trigger))
        assert not app.prepare().plan.empty
