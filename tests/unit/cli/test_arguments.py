"""Arguments that are no text, as Python reads bytes that are not UTF-8."""

from __future__ import annotations

import pytest
from overlay.inside import lcli


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(
            ["invoke", "echo", "--qualifier", ""],
            "error: '' is no alias, tenant or execution name [usage]\n"
            "  next: look where it comes from; to name none, leave the option out\n",
            id="an empty qualifier is not $LATEST",
        ),
        pytest.param(
            ["event", "s3", "--set", "a=\udcff"],
            "error: a=\\xff is not UTF-8 [usage]\n  next: write it in UTF-8\n",
            id="a value that is not UTF-8",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, monkeypatch, arguments, told):
    monkeypatch.setattr("sys.argv", ["lcli", *arguments])
    done = lcli(tmp_path, {}, *arguments)
    assert (done.code, done.stderr) == (2, told)


def test_a_sample_is_printed_beside_a_manifest_that_is_broken(tmp_path):
    (tmp_path / "lcli.yaml").write_text("app: [\n")
    done = lcli(tmp_path, {}, "event", "s3", "--set", "Records=1")
    assert (done.code, done.stdout, done.stderr) == (0, '{\n  "Records": 1\n}\n', "")
