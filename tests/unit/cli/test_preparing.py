"""What is said before anything is changed."""

from __future__ import annotations

import io

import pytest

from lcli.cli.options import Globals
from lcli.cli.preparing import tell_notices, untouched
from lcli.cli.run import Run


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
