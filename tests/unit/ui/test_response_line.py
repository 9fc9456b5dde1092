"""Where stdout and stderr are one file, what is said after a response has a line of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lcli.ui.response import begin_line, print_payload
from lcli.ui.terminal import Terminal


@pytest.mark.parametrize(
    ("payload", "log"),
    [
        pytest.param(b'{"a": 1}', '{"a": 1}\nnoted\n', id="no-line-end"),
        pytest.param(b"text\n", "text\nnoted\n", id="line-end"),
        pytest.param(b"", "noted\n", id="nothing"),
    ],
)
def test_one_file(payload: bytes, log: str, tmp_path: Path) -> None:
    with (tmp_path / "log").open("a") as stdout, (tmp_path / "log").open("a") as stderr:
        terminal = Terminal(stdout, stderr)
        print_payload(stdout, payload, raw=False)
        begin_line(terminal, payload)
        terminal.note("noted")
    assert (tmp_path / "log").read_text() == log


def test_two_files_keep_the_bytes(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stdout, (tmp_path / "err").open("w") as stderr:
        begin_line(Terminal(stdout, stderr), b'{"a": 1}')
    assert (tmp_path / "err").read_text() == ""
