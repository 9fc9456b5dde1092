"""Problems as a person reads them: what, where, the line, what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from lcli.errors import Problem
from lcli.ui.mask import Mask
from lcli.ui.neutral import neutralise


def print_problems(problems: Iterable[Problem], stream: TextIO, mask: Mask) -> None:
    """Write problems as plain lines; colour would need Rich, and errors must not wait for it."""
    for problem in problems:
        stream.write(neutralise(mask.text(format_problem(problem))) + "\n")


def format_problem(problem: Problem) -> str:
    """``error: WHAT [CODE]`` and, indented below it, the place, the line and the next step."""
    lines = [f"error: {problem.what} [{problem.code}]"]
    if problem.where:
        lines.append(f"  at: {problem.where}")
    lines.extend(f"    {line}" for line in problem.excerpt.splitlines())
    if problem.next_step:
        lines.append(f"  next: {problem.next_step}")
    return "\n".join(lines)


def as_json(problem: Problem) -> dict[str, str]:
    """The stable shape of a problem in every JSON document."""
    return {
        "code": problem.code,
        "what": problem.what,
        "where": problem.where,
        "next_step": problem.next_step,
    }
