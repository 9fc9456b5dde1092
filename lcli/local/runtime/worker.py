"""A worker process: its own session, its output through one pipe, its folder for /tmp."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from lcli.local.runtime.guard import Guard, end_strays
from lcli.local.runtime.records import Event, Records

_CHUNK = 1 << 16
_DRAINED = 1 << 17
"""Bytes, more than a pipe holds: a process that writes for ever must not be read for ever."""


class Worker:
    """One process group. Everything it writes goes to `write`, in order, as log events."""

    def __init__(self, guard: Guard, scratch: Path, write: Callable[[list[Event]], None]) -> None:
        self._guard = guard
        self._scratch = scratch
        self._write = write
        self._records = Records()
        self._pipe = -1
        self._process: asyncio.subprocess.Process | None = None
        self._stopped = False
        self._gone = False

    @property
    def pid(self) -> int:
        """Of the process, which leads its group."""
        return self._process.pid if self._process else 0

    async def start(self, argv: tuple[str, ...], cwd: Path, environment: Mapping[str, str]) -> None:
        """Start the process. Raises OSError if it cannot be executed."""
        self._scratch.mkdir(parents=True, mode=0o700)
        reading, writing = os.pipe()
        self._pipe = reading
        try:
            self._process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        except BaseException:
            self._close_pipe()
            raise
        finally:
            os.close(writing)
        self._guard.add(self._process.pid)
        os.set_blocking(reading, False)
        asyncio.get_running_loop().add_reader(reading, self._readable)

    async def wait(self) -> int:
        """The return code as `subprocess` gives it; afterwards nothing of the group is left."""
        assert self._process
        code = await self._process.wait()
        # Children that outlived it; afterwards its id may be another's.
        self.kill()
        self._gone = True
        self._guard.remove(self._process.pid)
        self.flush()
        # What has left the group and still writes is not of this invocation.
        self._close_pipe()
        return code

    def kill(self) -> None:
        """End the whole group at once, as Lambda does."""
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop every thread until `thaw`, as Lambda does between invocations."""
        if not self._stopped:
            self._stopped = True
            self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it run."""
        if self._stopped:
            self._stopped = False
            self._signal(signal.SIGCONT)

    def drain(self) -> None:
        """Read what has been written so far."""
        left = _DRAINED
        while left > 0 and self._pipe >= 0 and (count := self._read()):
            left -= count

    def flush(self) -> None:
        """Read what has been written so far, a line without its end too."""
        self.drain()
        self._write(self._records.flush())

    async def clear(self) -> None:
        """End what left the group; give back the pipe and the folder."""
        self._close_pipe()
        await asyncio.to_thread(self._clear)

    def _clear(self) -> None:
        end_strays(str(self._scratch))
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _readable(self) -> None:
        self._read()

    def _read(self) -> int:
        """Read once; the number of bytes, 0 if there are none now."""
        try:
            data = os.read(self._pipe, _CHUNK)
        except BlockingIOError:
            return 0
        if not data:
            self._close_pipe()
            return 0
        events = self._records.feed(data)
        if events:
            self._write(events)
        return len(data)

    def _close_pipe(self) -> None:
        if self._pipe >= 0:
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = -1

    def _signal(self, number: signal.Signals) -> None:
        if self._process and not self._gone:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)
