from datetime import UTC, datetime, timedelta, timezone

import pytest

from lcli.errors import ExitCode, LcliError
from lcli.observe.times import moment

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=timezone(timedelta(hours=2)))


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
    assert moment(text, NOW) == int(expected.timestamp() * 1000)


@pytest.mark.parametrize(
    "text", ["", "soon", "10", "m10", "yesterday 25:00", "24:00", "2026-13-01", "9" * 30 + "w"]
)
def test_anything_else_is_refused_with_what_can_be_written(text):
    with pytest.raises(LcliError) as caught:
        moment(text, NOW)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.problems[0].next_step.startswith("write 10m, 2h, 1d12h, now")
