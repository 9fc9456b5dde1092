"""A command run inside of the test's process: half a second cheaper than the installed one."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from lcli.__main__ import _report
from lcli.cli.app import command
from lcli.cli.run import Run
from overlay.outages import Said


class Screen(TextIOWrapper):
    """A stream that remembers, and may say that it is a terminal."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__(BytesIO(), encoding="utf-8", write_through=True, newline="")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        self.flush()
        return bytes(self.buffer.getvalue()).decode()  # type: ignore[attr-defined]


def lcli(
    directory: Path,
    environ: Mapping[str, str],
    *words: str,
    terminal: bool = False,
    stdin: str = "",
) -> Said:
    """What the command says and how it ends, as `main` would have it.

    The environment has nothing of this process's AWS settings but `environ`.
    """
    out, err = Screen(terminal=terminal), Screen(terminal=terminal)
    began = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "LCLI_"))]:
            patch.delenv(name)
        for name, value in environ.items():
            patch.setenv(name, value)
        patch.chdir(directory)
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        run = Run(stdout=out, stderr=err, stdin=StringIO(stdin))
        try:
            command(run).main(args=list(words), prog_name="lcli")
            code: object = 0
        except SystemExit as end:
            code = end.code
        except Exception as error:
            code = _report(error, run)
    return Said(int(str(code)), out.text(), err.text(), time.monotonic() - began)
