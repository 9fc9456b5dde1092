"""The console script: runs the command and turns every error into a message and an exit code."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, NoReturn

from lcli.errors import ExitCode, LcliError, Problem, system_problem
from lcli.ui.encoding import write_anything
from lcli.ui.output import go_on, lost, outlasting

if TYPE_CHECKING:
    from types import FrameType

    from lcli.cli.run import Run

_FILES = 4096
"""How many may be open at once, where the system lets us."""


def main() -> NoReturn:
    """Run lcli with the process's arguments; never returns and never shows a traceback.

    LCLI_DEBUG=1 shows one, for whoever mends lcli.
    """
    # Imports make many objects and no garbage: collecting while they run is a tenth of start-up.
    gc.set_threshold(200_000, 20, 20)
    _open_closed_streams()
    _allow_files()
    sys.stdout, sys.stderr = outlasting(sys.stdout), outlasting(sys.stderr)
    go_on(sys.stderr)
    write_anything(sys.stdout, sys.stderr)
    # A CI system that cancels a job sends SIGTERM: it ends a command as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hang_up = getattr(signal, "SIGHUP", None)  # Windows has none
    if hang_up and signal.getsignal(hang_up) is signal.SIG_DFL:  # not so under nohup
        signal.signal(hang_up, _hang_up)
    try:
        from lcli.cli.run import Run

        if "_LCLI_COMPLETE" in os.environ:
            _know_shells()
        run = Run()
    except KeyboardInterrupt:
        os._exit(int(ExitCode.INTERRUPTED))
    try:
        code = _run(run)
    except KeyboardInterrupt:
        code = int(ExitCode.INTERRUPTED)
    _leave(code, run)


def _hang_up(number: int, frame: FrameType | None) -> None:
    """The terminal has closed, which it tells no tool that has a process group of its own."""
    if tools := sys.modules.get("lcli.artifact.process"):
        tools.end_tools(signal.SIGKILL)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _run(run: Run) -> int:
    """The command; how it ended."""
    from lcli.cli.app import command

    try:
        command(run).main(prog_name="lcli")
        return int(ExitCode.DONE)
    except (SystemExit, Exception) as error:
        go_on(run.stdout)  # its end is told wherever it can be
        return _code_of(error, run)


def _code_of(error: SystemExit | Exception, run: Run) -> int:
    """The exit code of a command that ended so, once that is told."""
    # Typer makes exit code 1 of a BrokenPipeError.
    cause = error.__context__ if isinstance(error, SystemExit) else error
    if isinstance(cause, BrokenPipeError) and not run.changes:
        return int(ExitCode.DONE)  # `lcli … | head` has read enough: not an error
    if isinstance(error, SystemExit):
        _print_misuse(cause, run)
        return error.code if isinstance(error.code, int) else int(ExitCode.FAILED)
    if os.environ.get("LCLI_DEBUG") == "1":
        _print_traceback(error, run)
    if error is lost(run.stdout):
        return int(ExitCode.FAILED)  # what is lost is told at the end
    return _report(error, run)


def _leave(code: int, run: Run) -> NoReturn:
    """End the process with all that is written. One more Ctrl-C ends it at once.

    Threads that still wait for AWS are left behind: Python's own end would wait for them.
    """
    if code == ExitCode.INTERRUPTED:
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, lambda *_: os._exit(code))
        run.terminal.leave()
    code = _flush(code, run)
    if threading.active_count() > 1:
        os._exit(code)
    # At its end Python looks for garbage in all that was imported.
    gc.freeze()
    sys.exit(code)


def _open_closed_streams() -> None:
    """`lcli … >&-`: Python has None for a stream that was closed before it began."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (to the end)


def _allow_files() -> None:
    """A connection is an open file, and macOS lets a process have 256 unless it asks for more."""
    try:
        import resource
    except ImportError:  # Windows, where sockets are no files
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _know_shells() -> None:
    """Typer knows the shells' protocols only once this ran; by itself that is with its own
    --install-completion, for which `lcli completion` stands here."""
    from typer._completion_classes import completion_init

    completion_init()


def _report(error: Exception, run: Run) -> int:
    failure = error if isinstance(error, LcliError) else _translate(error, run)
    run.close()  # where no more files may be open, what tells the error needs some
    run.tell(failure.problems)
    run.print_failure(failure.problems)
    return int(failure.exit_code)


def _print_misuse(error: BaseException | None, run: Run) -> None:
    """With -o json also what Typer refused, perhaps before it came to that option, and told."""
    message = getattr(error, "format_message", None)
    if message is None:
        return
    if _asks_for_json(sys.argv[1:]):
        run.options.output = "json"
    command = getattr(getattr(error, "ctx", None), "command_path", "lcli")
    told = Problem("usage", message(), next_step=f"`{command} --help` says what it takes")
    run.print_failure([told])


def _asks_for_json(words: list[str]) -> bool:
    pairs = [*pairwise(words)]
    return (
        ("-o", "json") in pairs
        or ("--output", "json") in pairs
        or not {"-ojson", "--output=json"}.isdisjoint(words)
    )


def _print_traceback(error: Exception, run: Run) -> None:
    from traceback import format_exception

    from lcli.ui.neutral import neutralise

    run.stderr.write(neutralise(run.mask.text("".join(format_exception(error)))))


def _translate(error: Exception, run: Run) -> LcliError:
    from lcli.aws.clients import AwsError

    if isinstance(error, AwsError):
        from lcli.aws.translate import explain
        from lcli.cli.names import known

        return LcliError(explain(error, functions=known(run)))
    if isinstance(error, OSError):
        return LcliError(system_problem(error))
    if isinstance(error, UnicodeEncodeError) and (odd := _not_utf8(sys.argv[1:])):
        return LcliError(odd, ExitCode.USAGE)
    return LcliError(
        Problem(
            "internal-error",
            f"lcli met something it does not expect: {type(error).__name__}: {error}",
            "",
            "this is a defect of lcli; run again with LCLI_DEBUG=1 and report the traceback",
        )
    )


def _not_utf8(arguments: list[str]) -> Problem | None:
    """An argument whose bytes are no text; Python has halves of surrogate pairs for them."""
    for one in arguments:
        try:
            one.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(one).decode(errors="backslashreplace")
            return Problem("usage", f"{shown} is not UTF-8", "", "write it in UTF-8")
    return None


def _flush(code: int, run: Run) -> int:
    """Write what is left; the exit code, which says it too where stdout had no room."""
    go_on(run.stdout)
    run.stdout.flush()
    error = lost(run.stdout)
    if error and not isinstance(error, BrokenPipeError):
        run.tell([_unwritten(error, changed=run.changes)])
        code = code or int(ExitCode.FAILED)
    run.stderr.flush()
    return code


def _unwritten(error: OSError, *, changed: bool) -> Problem:
    done = "what the command did is done, its output alone is lost"
    return Problem(
        "output-not-written",
        f"the output cannot be written: {error.strerror or error}",
        "standard output",
        f"make room where it goes{f'; {done}' if changed else ', then run the command again'}",
    )


if __name__ == "__main__":
    main()
