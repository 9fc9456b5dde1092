"""What a deploy is doing now: a line a function on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lcli.deploy.events import Doing, Event, Failed, Finished, Listener, Skipped, Started
from lcli.resources.kind import Kind
from lcli.resources.model import Action, Verb
from lcli.ui.neutral import neutralise
from lcli.ui.plan import is_published
from lcli.ui.terminal import Terminal

if TYPE_CHECKING:
    from rich.table import Table

DOING = {
    Verb.CREATE: "creating",
    Verb.UPDATE: "updating",
    Verb.REPLACE: "replacing",
    Verb.DELETE: "deleting",
    Verb.NONE: "keeping",
}


@contextmanager
def progress(terminal: Terminal, kinds: dict[str, Kind], total: int) -> Iterator[Listener]:
    """A listener for `apply`; what it draws is gone or complete when the block ends."""
    if not terminal.live:
        yield _PlainLines(terminal, kinds)
        return
    from rich.live import Live

    board = _Board(kinds, total, rows=lambda: terminal.err.height - 2, mask=terminal.masked)
    with Live(
        console=terminal.err, get_renderable=board.table, refresh_per_second=8, transient=True
    ):
        yield board


def what(action: Action, kinds: dict[str, Kind]) -> str:
    """``creating function photos-thumbnail``."""
    key = action.resource.key
    kind = kinds.get(key.kind)
    doing = "publishing" if is_published(action, kinds) else DOING[action.verb]
    return f"{doing} {kind.title if kind else key.kind} {key.name}"


class _PlainLines:
    """A line when something is done, waited for or has failed.

    Of what is not tried, the first thing of each function and of each reason is told: a failure
    or an interruption takes along many, and they would bury it.
    """

    def __init__(self, terminal: Terminal, kinds: dict[str, Kind]) -> None:
        self._note = terminal.note
        self._debug = terminal.debug
        self._kinds = kinds
        self._told: set[str] = set()

    def __call__(self, event: Event) -> None:
        action = event.action
        if action.verb is Verb.NONE:
            return
        line = what(action, self._kinds)
        owner = f"{action.resource.function}: " if action.resource.function else ""
        match event:
            case Doing():
                self._debug(f"{owner}{line}: {event.doing}")
            case Finished():
                self._note(f"{owner}{line}: done in {event.seconds:.1f} s")
            case Failed():
                self._note(f"{owner}{line}: failed after {event.seconds:.1f} s")
            case Skipped():
                reasons = {event.because, owner} - {""}
                tell = self._debug if reasons & self._told else self._note
                tell(f"{owner}{line}: not tried: {event.because}")
                self._told |= reasons


@dataclass(slots=True)
class _Line:
    began: float
    text: str


class _Board:
    """The live view: what each busy function is doing, for how long, and how much is done."""

    def __init__(
        self,
        kinds: dict[str, Kind],
        total: int,
        clock: Callable[[], float] = time.monotonic,
        rows: Callable[[], int] = lambda: 100,
        mask: Callable[[str], str] = lambda text: text,
    ) -> None:
        """`rows` is how many lines of functions there is room for now; `mask` hides secrets."""
        self._kinds = kinds
        self._total = total
        self._clock = clock
        self._rows = rows
        self._mask = mask
        self._done = 0
        self._failed = 0
        self._lines: dict[tuple[str, str], _Line] = {}

    def __call__(self, event: Event) -> None:
        action = event.action
        if action.verb is Verb.NONE:
            return
        key = (action.resource.function, str(action.resource.key))
        match event:
            case Started():
                self._lines[key] = _Line(self._clock(), what(action, self._kinds))
            case Doing():
                line = self._lines.setdefault(key, _Line(self._clock(), ""))
                line.text = f"{what(action, self._kinds)}: {event.doing}"
            case _:
                self._lines.pop(key, None)
                self._done += 1
                self._failed += isinstance(event, Failed)

    def table(self) -> Table:
        """A row a function (its oldest busy action), as many as fit, then the count."""
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        now = self._clock()
        busy: dict[str, _Line] = {}
        for (function, _), line in list(self._lines.items()):
            if function not in busy or line.began < busy[function].began:
                busy[function] = line
        shown = sorted(busy.items())[: max(1, self._rows())]
        # One line each: names and seconds in full, what is being done as far as there is room.
        names = max((len(function or "(shared)") for function, _ in shown), default=0)
        for width in (min(names, 30), 0, 5):
            table.add_column(no_wrap=True, overflow="ellipsis", min_width=width)
        for function, line in shown:
            table.add_row(
                Text(neutralise(function or "(shared)"), "bold"),
                Text(neutralise(self._mask(line.text))),
                Text(f"{now - line.began:.0f} s", "dim"),
            )
        failed = f", {self._failed} failed" if self._failed else ""
        more = f", {len(busy) - len(shown)} more under way" if len(busy) > len(shown) else ""
        count = f"{self._done} of {self._total} done{failed}{more}"
        table.add_row(Text(""), Text(count, "dim"), "")
        return table
