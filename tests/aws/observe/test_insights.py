"""Insights queries over HTTP: what is asked, waited for, stopped, refused and read."""

from __future__ import annotations

import time

import pytest
from logs_service import logs_service, refused, said

from lcli.aws.session import connect
from lcli.errors import ExitCode, LcliError
from lcli.observe import insights

NOW = int(time.time() * 1000)
QUERY = "stats count(*) by level | sort level"


def row(**fields):
    return [{"field": name, "value": value} for name, value in fields.items()]


def answered(*answers):
    """GetQueryResults, one answer after the other."""
    left = list(answers)
    return lambda asked: said(left.pop(0))


def asking(operations, **options):
    """The result, what was asked of AWS, and the pauses between."""
    pauses = []
    operations = {"StartQuery": lambda asked: said({"queryId": "q"})} | operations
    with logs_service(operations) as (session, asked):
        result = insights.ask(
            session, ["/a", "/b"], QUERY, 1_500, 3_001, sleep=pauses.append, **options
        )
    return result, asked, pauses


def test_a_query_is_started_looked_at_ever_less_often_and_its_pages_read():
    running = {"status": "Running", "results": [], "statistics": {"recordsScanned": 5.0}}
    statistics = {"recordsMatched": 3.0, "recordsScanned": 9.0, "bytesScanned": 1_234.0}
    first = [[*row(level="INFO", n="2"), {"field": "@ptr", "value": "p"}]]
    results = answered(
        {"status": "Scheduled"},
        running,
        {"status": "Complete", "results": first, "statistics": statistics, "nextToken": "t"},
        {"status": "Complete", "results": [row(level="WARN", n="1", more="x")]},
    )
    looks = []
    result, asked, pauses = asking({"GetQueryResults": results}, limit=7, running=looks.append)
    assert asked[0] == (
        "StartQuery",
        {
            "logGroupNames": ["/a", "/b"],
            "queryString": QUERY,
            "startTime": 1,
            "endTime": 3,
            "limit": 7,
        },
    )
    assert asked[-1] == ("GetQueryResults", {"queryId": "q", "nextToken": "t", "maxItems": 10_000})
    assert pauses == [0.5, 0.75]
    assert [look.scanned for look in looks] == [0, 5]
    assert result.rows == [{"level": "INFO", "n": "2"}, {"level": "WARN", "n": "1", "more": "x"}]
    assert result.fields == ["level", "n", "more"]
    assert (result.matched, result.scanned, result.bytes_scanned) == (3, 9, 1_234)


def test_a_query_that_is_not_understood_is_shown_with_its_place():
    error = {
        "message": "unexpected symbol found by",
        "location": {"startCharOffset": 15, "endCharOffset": 16},
    }
    malformed = refused("MalformedQueryException", queryCompileError=error)
    with pytest.raises(LcliError) as caught:
        asking({"StartQuery": lambda asked: malformed})
    (problem,) = caught.value.problems
    assert caught.value.exit_code is ExitCode.USAGE
    assert problem.what == "AWS does not understand the query: unexpected symbol found by"
    assert problem.where == "--insights, character 16"
    assert problem.excerpt == f"{QUERY}\n{' ' * 15}^^"


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ("Timeout", "the query took longer than the 60 minutes that AWS gives it"),
        ("Failed", "the query failed in AWS"),
        ("Cancelled", "the query was stopped by someone else"),
        ("Strange", "the query ended as Strange"),
    ],
)
def test_a_query_that_does_not_end_well_is_an_error(status, what):
    with pytest.raises(LcliError, match=what):
        asking({"GetQueryResults": answered({"status": status})})


@pytest.mark.parametrize(
    "answer",
    [said({"success": True}), refused("InvalidParameterException")],
    ids=["running", "ended meanwhile"],
)
def test_an_interrupted_query_is_stopped_in_aws(answer):
    asked = []

    def interrupted(look):
        raise KeyboardInterrupt

    operations = {
        "GetQueryResults": answered({"status": "Running"}),
        "StopQuery": lambda parameters: asked.append(parameters) or answer,
    }
    with pytest.raises(KeyboardInterrupt):
        asking(operations, running=interrupted)
    assert asked == [{"queryId": "q"}]


@pytest.fixture
def stored(cloud):
    session = connect(region="eu-west-1", endpoint_url=cloud.url, local_account=cloud.account)
    session.call("logs", "CreateLogGroup", logGroupName="/a")
    session.call("logs", "CreateLogStream", logGroupName="/a", logStreamName="s")
    events = [{"timestamp": NOW - 60_000 + n * 1_000, "message": f"m{n}"} for n in range(3)]
    session.call("logs", "PutLogEvents", logGroupName="/a", logStreamName="s", logEvents=events)
    return session


def test_the_local_cloud_has_fields_sort_and_limit(stored):
    query = "fields @message | sort @timestamp asc | limit 2"
    result = insights.ask(stored, ["/a"], query, NOW - 90_000, NOW)
    assert result.rows == [{"@message": "m0"}, {"@message": "m1"}]
    assert not result.told


def test_the_local_cloud_refuses_what_it_would_pass_over(stored):
    with pytest.raises(LcliError, match="the local cloud has only the commands fields, sort, limi"):
        insights.ask(stored, ["/a"], "filter @message = 'm1'", NOW - 90_000, NOW)
