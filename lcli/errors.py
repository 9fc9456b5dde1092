"""Errors are values with a cause and a next step; the exit codes of every command."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process tells the shell (documented in docs/commands.md)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CHANGES = 3
    FUNCTION_ERROR = 4
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, told so that its reader can act on it."""

    code: str
    """Stable, for scripts: ``role-not-assumable``."""
    what: str
    """One sentence: ``Lambda cannot assume the role "thumbnail"``."""
    where: str = ""
    """``lcli.yaml:31:11``, an ARN, or empty."""
    next_step: str = ""
    """What to do about it: ``add lambda.amazonaws.com to its trust policy``."""
    excerpt: str = ""
    """The manifest's line with a caret under the column, where there is one."""


class LcliError(Exception):
    """One or several problems that end a command.

    `exit_code` is USAGE when nothing was touched because the request or the manifest is wrong,
    FAILED when AWS, the network or a build failed.
    """

    def __init__(
        self, problems: Problem | Iterable[Problem], exit_code: ExitCode = ExitCode.FAILED
    ) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.exit_code = exit_code
        super().__init__("; ".join(problem.what for problem in self.problems))


_NO_MORE_FILES = frozenset({errno.EMFILE, errno.ENFILE})


def system_problem(error: OSError) -> Problem:
    """What the operating system refused, and what to do about it."""
    if error.errno in _NO_MORE_FILES:
        next_step = "allow more open files (`ulimit -n 1024`) or use a smaller --parallel, then "
        next_step += "run the same command again"
    else:
        next_step = "check the path, its permissions and the free space, then run the command again"
    return Problem(
        "system-error",
        f"the system refused an operation: {error.strerror or error}",
        str(error.filename or ""),
        next_step,
    )
