import io

import pytest
from rich.console import Console

from lcli.ui.tables import PlainTable
from lcli.ui.terminal import Terminal

ROWS = [
    pytest.param([("a", "1"), ("longer", "22")], id="widths"),
    pytest.param([("日本", "1"), ("x", "2\uff12")], id="wide characters"),
    pytest.param([("e\u0301te\u0301", "1"), ("été", "2")], id="combining characters"),
    pytest.param([("one\ntwo", "1"), ("x", "2\n3\n4")], id="several lines"),
    pytest.param([("\x1b[31mred", "[red]1[/]"), ("\u202ex", "a\tb")], id="what drives a terminal"),
    pytest.param([(("bold", "bold"), ("", "dim"))], id="styles"),
    pytest.param([], id="no rows"),
]


def by_rich(table):
    stream = io.StringIO()
    Console(file=stream, width=500, markup=False, highlight=False, emoji=False).print(table)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("header", [True, False], ids=["with titles", "without titles"])
@pytest.mark.parametrize("rows", ROWS)
def test_a_pipe_gets_the_columns_that_rich_draws(rows, header):
    table = PlainTable("Name", ">Size", header=header)
    for row in rows:
        table.add_row(*row)
    stream = io.StringIO()
    Terminal(stream, io.StringIO()).show(table)
    drawn = by_rich(table) if rows or header else []
    assert stream.getvalue().splitlines() == drawn


def test_a_column_is_as_wide_as_it_needs_to_be():
    table = PlainTable("Path", "Digest")
    table.add_row("p" * 600, "d")
    assert list(table.lines())[1] == "p" * 600 + "  d"


def narrow(table, width):
    stream = io.StringIO()
    Console(file=stream, width=width, markup=False, highlight=False, emoji=False).print(table)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def functions():
    table = PlainTable("Function", "Name", ">Size", "Address")
    table.add_row("one", "photos-one", "1 kB", "http://127.0.0.1:40000/photos")
    table.add_row("two", "photos-two", "", "")
    return table


def test_a_table_that_is_too_wide_folds_its_widest_column_alone():
    assert narrow(functions(), 50) == [
        "Function  Name        Size  Address",
        "one       photos-one  1 kB  http://127.0.0.1:40000",
        "                            /photos",
        "two       photos-two",
    ]


@pytest.mark.parametrize(
    ("width", "title", "last"),
    [
        pytest.param(60, "Function  Name        Size  Address", "two", id="room"),
        pytest.param(40, "Function  Size  Address", "no room for: Name", id="one-less"),
        pytest.param(38, "Function  Address", "no room for: Name, Size", id="two-less"),
    ],
)
def test_a_narrow_terminal_does_without_the_spare_columns(width, title, last):
    table = PlainTable("Function", "Name", ">Size", "Version", "Address", spare=("Name", "Size"))
    table.add_row("one", "photos-one", "1 kB", "", "http://127.0.0.1:40000/")
    table.add_row("two", "photos-two", "", "", "")
    lines = narrow(table, width)
    assert (lines[0].replace("Version  ", ""), lines[-1].split("  ")[0]) == (title, last)


def test_a_table_that_cannot_be_read_that_narrow_is_shown_row_by_row():
    assert narrow(functions(), 40) == [
        "Function  one",
        "Name      photos-one",
        "Size      1 kB",
        "Address   http://127.0.0.1:40000/photos",
        "",
        "Function  two",
        "Name      photos-two",
    ]
