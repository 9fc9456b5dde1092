import io
import re

from rich.console import Console

from lcli.deploy.events import Doing, Failed, Finished, Skipped, Started
from lcli.deploy.report import FunctionRow, Outcome, Report, Status
from lcli.resources.model import Action, Key, Place, Resource, Verb
from lcli.ui.measures import size
from lcli.ui.progress import _Board, progress
from lcli.ui.report import closing_line, closing_table
from lcli.ui.terminal import Terminal


def action(kind, name, function="", verb=Verb.CREATE):
    return Action(verb, Resource(Key(kind, name), {}, function=function))


CREATE = action("function", "app-f", "f")
OTHER = action("function", "app-g", "g")
API = action("http_api", "app", verb=Verb.DELETE)
KEPT = action("role", "r", "f", Verb.NONE)


def test_without_a_terminal_every_end_is_a_line():
    stderr = io.StringIO()
    with progress(Terminal(io.StringIO(), stderr), {}, 3) as listener:
        for event in (
            Started(KEPT),
            Finished(KEPT, 0),
            Started(CREATE),
            Doing(CREATE, "waiting for Active", 0.5),
            Finished(CREATE, 1.25),
            Failed(OTHER, (), 2),
            Skipped(API, "function app-g failed"),
        ):
            listener(event)
    assert stderr.getvalue() == (
        "f: creating function app-f: done in 1.2 s\n"
        "g: creating function app-g: failed after 2.0 s\n"
        "deleting http_api app: not tried: function app-g failed\n"
    )


def test_of_what_an_interruption_leaves_one_line_is_told():
    stderr = io.StringIO()
    with progress(Terminal(io.StringIO(), stderr), {}, 5) as listener:
        for event in (
            Skipped(CREATE, "the run was interrupted"),
            Skipped(action("alias", "app-f:live", "f"), "function app-f was not done"),
            Skipped(OTHER, "the run was interrupted"),
            Skipped(action("alias", "app-g:live", "g"), "function app-g was not done"),
            Failed(API, (), 2),
        ):
            listener(event)
    assert stderr.getvalue() == (
        "f: creating function app-f: not tried: the run was interrupted\n"
        "deleting http_api app: failed after 2.0 s\n"
    )


def test_the_board_shows_what_each_function_does_and_for_how_long():
    now = [100.0]
    board = _Board({}, 3, lambda: now[0])
    board(Started(CREATE))
    board(Started(OTHER))
    board(Doing(CREATE, "waiting for Active", 0.5))
    board(Finished(OTHER, 1))
    now[0] = 107.0
    stream = io.StringIO()
    Console(file=stream, width=90).print(board.table())
    lines = [re.sub(" +", " ", line).strip() for line in stream.getvalue().splitlines()]
    assert lines == ["f creating function app-f: waiting for Active 7 s", "1 of 3 done"]


def test_the_board_is_no_higher_than_the_terminal_and_no_wider():
    board = _Board({}, 40, lambda: 0.0, rows=lambda: 3)
    for number in range(10, 40):
        board(Started(action("function", f"app-with-a-long-name-{number}", f"f{number}")))
    stream = io.StringIO()
    Console(file=stream, width=40).print(board.table())
    lines = [re.sub(" +", " ", line).strip() for line in stream.getvalue().splitlines()]
    assert [line.split()[0] for line in lines[:3]] == ["f10", "f11", "f12"]
    assert lines[3:] == ["0 of 40 done, 27 more under way"]


def test_the_closing_table_says_what_became_of_each_function():
    rows = (
        FunctionRow("f", "app-f", "created", "arn", "1", "live", 1_234_567, ("http://x",)),
        FunctionRow("g", "app-g", "unchanged", "arn", "7", "live"),
    )
    stream = io.StringIO()
    Console(file=stream, width=90).print(closing_table(rows))
    lines = [re.sub("  +", "|", line.strip()) for line in stream.getvalue().splitlines()]
    assert lines[0] == "Function|Action|Version|Alias|Size|Address"
    assert lines[1:] == ["f|created|1|live|1.2 MB|http://x", "g|unchanged|7|live"]
    told = list(closing_table(rows, "eu-west-1").lines())
    assert [line.split()[:2] for line in told] == [
        ["Region", "Function"],
        ["eu-west-1", "f"],
        ["eu-west-1", "g"],
    ]
    assert closing_line(rows, 3.4) == "1 created, 1 unchanged in 3.4 s"
    assert closing_line((), 0.1) == "nothing to do in 0.1 s"
    assert closing_line((), 0.1, (Outcome(API, Status.FAILED),)) == "1 failed in 0.1 s"


def test_the_rest_of_an_interrupted_delete_is_a_deletion():
    gone = Outcome(action("role", "app-f", "f", Verb.DELETE), Status.DONE)
    report = Report(Place("app", "", "eu-west-1", "1" * 12), (gone,))
    assert [row.status for row in report.rows] == ["deleted"]


def test_sizes_are_rounded_for_people():
    assert [size(n) for n in (0, 12, 1_500, 2_000_000_000)] == ["", "12 B", "1.5 kB", "2.0 GB"]
