"""The daemon's own side: ``python -m lcli.local.process DIRECTORY FD``.

Leaves the session of whoever started it, listens, writes its state file and tells the starter
through the pipe FD that it is ready. Ends on SIGTERM and when nobody used it for a while.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import secrets
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lcli.local.build import build
from lcli.local.settings import idle_limit

if TYPE_CHECKING:
    from lcli.local.server import Cloud

LOG = logging.getLogger("lcli.local")


def main() -> None:
    """Become a daemon and serve until told to end."""
    home, tell = Path(sys.argv[1]), int(sys.argv[2])
    if os.fork():
        # The starter waits for this process only; init takes over the other.
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for chatty in ("botocore", "werkzeug", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # All of moto lasts: looking through it for garbage is a tenth of the time.
    gc.set_threshold(20_000, 20, 20)
    code = 1
    try:
        asyncio.run(serve(home, tell))
        code = 0
    except Exception as error:
        LOG.exception("the local cloud failed")
        _tell_failure(tell, error)
    finally:
        logging.shutdown()
        # Threads that wait in moto (long polls) must not hold the end up.
        os._exit(code)


def _tell_failure(tell: int, error: Exception) -> None:
    """To the starter, who waits at the pipe: on a full disk the log holds nothing."""
    with suppress(OSError):  # it may have been told that the cloud is ready
        os.write(tell, json.dumps({"failed": f"{type(error).__name__}: {error}"}).encode())


async def serve(home: Path, tell: int) -> None:
    """Run the cloud until SIGTERM, SIGINT or idleness; `tell` gets the state when it is ready."""
    # Before the code is imported, so that what changes meanwhile makes this an old build.
    of = build()
    from lcli.local.server import Cloud

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    token = secrets.token_urlsafe(24)
    cloud = Cloud(home, token=token)
    known = home / "daemon.port"
    # Where the last one listened, if that is free: programs may have been told.
    with suppress(OSError, ValueError, OverflowError):
        cloud.front.bind(int(known.read_text()))
    await cloud.start()
    state = {
        "url": cloud.url,
        "pid": os.getpid(),
        "started": _started(),
        "version": _version(),
        "build": of,
        "token": token,
        "log": str(home / "daemon.log"),
    }
    write_state(home / "daemon.json", state)
    with suppress(OSError):
        known.write_text(str(cloud.front.port))
    os.write(tell, json.dumps(state).encode())
    os.close(tell)
    LOG.info("listening at %s", cloud.url)
    try:
        await _until_ended_or_idle(cloud, ended, idle_limit(os.environ))
    finally:
        await cloud.close()
        _remove_state(home / "daemon.json")
        LOG.info("ended")


async def _until_ended_or_idle(cloud: Cloud, ended: asyncio.Event, limit: float) -> None:
    while not ended.is_set():
        left = limit - cloud.idle_seconds() if limit else 3600.0
        if left <= 0:
            LOG.info("unused for %.0f seconds", limit)
            return
        try:
            await asyncio.wait_for(ended.wait(), min(left, 30.0) + 0.01)
        except TimeoutError:
            continue


def write_state(path: Path, state: dict[str, object]) -> None:
    """Replace the state file in one step; readable by this user only."""
    fresh = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(state, file)
        fresh.replace(path)
    except OSError:
        fresh.unlink()
        raise


def _remove_state(path: Path) -> None:
    """Unless it is another daemon's by now."""
    try:
        ours = json.loads(path.read_text())["pid"] == os.getpid()
    except (OSError, ValueError, KeyError):
        return
    if ours:
        path.unlink(missing_ok=True)


def _started() -> float:
    import psutil

    return float(psutil.Process().create_time())


def _version() -> str:
    from lcli import __version__

    return __version__


if __name__ == "__main__":
    main()
