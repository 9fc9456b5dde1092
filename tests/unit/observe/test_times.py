import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lcli.errors import ExitCode, LcliError
from lcli.observe.times import moment

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=ZONE)
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
"""Summer time from the last Sunday of March to that of October."""


@pytest.fixture
def berlin(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", BERLIN)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", datetime(2026, 3, 10, 10, 0, tzinfo=UTC)),
        ("10m", datetime(2026, 3, 10, 9, 50, tzinfo=UTC)),
        ("1d12h", datetime(2026, 3, 8, 22, 0, tzinfo=UTC)),
        ("90s", datetime(2026, 3, 10, 9, 58, 30, tzinfo=UTC)),
        ("yesterday 14:00", datetime(2026, 3, 9, 12, 0, tzinfo=UTC)),
        ("11:30", datetime(2026, 3, 10, 9, 30, tzinfo=UTC)),
        ("23:15", datetime(2026, 3, 9, 21, 15, tzinfo=UTC)),
        ("today", datetime(2026, 3, 9, 22, 0, tzinfo=UTC)),
        ("2026-03-01T14:00:00Z", datetime(2026, 3, 1, 14, 0, tzinfo=UTC)),
        ("2026-03-01T14:00:00", datetime(2026, 3, 1, 12, 0, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 2, 28, 22, 0, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read(text, expected):
    assert moment(text, NOW, ZONE) == int(expected.timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        pytest.param("2026-10-20T14:00", (11, 26, 12), (10, 20, 12), id="summer, from winter"),
        pytest.param("2026-02-20T14:00", (7, 1, 12), (2, 20, 13), id="winter, from summer"),
        pytest.param("yesterday 14:00", (10, 25, 12), (10, 24, 12), id="yesterday was summer"),
        pytest.param("today 01:00", (10, 25, 12), (10, 24, 23), id="this morning was summer"),
        pytest.param("14:00", (10, 25, 12), (10, 24, 12), id="the last 14:00 was summer"),
        pytest.param("1d", (10, 25, 12), (10, 24, 12), id="a day is 24 hours"),
        pytest.param("02:30", (10, 25, 0, 40), (10, 25, 0, 30), id="02:30 the first time"),
        pytest.param("02:30", (10, 25, 1, 20), (10, 25, 0, 30), id="only once so far"),
        pytest.param("02:30", (10, 25, 1, 40), (10, 25, 1, 30), id="02:30 the second time"),
    ],
)
def test_this_machines_zone_is_that_of_the_day_which_is_meant(berlin, text, now, expected):
    at = datetime(2026, *now, tzinfo=UTC)
    assert datetime.fromtimestamp(moment(text, at) / 1000, UTC) == datetime(
        2026, *expected, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "10",
        "m10",
        "yesterday 25:00",
        "24:00",
        "2026-13-01",
        "9" * 30 + "w",
        "0001-01-01",
        "1969-12-31",
        "1970-01-01T01:59:59",  # of a zone that is two hours ahead
        "3000w",
    ],
)
def test_anything_else_is_refused_with_what_can_be_written(text):
    with pytest.raises(LcliError) as caught:
        moment(text, NOW, ZONE)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.problems[0].next_step.startswith("write 10m, 2h, 1d12h, now")
