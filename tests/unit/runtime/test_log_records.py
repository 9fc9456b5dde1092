from __future__ import annotations

import pytest

from lcli.local.runtime.records import MAX_MESSAGE, Records


def frame(message: bytes, milliseconds: int = 1) -> bytes:
    stamp = (milliseconds * 1000).to_bytes(8, "big")
    return b"\xa5\x5a\x00\x03" + len(message).to_bytes(4, "big") + stamp + message


@pytest.mark.parametrize(
    ("pieces", "messages"),
    [
        pytest.param([b"a\nb\n"], ["a\n", "b\n"], id="lines"),
        pytest.param([b"a", b"b\n"], ["ab\n"], id="line-in-pieces"),
        pytest.param([b"a\rb\n"], ["a\rb\n"], id="carriage-return"),
        pytest.param([frame(b"a\nb")], ["a\nb\n"], id="frame"),
        pytest.param([frame(b"a")[:9], frame(b"a")[9:]], ["a\n"], id="frame-in-pieces"),
        pytest.param([b"x" + frame(b"a") + b"y\n"], ["x", "a\n", "y\n"], id="frame-in-a-line"),
        pytest.param([b"\xff\n"], ["\ufffd\n"], id="not-utf8"),
        pytest.param(
            [b"x" * (MAX_MESSAGE + 5) + b"\n"], ["x" * MAX_MESSAGE, "xxxxx\n"], id="long-line"
        ),
        pytest.param(
            [frame(b"x" * (MAX_MESSAGE + 5))], ["x" * MAX_MESSAGE, "xxxxx\n"], id="long-frame"
        ),
        pytest.param([b"a\nrest"], ["a\n"], id="unfinished"),
    ],
)
def test_output_becomes_events(pieces: list[bytes], messages: list[str]) -> None:
    records = Records()
    assert [text for piece in pieces for _, text in records.feed(piece)] == messages


def test_a_frame_keeps_its_own_time() -> None:
    assert Records().feed(frame(b"a", 1_700_000_000_123)) == [(1_700_000_000_123, "a\n")]


def test_a_frame_stays_behind_the_line_before_it() -> None:
    records = Records()
    (printed, _), (raised, _) = records.feed(b"printed\n" + frame(b"raised", 1_700_000_000_123))
    assert raised == printed
    assert [stamp >= raised for stamp, _ in records.feed(b"later\n")] == [True]


def test_what_is_left_comes_out_once() -> None:
    records = Records()
    records.feed(b"rest")
    assert [text for _, text in records.flush()] == ["rest"]
    assert records.flush() == []
