"""Queues under --local: made as AWS advises, and checked as on AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, problems

from lcli.errors import ExitCode, LcliError

MANIFEST = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
  fast: {timeout: 5, triggers: [sqs: orders]}
  slow: {timeout: 20, triggers: [sqs: orders]}
"""


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    made = OnCloud(tmp_path, cloud.url, cloud.account)
    made.manifest(MANIFEST)
    return made


def hidden(app: OnCloud) -> str:
    url = app.session().call("sqs", "GetQueueUrl", QueueName="orders")["QueueUrl"]
    found = app.session().call(
        "sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["VisibilityTimeout"]
    )
    return str(found["Attributes"]["VisibilityTimeout"])


def test_a_queue_is_made_for_the_slowest_of_its_functions(app: OnCloud) -> None:
    assert problems(app.deploy()) == []
    assert hidden(app) == "120"
    assert app.prepare().plan.notices == ()


def test_a_queue_that_hides_too_shortly_is_refused_on_the_laptop(app: OnCloud) -> None:
    app.session().call(
        "sqs", "CreateQueue", QueueName="orders", Attributes={"VisibilityTimeout": "10"}
    )
    app.calls()
    with pytest.raises(LcliError) as caught:
        app.deploy()
    assert caught.value.exit_code is ExitCode.USAGE
    (problem,) = caught.value.problems
    assert (problem.code, problem.what, problem.next_step) == (
        "queue-visibility-too-short",
        "the queue orders hides a message for 10 s, while the function slow may work on it for "
        "20 s",
        "set the queue's VisibilityTimeout to 120, six times the function's timeout, as AWS "
        "advises (after `lcli local reset` a deploy makes the queue so)",
    )
    assert app.mutations() == []


def test_a_queue_below_six_times_is_a_notice(app: OnCloud) -> None:
    app.session().call(
        "sqs", "CreateQueue", QueueName="orders", Attributes={"VisibilityTimeout": "30"}
    )
    (notice,) = app.prepare().plan.notices
    assert notice == (
        "the queue orders hides a message for 30 s, while the function slow may work on it for "
        "20 s; AWS advises a VisibilityTimeout of six times that, 120, lest messages of throttled "
        "batches come twice (after `lcli local reset` a deploy makes the queue so)"
    )


def test_a_source_of_the_real_account_has_a_stand_in_that_triggers(app: OnCloud) -> None:
    arns = {
        "sqs": "arn:aws:sqs:eu-west-1:210987654321:orders",
        "dynamodb": "arn:aws:dynamodb:eu-west-1:210987654321:table/users/stream/2026-01-01T00:00",
        "kinesis": "arn:aws:kinesis:eu-west-1:210987654321:stream/clicks",
    }
    triggers = ", ".join(f"{{{kind}: '{arn}'}}" for kind, arn in arns.items())
    app.manifest(f"""
        app: photos
        functions:
          f: {{runtime: python3.13, handler: app.handler, source: code, triggers: [{triggers}]}}
    """)
    here = f"us-east-1:{app.account}"
    notices = app.prepare().plan.notices
    assert notices == (
        f"{arns['sqs']} is not on this machine: arn:aws:sqs:{here}:orders of the local cloud "
        "stands for it",
        f"{arns['dynamodb']} is not on this machine: arn:aws:dynamodb:{here}:table/users of the "
        "local cloud stands for it",
        f"{arns['kinesis']} is not on this machine: arn:aws:kinesis:{here}:stream/clicks of the "
        "local cloud stands for it",
    )
    assert problems(app.deploy()) == []
    assert app.plan() == []
    found = app.session().call("lambda", "ListEventSourceMappings")["EventSourceMappings"]
    sources = sorted(one["EventSourceArn"].partition("/stream/")[0] for one in found)
    assert sources == [
        f"arn:aws:dynamodb:{here}:table/users",
        f"arn:aws:kinesis:{here}:stream/clicks",
        f"arn:aws:sqs:{here}:orders",
    ]
