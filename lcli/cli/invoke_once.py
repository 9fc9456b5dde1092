"""lcli invoke: one call, its response, and what was logged."""

from __future__ import annotations

import time
from functools import partial

from lcli.aws.clients import AwsError
from lcli.cli.invoke_asked import Asked
from lcli.invoke.answer import Answer, Pieces
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


def once(asked: Asked, *, stream: bool, tail: bool, wait: bool) -> bool:
    """Call, show what came of it and what was logged; whether it failed."""
    key, began = asked.named.key or asked.named.name, time.time()
    try:
        response = _answered(asked, began, stream=stream, tail=tail)
    except AwsError as error:
        raise refused(error, asked.target, asked.mode, key) from error
    except KeyboardInterrupt:
        _note_goes_on(
            asked, f"{asked.named.name} may have been called, and goes on if it runs", key
        )
        raise
    _show(asked, response)
    if not wait:
        return response.error is not None
    try:
        return _wait(asked, response, began)
    except KeyboardInterrupt:
        _note_goes_on(asked, f"{asked.named.name} was queued, and goes on", key)
        raise


def _note_goes_on(asked: Asked, what: str, key: str) -> None:
    run = asked.run
    logs = run.options.repeated(f"`lcli logs {key} --follow`", run.environ)
    run.terminal.note(f"{what}; {logs} shows it")


def _answered(asked: Asked, began: float, *, stream: bool, tail: bool) -> Response:
    """The answer to the one request. Raises AwsError."""
    if asked.mode is not Mode.SYNC:
        return _call(asked)
    single = asked.run.session(asked.named.region)
    pieces = Pieces(writer(asked.run.stdout, raw=asked.raw)) if stream else None
    answer = Answer(partial(_call, asked, pieces), single, asked.target, pieces=pieces)
    if tail:
        from lcli.cli.invoke_log import print_log_of

        print_log_of(answer, asked, began)
    response = answer.result()
    if pieces:
        begin_line(asked.run.terminal, pieces.end)
    return response


def _wait(asked: Asked, response: Response, began: float) -> bool:
    """Follow what was queued to its end; whether it failed."""
    if response.execution:
        return _wait_for_end(asked, response.execution)
    from lcli.cli.invoke_log import wait_for_report

    return wait_for_report(asked, response.request_id, began)


def _call(asked: Asked, pieces: Pieces | None = None) -> Response:
    session = asked.run.session(asked.named.region)
    if pieces is None:
        return invoke(session, asked.target, asked.payload, mode=asked.mode)
    from lcli.invoke.stream import invoke_stream

    return invoke_stream(session, asked.target, asked.payload, pieces)


def _show(asked: Asked, response: Response) -> None:
    run, name = asked.run, asked.named.name
    if response.error:
        note_error(run.terminal, name, response.error)
    if run.json:
        run.print_json(document(response, asked.rate))
    else:
        if asked.mode is Mode.ASYNC:
            print_id(run.stdout, response.request_id)
        print_payload(run.stdout, response.payload, raw=asked.raw)
        if asked.raw or not run.stdout.isatty():
            begin_line(run.terminal, response.payload)
        run.terminal.note(closing_line(name, asked.mode, response, asked.rate))
        if response.execution:
            run.terminal.note(f"execution {response.execution}")


def _wait_for_end(asked: Asked, arn: str) -> bool:
    """Follow an execution to its end, event by event on stderr; whether it did not succeed."""
    from lcli.invoke.execution_history import SUCCEEDED, follow
    from lcli.ui.executions import event_line

    began, kind = None, ""
    for event in follow(asked.run.session(asked.named.region), arn):
        began, kind = began or event["EventTimestamp"], event["EventType"]
        asked.run.terminal.comment(event_line(event, began))
    return kind != SUCCEEDED
