"""Output streams whose encoding lacks characters: nothing fails, and JSON stays JSON."""

from __future__ import annotations

import io
import json

import pytest

from lcli.cli.run import Run
from lcli.ui.encoding import takes_anything, write_anything


def stream(encoding: str) -> io.TextIOWrapper:
    made = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    write_anything(made)
    return made


def written(to: io.TextIOWrapper) -> str:
    return to.buffer.getvalue().decode(to.encoding)


@pytest.mark.parametrize(
    ("encoding", "text", "expected"),
    [
        pytest.param("ascii", "± 1 → 2…", "+/- 1 -> 2...", id="signs-in-ascii"),
        pytest.param("latin-1", "± é → ü", "± é -> ü", id="what-latin-1-has-stays"),
        pytest.param("ascii", "é€😀", "\\u00e9\\u20ac\\ud83d\\ude00", id="escapes-as-in-json"),
        pytest.param("utf-8", "→ é 😀", "→ é 😀", id="utf-8-has-all"),
        pytest.param("utf-8", "a\udcffb", "a\\udcffb", id="a-byte-that-was-no-utf-8"),
    ],
)
def test_what_cannot_be_written_has_a_stand_in(encoding: str, text: str, expected: str) -> None:
    to = stream(encoding)
    to.write(text)
    assert written(to) == expected


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_keeps_every_character(encoding: str) -> None:
    to = stream(encoding)
    Run(stdout=to).print_json({"é": "1 → 2 😀"})
    assert json.loads(written(to)) == {"é": "1 → 2 😀"}


def test_a_stream_without_an_encoding_takes_anything() -> None:
    assert takes_anything(io.StringIO())
