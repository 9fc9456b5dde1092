"""What the environment sets of the local cloud."""

from __future__ import annotations

import pytest

from lcli.errors import ExitCode, LcliError
from lcli.local import daemon, settings


def test_what_is_left_out_and_what_is_given():
    assert (settings.idle_limit({}), settings.idle_limit({"LCLI_LOCAL_IDLE": "0"})) == (1800, 0)
    assert (settings.speedup({}), settings.speedup({"LCLI_LOCAL_SPEEDUP": "20"})) == (1, 20)
    assert settings.delays_of_aws({"LCLI_LOCAL_DELAYS": "aws"})
    assert not settings.delays_of_aws({"LCLI_LOCAL_DELAYS": ""})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("LCLI_LOCAL_IDLE", text) for text in ("abc", "-1", "nan", "inf", "30m")),
        *(("LCLI_LOCAL_SPEEDUP", text) for text in ("fast", "0", "nan")),
        ("LCLI_LOCAL_DELAYS", "foo"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_starts(tmp_path, name, text):
    with pytest.raises(LcliError) as caught:
        daemon.ensure_running({"LCLI_LOCAL_DIR": str(tmp_path / "local"), name: text})
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.problems[0].what == f"{name} is {text!r}"
    assert not (tmp_path / "local").exists()
