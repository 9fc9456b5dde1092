"""The manifest's text, and problems that point into it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice, takewhile
from pathlib import Path

from lcli.errors import ExitCode, LcliError, Problem
from lcli.manifest.hidden import Span, hidden

MAX_BYTES = 1 << 20
_WIDTH = 160
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file, both counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Source:
    """A manifest's text, to make problems that show the line."""

    name: str
    """As messages call it: ``lcli.yaml``."""
    text: str
    is_yaml: bool = False
    """Whether that is known already."""

    def where(self, mark: Mark) -> str:
        """``lcli.yaml:31:11``."""
        return f"{self.name}:{mark.line}:{mark.column}"

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    def line(self, number: int) -> str:
        """One line without its end; empty behind the last."""
        lines = self._lines
        return lines[number - 1].rstrip("\r") if number <= len(lines) else ""

    @cached_property
    def _hidden(self) -> list[Span]:
        return hidden(self.text, is_yaml=self.is_yaml)

    @cached_property
    def _starts(self) -> list[int]:
        """Where the lines begin in the text."""
        return [0, *accumulate(len(line) + 1 for line in self._lines)]

    def _hidden_on(self, number: int) -> list[Span]:
        """The columns of a line that hold values of environments, counted from 0."""
        line = self.line(number)
        if not line:
            return []
        start = self._starts[number - 1]
        first = max(0, bisect_right(self._hidden, (start, 0)) - 1)
        on_it = takewhile(
            lambda span: span[0] < start + len(line), islice(self._hidden, first, None)
        )
        columns = ((max(0, span[0] - start), max(0, span[1] - start)) for span in on_it)
        return [value for each in columns for value in _value(line, each)]

    def hides(self, mark: Mark) -> bool:
        """Whether what stands at a place is, or may be, part of an environment's value."""
        return any(start < mark.column <= end for start, end in self._hidden_on(mark.line))

    def excerpt(self, mark: Mark, *, hide: bool = False) -> str:
        """The line with a caret under the column, without values of environments.

        `hide` says that it holds one, however that came there (an alias): what follows the first
        colon is hidden then.
        """
        line = self.line(mark.line)
        at = min(mark.column - 1, len(line))
        spans = self._hidden_on(mark.line)
        if hide and not spans:
            spans = _value(line, (line.find(":") + 1, len(line)))
        for start, end in reversed(spans):
            line = f"{line[:start]}{_HIDDEN}{line[end:]}"
            if at >= end:
                at += len(_HIDDEN) - (end - start)
            else:
                at = min(at, start)
        start = max(0, at - _WIDTH // 2)
        part = line[start : start + _WIDTH].rstrip()
        shown = "".join(c if c.isprintable() else " " for c in part)
        return f"{shown}\n{' ' * (at - start)}^"

    def problem(
        self, code: str, what: str, mark: Mark, next_step: str = "", *, hide: bool = False
    ) -> Problem:
        """A problem at a place."""
        return Problem(code, what, self.where(mark), next_step, self.excerpt(mark, hide=hide))


def _value(line: str, span: Span) -> list[Span]:
    """What stands in a part of a line, without the blanks around it."""
    part = line[slice(*span)]
    value = part.strip()
    start = span[0] + part.index(value)
    return [(start, start + len(value))] if value else []


def refused(problem: Problem) -> LcliError:
    """One problem of the manifest as an error: nothing was touched."""
    return LcliError(problem, ExitCode.USAGE)


def decode(path: Path, name: str) -> Source:
    """A file's text. Raises LcliError where it cannot be read, is too long or is not UTF-8."""
    try:
        if not path.is_file():
            raise OSError(0, "it is not a file" if path.exists() else "no such file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise refused(
            Problem(
                "manifest-unreadable",
                f"cannot read the manifest {name}: {error.strerror}",
                next_step="name another one with -f",
            )
        ) from error
    if len(data) > MAX_BYTES:
        raise refused(
            Problem(
                "manifest-too-long",
                f"{name} is longer than 1 MiB",
                name,
                "split it into several apps, or keep data in files of their own (${file:PATH})",
            )
        )
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8", "replace")
        mark = Mark(good.count("\n") + 1, len(good) - good.rfind("\n"))
        raise refused(
            Problem(
                "manifest-not-utf8",
                f"the byte 0x{data[error.start]:02x} is not UTF-8",
                f"{name}:{mark.line}:{mark.column}",
                "save the file as UTF-8",
            )
        ) from error
