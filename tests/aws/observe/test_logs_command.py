"""lcli logs, run inside of this process against a scripted service on loopback."""

import calendar
import time
from email.utils import formatdate

import pytest
from logs_service import groups as existing
from logs_service import logs_service, refused, said
from overlay.inside import lcli

KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"}
MANIFEST = """
app: shop
regions: [eu-west-1, us-east-1]
name: ${app}-${region}-${function}
defaults: {runtime: python3.13, handler: app.handler, source: src}
functions: {orders: {}}
"""


def event(number, timestamp, message):
    return {
        "eventId": str(number),
        "logStreamName": "2026/03/01/[7]0f",
        "timestamp": timestamp,
        "ingestionTime": timestamp + 100,
        "message": message,
    }


def stored(groups, off=0):
    """FilterLogEvents of ``(region, group)``: events; by a clock that is `off` seconds away."""

    def answer(asked):
        found = groups.get((asked.region, asked["logGroupName"]))
        date = formatdate(time.time() + off, usegmt=True)
        if found is None:
            return refused("ResourceNotFoundException")
        start, end = asked["startTime"], asked["endTime"]
        return said({"events": [e for e in found if start <= e["timestamp"] <= end]}, date=date)

    return answer


def logs(tmp_path, operations, *words):
    with logs_service(operations) as (session, _):
        environ = {**KEYS, "AWS_ENDPOINT_URL": session.endpoint_url, "HOME": str(tmp_path)}
        return lcli(tmp_path, environ, "logs", *words, "--no-timestamps")


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ((), ["orders@eu-west-1 one", "orders@us-east-1 two", "orders@eu-west-1 three"]),
        (("orders",), ["orders@eu-west-1 one", "orders@us-east-1 two", "orders@eu-west-1 three"]),
        (("--region", "us-east-1"), ["orders two"]),
    ],
    ids=["all", "by name", "one region"],
)
def test_all_regions_of_the_manifest_are_merged(tmp_path, words, lines):
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    now = int(time.time() * 1000)
    groups = {
        ("eu-west-1", "/aws/lambda/shop-eu-west-1-orders"): [
            event(1, now - 3_000, "one"),
            event(2, now - 1_000, "three"),
        ],
        ("us-east-1", "/aws/lambda/shop-us-east-1-orders"): [event(1, now - 2_000, "two")],
    }
    ran = logs(tmp_path, {"FilterLogEvents": stored(groups)}, *words)
    assert (ran.code, ran.stdout.splitlines(), ran.stderr) == (0, lines, "")


@pytest.mark.parametrize(
    ("off", "told"), [(-600, "600 s ahead of"), (600, "600 s behind")], ids=["ahead", "behind"]
)
def test_a_clock_that_is_off_hides_nothing_and_is_told(tmp_path, off, told):
    now = int(time.time() * 1000) + off * 1000
    events = [event(1, now - 800_000, "old"), event(2, now - 1_000, "new")]
    answer = stored({("eu-west-1", "/aws/lambda/f"): events}, off)
    ran = logs(tmp_path, {"FilterLogEvents": answer}, "f", "--since", "5m")
    assert (ran.code, ran.stdout) == (0, "f new\n")
    # The date is cut to a second.
    assert ran.stderr.replace("601", "600").replace("599", "600") == (
        f"this machine's clock is {told} AWS's, by which --since is counted\n"
    )


def test_a_moment_that_is_given_is_kept_where_the_clock_is_off(tmp_path):
    now = int(time.time() * 1000)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now / 1000 - 300))
    events = [event(1, now - 200_000, "after"), event(2, now - 400_000, "before")]
    answer = stored({("eu-west-1", "/aws/lambda/f"): events}, -3_600)
    ran = logs(tmp_path, {"FilterLogEvents": answer}, "f", "--since", at, "--until", "2100-01-01")
    assert (ran.stdout, ran.stderr) == ("f after\n", "")


@pytest.mark.parametrize(
    ("day", "hour"), [("2025-07-01", 12), ("2025-01-15", 13)], ids=["summer", "winter"]
)
def test_local_time_is_that_of_the_day_which_is_given(tmp_path, monkeypatch, day, hour):
    first = calendar.timegm(time.strptime(day, "%Y-%m-%d")) * 1000
    events = [event(at, first + at * 3_600_000 + 1, f"{at} UTC") for at in range(24)]
    answer = stored({("eu-west-1", "/aws/lambda/f"): events})
    words = ("f", "--since", f"{day}T14:00", "--until", f"{day}T15:00")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        ran = logs(tmp_path, {"FilterLogEvents": answer}, *words)
    time.tzset()
    assert ran.stdout == f"f {hour} UTC\n"


def test_the_log_group_that_a_function_names_is_read_without_a_manifest(tmp_path):
    now = int(time.time() * 1000)
    configuration = {"Timeout": 3, "LoggingConfig": {"LogGroup": "/team/logs"}}
    operations = {
        "FilterLogEvents": stored({("eu-west-1", "/team/logs"): [event(1, now - 1_000, "there")]}),
        "/2015-03-31/functions/f?Qualifier=%24LATEST": lambda: said(
            {"Configuration": configuration}
        ),
    }
    assert logs(tmp_path, operations, "f").stdout == "f there\n"


def asked_of_many(tmp_path, query, count=120):
    names = [f"f{number:03}" for number in range(count)]
    groups = [f"/aws/lambda/shop-eu-west-1-{name}" for name in names]
    functions = "".join(f"  {name}: {{}}\n" for name in names)
    text = MANIFEST.replace("[eu-west-1, us-east-1]", "[eu-west-1]")
    (tmp_path / "lcli.yaml").write_text(
        text.partition("functions:")[0] + f"functions:\n{functions}"
    )
    queries = []

    def started(asked):
        queries.append(asked["logGroupNames"])
        return said({"queryId": str(len(queries))})

    def results(asked):
        first = queries[int(asked["queryId"]) - 1][0]
        fields = [[{"field": "name", "value": f"{first[-3:]}{letter}"}] for letter in "ab"]
        return said({"status": "Complete", "results": fields})

    operations = {"StartQuery": started, "GetQueryResults": results}
    operations["DescribeLogGroups"] = existing(*groups)
    ran = logs(tmp_path, operations, "--insights", query)
    return ran, queries


def test_a_query_over_120_groups_has_one_order_and_one_limit(tmp_path):
    ran, queries = asked_of_many(tmp_path, "fields name | sort name desc | limit 3")
    assert [len(groups) for groups in queries] == [50, 50, 20]
    assert (ran.code, ran.stdout.split()) == (0, ["name", "100b", "100a", "050b"])


def test_figures_over_120_groups_are_refused_before_anything_is_asked(tmp_path):
    ran, queries = asked_of_many(tmp_path, "stats count(*)")
    assert (ran.code, ran.stdout, queries) == (2, "", [])
    assert ran.stderr == (
        "error: a query over more than 50 log groups is several, and what this one counts or sorts "
        "by cannot be put together from their rows [insights-groups]\n"
        "  at: --insights\n"
        "  next: name at most 50 functions, or ask with fields, filter and parse alone, and sort "
        "by one of the fields\n"
    )
