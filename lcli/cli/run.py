"""What a command works with: options, streams, the manifest and AWS, each made on first use."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from lcli.cli.options import Globals
from lcli.ui.mask import Mask

if TYPE_CHECKING:
    from lcli.ui.terminal import Terminal


class Run:
    """One run of one command. Tests replace the streams and `environ`."""

    def __init__(
        self,
        options: Globals | None = None,
        *,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        environ: dict[str, str] | None = None,
    ) -> None:
        self.options = options or Globals()
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr
        self.environ = dict(os.environ) if environ is None else environ
        self.mask = Mask()

    @cached_property
    def terminal(self) -> Terminal:
        """The two output streams and what they can show."""
        from lcli.ui.terminal import Terminal

        options = self.options
        return Terminal(
            self.stdout,
            self.stderr,
            color=not (options.no_color or self.environ.get("NO_COLOR")),
            quiet=options.quiet,
            verbose=options.verbose,
        )

    @property
    def json(self) -> bool:
        """Whether stdout is for a program."""
        return self.options.output == "json"

    def print_json(self, document: Any) -> None:
        """One JSON document on stdout."""
        import json

        self.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")
