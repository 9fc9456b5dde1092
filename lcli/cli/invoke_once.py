"""lcli invoke: one call, its response, and what was logged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from lcli.aws.clients import AwsError
from lcli.cli.invoke_asked import Asked
from lcli.cli.invoke_sent import once_sent
from lcli.errors import LcliError
from lcli.invoke.answer import Answer, Described, Pieces
from lcli.invoke.call import Mode, Response, invoke
from lcli.invoke.refusals import refused
from lcli.ui.response import (
    begin_line,
    closing_line,
    document,
    note_error,
    print_id,
    print_payload,
    writer,
)

if TYPE_CHECKING:
    from lcli.observe.events import Source


def once(asked: Asked, *, stream: bool, tail: bool, wait: bool) -> bool:
    """Call, show what came of it and what was logged; whether it failed."""
    key, source, described = asked.named.key or asked.named.name, None, None
    if tail or wait:
        from lcli.cli.invoke_log import described_for_wait, source_of

        # What can be refused is asked before anything is sent.
        source = source_of(asked)
        described = described_for_wait(asked) if wait else None
    began = time.time()
    try:
        response, stack_shown = _answered(asked, began, source if tail else None, stream=stream)
    except AwsError as error:
        raise refused(error, asked.target, asked.mode, key) from error
    except KeyboardInterrupt:
        _note_goes_on(
            asked, f"{asked.named.name} may have been called, and goes on if it runs", key
        )
        raise
    if wait and source:
        return _queued(
            asked, response, key, partial(_wait, asked, response, source, began, described)
        )
    if response.log and not (tail or asked.run.json or asked.run.terminal.quiet):
        from lcli.ui.answer_log import print_log

        print_log(asked.run.terminal, response, _logs(asked, key, response.request_id[:8]))
    _show(asked, response, stack=not stack_shown)
    return response.error is not None


def _queued(asked: Asked, response: Response, key: str, wait: Callable[[], Response]) -> bool:
    """Follow what was queued to its end by `wait`; whether it failed.

    With -o json the document is printed at the end, however that comes; until then the request id
    is on stderr.
    """
    run = asked.run
    try:
        if run.json:
            run.terminal.note(f"{asked.named.name}: queued, request {response.request_id}")
        else:
            _show(asked, response)
        response = wait()
    except (AwsError, LcliError) as error:
        raise once_sent(run, error, _shown_by(response, key)) from error
    except KeyboardInterrupt:
        _note_goes_on(asked, f"{asked.named.name} was queued, and goes on", key)
        raise
    finally:
        if run.json:
            run.print_json(document(response, asked.rate))
    return response.error is not None


def _note_goes_on(asked: Asked, what: str, key: str) -> None:
    asked.run.terminal.note(f"{what}; {_logs(asked, key)} shows it")


def _shown_by(response: Response, key: str) -> str:
    """How to see what comes of what was queued, and is not to be sent again."""
    if response.execution:
        return f"`lcli executions history {response.execution} --follow` shows what comes of it"
    return f"`lcli logs {key} --request {response.request_id}` shows what comes of it"


def _logs(asked: Asked, key: str, request: str = "") -> str:
    """The command that shows the log of one request, or follows it."""
    which = f"--request {request}" if request else "--follow"
    return asked.run.options.repeated(f"`lcli logs {key} {which}`")


def _answered(
    asked: Asked, began: float, tailed: Source | None, *, stream: bool
) -> tuple[Response, bool]:
    """The answer to the one request, and whether --tail has shown an error's stack.

    Raises AwsError.
    """
    if asked.mode is not Mode.SYNC:
        return _call(asked), False
    single = asked.run.session(asked.named.region)
    pieces = Pieces(writer(asked.run.stdout, raw=asked.raw)) if stream else None
    answer = Answer(partial(_call, asked, pieces), single, asked.target, pieces=pieces)
    stack_shown = False
    if tailed:
        from lcli.cli.invoke_log import print_log_of

        stack_shown = print_log_of(answer, asked, tailed, began)
    response = answer.result()
    if pieces:
        begin_line(asked.run.terminal, pieces.end)
    return response, stack_shown


def _wait(
    asked: Asked, response: Response, source: Source, began: float, described: Described | None
) -> Response:
    """Follow what was queued to its end, and put what that tells into the response."""
    if response.execution:
        return _wait_for_end(asked, response)
    from lcli.cli.invoke_log import wait_for_report

    return wait_for_report(asked, response, source, began, described)


def _call(asked: Asked, pieces: Pieces | None = None) -> Response:
    session = asked.run.session(asked.named.region)
    if pieces is None:
        return invoke(session, asked.target, asked.payload, mode=asked.mode)
    from lcli.invoke.stream import invoke_stream

    return invoke_stream(session, asked.target, asked.payload, pieces)


def _show(asked: Asked, response: Response, *, stack: bool = True) -> None:
    run, name = asked.run, asked.named.name
    if response.error:
        note_error(run.terminal, name, response.error, stack=stack)
    if run.json:
        run.print_json(document(response, asked.rate))
    else:
        if asked.mode is Mode.ASYNC:
            print_id(run.stdout, response.request_id)
        print_payload(run.stdout, response.payload, raw=asked.raw)
        if asked.raw or not run.stdout.isatty():
            begin_line(run.terminal, response.payload)
        named = bool(asked.execution)
        run.terminal.note(closing_line(name, asked.mode, response, asked.rate, named=named))
        if response.execution:
            run.terminal.note(f"execution {response.execution}")


def _wait_for_end(asked: Asked, response: Response) -> Response:
    """Follow an execution to its end, event by event on stderr."""
    from lcli.invoke.execution_history import error_at_end, follow
    from lcli.invoke.executions import ARN
    from lcli.ui.executions import event_line

    began, event = None, {}
    for event in follow(asked.run.session(asked.named.region), response.execution):
        began = began or event["EventTimestamp"]
        asked.run.terminal.comment(event_line(event, began))
    started = ARN.fullmatch(response.execution)
    return replace(response, version=started[3] if started else "", error=error_at_end(event))
