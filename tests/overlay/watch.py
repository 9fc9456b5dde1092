"""Whom a process speaks to: every connection and every name that it looks up, written down.

`sitecustomize.py`, laid on PYTHONPATH, adds an audit hook to each Python process that is started
(lcli, the local cloud's daemon) which notes in a file what sys.audit tells of sockets. What is not
this machine is refused, so that the test needs no network either.
"""

from __future__ import annotations

import os
from pathlib import Path

_HOOK = """
import os, sys

_LOG = os.environ.get("LCLI_TEST_WATCH", "")
_HERE = ("127.0.0.1", "::1", "localhost", None, "", b"", b"127.0.0.1", b"localhost")


def _note(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if not isinstance(address, tuple):
            return
        host, port = address[0], address[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host, port = arguments[0], arguments[1] if len(arguments) > 1 else ""
    else:
        return
    handle = os.open(_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{event} {host} {port}\\n".encode())
    os.close(handle)
    if host not in _HERE:
        raise OSError(f"{event} {host} is refused by the test")


if _LOG:
    sys.addaudithook(_note)
"""


class Watch:
    """The hook and its log, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(_HOOK)
        self._folder = folder
        self.log = folder / "log"
        self.log.touch()

    @property
    def environ(self) -> dict[str, str]:
        """What makes a process watched; a proxy that does not exist takes what is left."""
        nowhere = "http://proxy.invalid:9"
        return {
            "PYTHONPATH": str(self._folder),
            "LCLI_TEST_WATCH": str(self.log),
            "HTTP_PROXY": nowhere,
            "HTTPS_PROXY": nowhere,
            "ALL_PROXY": nowhere,
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def seen(self) -> set[tuple[str, str]]:
        """(host, port) of everything so far; forgets it."""
        return heard(self.log)


def heard(log: Path) -> set[tuple[str, str]]:
    """(host, port) of everything that a log has; empties it."""
    lines = log.read_text().splitlines()
    os.truncate(log, 0)
    return {(host, port) for _, host, port in (line.split(" ") for line in lines)}
