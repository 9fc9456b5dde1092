"""A stream that outlasts whoever reads it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from threading import Thread

import pytest

from lcli.ui.output import go_on, lost, outlasting


def test_what_only_reads_ends_with_its_reader() -> None:
    read, write = os.pipe()
    stream = outlasting(open(write, "w"))  # noqa: SIM115 (it takes the file over)
    os.close(read)
    with pytest.raises(BrokenPipeError):
        print("x", file=stream, flush=True)
    print("y", file=stream, flush=True)
    assert isinstance(lost(stream), BrokenPipeError)


def test_what_changes_something_goes_on_without_its_reader(tmp_path: Path) -> None:
    read, write = os.pipe()
    stream = outlasting(open(write, "w"))  # noqa: SIM115
    go_on(stream)
    print("x", file=stream, flush=True)
    assert (os.read(read, 9), lost(stream)) == (b"x\n", None)
    os.close(read)
    stream.buffer.write(b"y" * 100_000)
    print("z", file=stream, flush=True)
    assert isinstance(lost(stream), BrokenPipeError)


def test_no_other_stream_is_lost(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        go_on(stream)
        assert lost(stream) is None


def test_a_pipe_that_never_blocks_waits_for_its_slow_reader() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    text, got = "0123456789" * 50_000, bytearray()

    def slowly() -> None:
        while block := os.read(read, 30_000):
            got.extend(block)
            time.sleep(0.005)

    reader = Thread(target=slowly)
    reader.start()
    with outlasting(open(write, "w")) as stream:
        for start in range(0, len(text), 50_000):
            print(text[start : start + 50_000], end="", file=stream, flush=True)
        assert lost(stream) is None
    reader.join()
    assert got.decode() == text
