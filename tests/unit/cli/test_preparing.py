"""What is said before anything is changed."""

from __future__ import annotations

import io

import pytest

from lcli.cli.options import Globals
from lcli.cli.preparing import Ready, present, tell_notices, untouched
from lcli.cli.run import Run
from lcli.deploy.plan import Plan
from lcli.deploy.prepared import Prepared
from lcli.errors import Problem
from lcli.resources import kinds
from lcli.resources.model import Action, Key, Place, Resource, Verb


def run(**options: bool) -> Run:
    return Run(Globals(**options), stderr=io.StringIO(), environ={})  # type: ignore[arg-type]


def said(run: Run) -> list[str]:
    assert isinstance(run.stderr, io.StringIO)
    return run.stderr.getvalue().splitlines()


@pytest.mark.parametrize(
    ("count", "verbose", "last", "lines"),
    [
        pytest.param(10, False, "notice 9", 10, id="a-few"),
        pytest.param(200, False, "… and 191 more of such notices; -v shows all", 10, id="many"),
        pytest.param(200, True, "notice 199", 200, id="verbose"),
    ],
)
def test_many_notices_do_not_bury_the_rest(
    count: int, verbose: bool, last: str, lines: int
) -> None:
    one = run(verbose=verbose)
    tell_notices(one, [f"notice {number}" for number in range(count)])
    assert (said(one)[-1], len(said(one))) == (last, lines)


def test_who_interrupts_before_a_change_is_told_that_there_was_none() -> None:
    one = run()
    with pytest.raises(KeyboardInterrupt), untouched(one):
        raise KeyboardInterrupt
    assert said(one) == ["interrupted; nothing was touched"]


def test_notices_are_below_the_tree_which_may_be_long() -> None:
    one = run()
    made = Action(Verb.CREATE, Resource(Key("layer", "photos-common"), {}))
    in_the_way = Problem("not-ours", "x was not made by lcli", next_step="rename it")
    plan = Plan((made,), (frozenset(),), notices=("mind this",), refusals=(in_the_way,))
    place = Place("photos", "", "eu-west-1", "123456789012")
    present(one, [Ready(None, Prepared(place, plan, {}, kinds()))])  # type: ignore[arg-type]
    assert said(one) == [
        "photos, eu-west-1, account 123456789012",
        "└── shared by the app",
        "    └── + layer photos-common",
        "mind this",
        "x was not made by lcli: rename it",
        "photos, eu-west-1, account 123456789012: 1 to create; -v shows all of what is new",
    ]
