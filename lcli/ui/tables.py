"""Tables without lines: they read well on a terminal and cut well in a pipe."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from lcli.ui.neutral import neutralise

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions
    from rich.table import Table
    from rich.text import Text

Cell: TypeAlias = str | tuple[str, str]
"""A text, or a text and Rich's style of it on a terminal."""
_GAP = 2
_READABLE = 16
"""Columns of a terminal below which a folded cell is no longer read with ease."""


class PlainTable:
    """Rows under titles. A title that begins with ``>`` is of a column aligned to the right.

    `spare` are the titles that a narrow terminal does without, the first first; empty columns go
    before them.

    Rich draws it where there is a terminal. Elsewhere `lines` are the same columns without Rich,
    whose import takes longer than many a command.
    """

    def __init__(self, *titles: str, header: bool = True, spare: Sequence[str] = ()) -> None:
        self.titles = tuple(neutralise(title.lstrip(">")) for title in titles)
        self.right = tuple(title.startswith(">") for title in titles)
        self.header = header
        self.spare = spare
        self.rows: list[tuple[tuple[str, str], ...]] = []

    def add_row(self, *cells: Cell) -> None:
        """One row; what could drive a terminal is made visible in its cells."""
        pairs = ((cell, "") if isinstance(cell, str) else cell for cell in cells)
        self.rows.append(tuple((neutralise(text).expandtabs(), style) for text, style in pairs))

    def masked(self, mask: Callable[[str], str]) -> PlainTable:
        """The same without secrets."""
        table = self._with(range(len(self.titles)))
        table.titles = tuple(map(mask, self.titles))
        table.rows = [tuple((mask(text), style) for text, style in row) for row in self.rows]
        return table

    def _with(self, columns: Iterable[int]) -> PlainTable:
        """The same with these columns alone."""
        table = PlainTable(header=self.header, spare=self.spare)
        table.titles = tuple(self.titles[each] for each in columns)
        table.right = tuple(self.right[each] for each in columns)
        table.rows = [tuple(row[each] for each in columns) for row in self.rows]
        return table

    def lines(self) -> Iterator[str]:
        """The table as text, as wide as it needs."""
        drawn = self._drawn()
        widths = self._widths()
        for row in drawn:
            cells = zip(row, widths, self.right, strict=True)
            padded = (_padded(text, width, right) for text, width, right in cells)
            yield (" " * _GAP).join(padded).rstrip()

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[Table | Text | str]:
        """The same for Rich. Where it is too wide, it does without its spare columns, which is
        said; then its widest column is folded; where that leaves no room to read, each row is shown
        as lines of title and cell."""
        from rich.text import Text

        table = self._narrowed(options.max_width)
        widths = table._widths()
        widest = max(widths, default=0)
        others = sum(widths) - widest + _GAP * (len(widths) - 1)
        if len(widths) <= 2 or others + min(widest, _READABLE) <= options.max_width:
            yield table._grid(widths.index(widest) if widths else 0)
            if gone := [each for each in self._told() if each not in table.titles]:
                yield Text(f"no room for: {', '.join(gone)}", "dim")
            return
        for number, row in enumerate(self.rows):
            lines = PlainTable("", "", header=False)
            lines.rows = [
                ((title, "bold"), cell)
                for title, cell in zip(self.titles, row, strict=True)
                if cell[0]
            ]
            if number:
                yield ""
            yield lines._grid(1)

    def _told(self) -> list[str]:
        """The titles of the columns that are not empty."""
        return [
            title
            for number, title in enumerate(self.titles)
            if any(row[number][0] for row in self.rows)
        ]

    def _widths(self) -> list[int]:
        return [max(map(_width, column)) for column in zip(*self._drawn(), strict=True)]

    def _narrowed(self, room: int) -> PlainTable:
        """As many of the columns as `room` takes; none that is not spare is left out."""
        if not self.spare:
            return self
        widths, told = self._widths(), self._told()
        kept = list(range(len(widths)))
        for title in (*(each for each in self.titles if each not in told), *self.spare):
            if sum(widths[each] for each in kept) + _GAP * (len(kept) - 1) <= room:
                break
            kept = [each for each in kept if self.titles[each] != title]
        return self._with(kept)

    def _drawn(self) -> list[tuple[str, ...]]:
        rows = [self.titles] if self.header else []
        rows += [tuple(text for text, _ in row) for row in self.rows]
        return [each for row in rows for each in _broken(row)]

    def _grid(self, folded: int) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table(
            box=None,
            pad_edge=False,
            padding=(0, _GAP, 0, 0),
            header_style="bold",
            show_header=self.header,
        )
        for number, (title, right) in enumerate(zip(self.titles, self.right, strict=True)):
            table.add_column(
                title,
                justify="right" if right else "left",
                overflow="fold",
                no_wrap=number != folded,
            )
        for row in self.rows:
            table.add_row(*(Text(text, style) for text, style in row))
        return table


def _broken(row: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """One row as lines, of which a cell may have several."""
    return zip_longest(*(cell.split("\n") for cell in row), fillvalue="")


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _width(text: str) -> int:
    """Columns of a terminal that the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )
