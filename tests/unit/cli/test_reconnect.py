"""A session whose credentials are renewed while the command runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcli.cli.options import Globals
from lcli.cli.run import Run
from lcli.errors import LcliError

KEYS = "[dev]\naws_access_key_id = a\naws_secret_access_key = b\naws_session_token = "


@pytest.mark.parametrize(
    ("credentials", "config"),
    [
        pytest.param("", "", id="no profile"),
        pytest.param("[dev\naws_acc", "", id="half a file"),
        pytest.param("", "[profile dev]\ncredential_process = false\n", id="a failing program"),
    ],
)
def test_files_that_are_being_written_leave_the_session_as_it_was(
    credentials: str, config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: tmp_path / name for name in ("credentials", "config")}
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(files["credentials"]))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(files["config"]))
    monkeypatch.chdir(tmp_path)

    def write(credentials: str, config: str = "") -> None:
        files["credentials"].write_text(credentials)
        files["config"].write_text(config)

    def run() -> Run:
        return Run(Globals(region="eu-west-1", profile="dev"), environ={})

    write(f"{KEYS}one")
    follow = run()
    before = follow.session()
    write(credentials, config)
    with pytest.raises(LcliError):  # nothing to go on with
        run().session().sign_in()
    for _ in range(2):
        follow.reconnect()
        assert follow.session() is before
    write(f"{KEYS}two")
    follow.reconnect()
    assert follow.session().sdk.get_credentials().token == "two"
