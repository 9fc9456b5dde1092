"""The two output streams and what they can show."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from lcli.ui.neutral import neutralise
from lcli.ui.tables import PlainTable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


class Terminal:
    """stdout for data, stderr for everything else; Rich is imported when it first draws."""

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        *,
        color: bool = True,
        quiet: bool = False,
        verbose: bool = False,
        mask: Callable[[str], str] = lambda text: text,
    ) -> None:
        """`mask` hides secrets in every line on stderr."""
        self.stdout = stdout
        self.stderr = stderr
        self.color = color
        self.quiet = quiet
        self.verbose = verbose
        self.masked = mask
        self._progressing = False

    @property
    def live(self) -> bool:
        """Whether stderr is a terminal that progress can be redrawn on."""
        return self.stderr.isatty() and not self.quiet

    @cached_property
    def out(self) -> Console:
        """Rich on stdout; as wide as the content needs when it is not a terminal."""
        return self._console(self.stdout)

    @cached_property
    def err(self) -> Console:
        """Rich on stderr."""
        return self._console(self.stderr)

    def show(self, renderable: RenderableType) -> None:
        """Print a table or tree on stdout."""
        self.end_progress()
        if isinstance(renderable, PlainTable):
            renderable = renderable.masked(self.masked)
            if not self.stdout.isatty():
                self.stdout.writelines(f"{line}\n" for line in renderable.lines())
                self.stdout.flush()
                return
        self.out.print(renderable)

    def note(self, text: str) -> None:
        """One plain line on stderr, unless --quiet."""
        if not self.quiet:
            self.end_progress()
            self._say(neutralise(self.masked(text)) + "\n")

    def lines(self, text: str) -> None:
        """Lines on stderr that were made safe and coloured before, unless --quiet."""
        if text and not self.quiet:
            self.end_progress()
            self._say(self.masked(text))

    def progress(self, text: str) -> None:
        """Redraw the line on stderr that says how far something is; only on a terminal."""
        if self.live:
            self._progressing = True
            self._say(f"\r\x1b[K{text}")

    def doing(self, text: str) -> None:
        """What is being done: a line that stays with --verbose, else one that goes."""
        self.debug(text)
        if not self.verbose:
            self.progress(f"{text} …")

    def end_progress(self) -> None:
        """Take that line away: something else is to be written."""
        if self._progressing:
            self._progressing = False
            self._say("\r\x1b[K")

    def leave(self) -> None:
        """Give the terminal back, in whatever moment what is drawn on it was interrupted."""
        self.end_progress()
        if self.live:
            self._say("\x1b[?25h")

    def _say(self, text: str) -> None:
        self.stderr.write(text)
        self.stderr.flush()

    def comment(self, renderable: RenderableType) -> None:
        """Print a table or tree on stderr, unless --quiet."""
        if not self.quiet:
            self.end_progress()
            self.err.print(renderable)

    def debug(self, text: str) -> None:
        """One plain line on stderr with --verbose."""
        if self.verbose:
            self.note(text)

    def _console(self, stream: TextIO) -> Console:
        from rich.console import Console

        terminal = stream.isatty()
        console = Console(
            file=stream,
            no_color=not self.color,
            force_terminal=terminal,
            width=None if terminal else 500,
            markup=False,
            highlight=False,
            emoji=False,
            soft_wrap=not terminal,
        )
        # Rich's own answer is to exit with 1 at once.
        console.on_broken_pipe = _reader_left  # type: ignore[method-assign]
        return console


def _reader_left() -> None:
    raise BrokenPipeError
