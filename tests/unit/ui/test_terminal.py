import io

import pytest

from lcli.ui.mask import Mask
from lcli.ui.tables import PlainTable
from lcli.ui.terminal import Terminal


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_a_note_takes_the_line_of_progress_away():
    stderr = Screen()
    terminal = Terminal(io.StringIO(), stderr)
    terminal.progress("1 of 2")
    terminal.progress("2 of 2")
    terminal.note("done")
    terminal.note("and over")
    assert stderr.getvalue() == "\r\x1b[K1 of 2\r\x1b[K2 of 2\r\x1b[Kdone\nand over\n"


@pytest.mark.parametrize(
    ("stream", "quiet"), [(io.StringIO, False), (Screen, True)], ids=["in a pipe", "with --quiet"]
)
def test_no_progress_is_shown(stream, quiet):
    stderr = stream()
    terminal = Terminal(io.StringIO(), stderr, quiet=quiet)
    terminal.progress("1 of 2")
    terminal.end_progress()
    assert stderr.getvalue() == ""


@pytest.mark.parametrize(
    ("stream", "left"),
    [(io.StringIO, ""), (Screen, "\r\x1b[K1 of 2\r\x1b[K\x1b[?25h")],
    ids=["in a pipe", "on a terminal"],
)
def test_a_terminal_is_given_back_with_its_cursor(stream, left):
    stderr = stream()
    terminal = Terminal(io.StringIO(), stderr)
    terminal.progress("1 of 2")
    terminal.leave()
    assert stderr.getvalue() == left


@pytest.mark.parametrize("stream", [io.StringIO, Screen], ids=["in a pipe", "on a terminal"])
def test_a_table_shows_no_secret(stream):
    stdout = stream()
    terminal = Terminal(stdout, io.StringIO(), color=False, mask=Mask(["hunter2!"]).text)
    table = PlainTable("Setting", "Value")
    table.add_row(("State", "bold"), "password hunter2! was refused")
    terminal.show(table)
    assert "hunter2!" not in stdout.getvalue()
    assert "was refused" in stdout.getvalue()
