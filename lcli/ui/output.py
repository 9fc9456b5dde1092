"""Streams that outlast whoever reads them: a reader that leaves, a disk without room."""

from __future__ import annotations

import io
import os
import select
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Lasting(io.BufferedWriter):
    """Writes to nowhere once its file cannot be written any more, and remembers why.

    The file itself is led there, for what is in buffers and for other writers. Who only reads is
    ended by the first failure, which is raised; who `goes_on` is not.
    """

    goes_on = False
    lost: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        left = memoryview(data)
        whole = left.nbytes
        try:
            while left:
                try:
                    left = left[super().write(left) :]
                except BlockingIOError as full:
                    left = left[full.characters_written :]
                    self._await_room()
        except OSError as error:
            self._lose(error)
        return whole

    def flush(self) -> None:
        try:
            while True:
                try:
                    return super().flush()
                except BlockingIOError:
                    self._await_room()
        except OSError as error:
            self._lose(error)

    def _await_room(self) -> None:
        """Whoever made the pipe may have it never block; its reader may still be slow."""
        select.select([], [self.fileno()], [])

    def _lose(self, error: OSError) -> None:
        self.lost = self.lost or error
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
        if not self.goes_on:
            raise error


def outlasting(stream: TextIO) -> TextIO:
    """The same file as a stream that `go_on` and `lost` know; `stream` is of no use afterwards.

    It buffers also where Python does not (PYTHONUNBUFFERED): of a bare file's write, what a signal
    cuts off is lost.
    """
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    encoding, errors = stream.encoding, stream.errors
    lines = stream.line_buffering or stream.isatty()
    file = stream.detach()
    raw = file.detach() if isinstance(file, io.BufferedWriter) else file
    return io.TextIOWrapper(_Lasting(raw), encoding, errors, line_buffering=lines)


def go_on(stream: TextIO) -> None:
    """From here on no failure to write raises: what is done matters more than what is told."""
    if file := _lasting(stream):
        file.goes_on = True


def lost(stream: TextIO) -> OSError | None:
    """Why nothing that is written arrives any more; None as long as it does."""
    file = _lasting(stream)
    return file.lost if file else None


def _lasting(stream: TextIO) -> _Lasting | None:
    file = getattr(stream, "buffer", None)
    return file if isinstance(file, _Lasting) else None
