"""Lines for a reader that is slow, or that is not waited for any more."""

import os
import threading
import time
from math import inf

import pytest

from lcli.ui.outlet import Outlet

SHORT = [f"line {number} {'x' * 90}\n" for number in range(2_000)]
ODD = [f"{'ä€😀' * (number % 40)}\n" for number in range(4_000)]
LONG = [f"{number}{text * 20_000}\n" for number in range(9) for text in "xä"]


def watched(stream):
    outlet = Outlet(stream)
    outlet.watch()
    return outlet


def piped(encoding="utf-8"):
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), os.fdopen(
        writing, "w", encoding=encoding, errors="backslashreplace"
    )


@pytest.mark.parametrize("lines", [SHORT, ODD, LONG], ids=["short", "odd", "long"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_slow_reader_gets_every_line(lines, encoding):
    reader, stream = piped(encoding)
    outlet, written = watched(stream), []

    def work():
        written.append(outlet.write(lines))
        stream.close()

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    assert reader.read() == "".join(lines).encode(encoding, "backslashreplace")
    thread.join()
    assert written == [len(lines)]


@pytest.mark.parametrize("lines", [SHORT, ODD], ids=["short", "odd"])
def test_where_a_reader_is_not_waited_for_what_was_written_is_whole_and_counted(lines):
    reader, stream = piped()
    outlet = watched(stream)
    threading.Timer(0.2, lambda: setattr(outlet, "until", time.monotonic() + 0.1)).start()
    written = outlet.write(lines)
    assert (outlet.hurried, outlet.write(lines)) == (True, 0)
    stream.close()
    assert reader.read().decode() == "".join(lines[:written])
    assert 0 < written < len(lines)


def test_a_reader_that_goes_away_ends_the_wait():
    reader, stream = piped()
    outlet = watched(stream)
    threading.Timer(0.2, reader.close).start()
    with pytest.raises(BrokenPipeError):
        outlet.write(SHORT)


def test_a_file_takes_everything_at_once(tmp_path):
    with (tmp_path / "lines").open("w") as stream:
        outlet = watched(stream)
        assert (outlet.write(SHORT), outlet.until) == (len(SHORT), inf)
        assert (tmp_path / "lines").read_text() == "".join(SHORT)
