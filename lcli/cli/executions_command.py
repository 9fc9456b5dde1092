"""lcli executions: the durable executions of functions."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lcli.cli import executions_options as options
from lcli.cli.names import OneFunction, chosen
from lcli.cli.run import Run, usage

if TYPE_CHECKING:
    from lcli.aws.session import Session

app = typer.Typer(
    help="""List, read, stop, resume and answer durable executions.

    EXECUTION is the ARN of an execution or FUNCTION/NAME, with the name that `lcli invoke
    --execution-name` gave it; where nothing is changed FUNCTION alone is its newest execution.
    """,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.command("list")
def list_executions(
    ctx: typer.Context,
    function: OneFunction,
    status: options.Status = None,
    since: options.Since = None,
    until: options.Until = None,
    qualifier: options.Qualifier = None,
    name: options.Name = "",
    limit: options.Limit = None,
) -> None:
    """List a function's executions, the newest first.

    Those of all versions, unless --qualifier, FUNCTION:QUALIFIER or an ARN names one.
    """
    from itertools import islice

    from lcli.invoke.executions import executions
    from lcli.ui.executions import as_json, table_of

    run: Run = ctx.obj
    named = chosen(run, function)
    found = executions(
        run.session(named.region),
        named.name,
        qualifier=qualifier or (named.qualifier if ":" in function else ""),
        name=name,
        statuses=options.checked(status or []),
        since=options.moment_of(since),
        until=options.moment_of(until),
    )
    rows = list(islice(found, limit))
    if run.json:
        run.print_json({"function": named.name, "executions": as_json(rows)})
        return
    if rows:
        run.terminal.show(table_of(rows))
    else:
        narrowed = status or since or until or qualifier or name or ":" in function
        such = "such executions" if narrowed else "durable executions"
        run.terminal.note(f"{named.name} has no {such}")


@app.command()
def get(ctx: typer.Context, execution: options.Execution, data: options.Data = True) -> None:
    """Show an execution: status, input, result, and what it waits for."""
    from lcli.invoke.execution_history import history, pending
    from lcli.invoke.executions import OPEN, read
    from lcli.ui.executions import as_json, details_of

    run: Run = ctx.obj
    clients, arn = _read_only(run, execution)
    found = read(clients, arn, data=data)
    waits = []
    if found["Status"] in OPEN:
        waits = pending(list(history(clients, arn, data=False)))
    if run.json:
        run.print_json(as_json(found | {"Pending": [each.as_json() for each in waits]}))
    else:
        run.terminal.show(details_of(found, waits))


@app.command()
def history(
    ctx: typer.Context,
    execution: options.Execution,
    follow: options.Follow = False,
    data: options.Data = True,
) -> None:
    """Show what happened in an execution, the oldest event first.

    With -o json one event a line.
    """
    from lcli.invoke.execution_history import follow as follow_history
    from lcli.invoke.execution_history import history as read_history
    from lcli.ui.executions import as_json, event_line

    run: Run = ctx.obj
    clients, arn = _read_only(run, execution)
    began = None
    read = follow_history if follow else read_history
    for event in read(clients, arn, data=data):
        began = began or event["EventTimestamp"]
        if run.json:
            run.print_line(as_json(event))
        else:
            run.terminal.show(event_line(event, began))


@app.command()
def stop(
    ctx: typer.Context,
    execution: options.Execution,
    message: options.Message = "",
    kind: options.ErrorType = "",
    data: options.ErrorData = "",
    stack: options.Stack = None,
) -> None:
    """End an execution for good; what it waits for is given up."""
    from lcli.invoke.executions import stop as stop_execution

    run: Run = ctx.obj
    run.go_on()
    clients, arn = _one(run, execution)
    answer = stop_execution(clients, arn, options.error_object(message, kind, data, stack))
    _said(run, arn, "stopped", at=answer["StopTimestamp"])


@app.command()
def pause(
    ctx: typer.Context,
    execution: options.Execution,
    reason: options.Reason = "",
    timeout: options.PauseTimeout = True,
) -> None:
    """Invoke nothing more for an execution until it is resumed.

    Its waits and callbacks go on.
    """
    from lcli.invoke.executions import pause as pause_execution

    run: Run = ctx.obj
    run.go_on()
    clients, arn = _one(run, execution)
    pause_execution(clients, arn, reason, timeout=timeout)
    _said(run, arn, "paused")


@app.command()
def resume(ctx: typer.Context, execution: options.Execution, reason: options.Reason = "") -> None:
    """Let a paused execution go on."""
    from lcli.invoke.executions import resume as resume_execution

    run: Run = ctx.obj
    run.go_on()
    clients, arn = _one(run, execution)
    resume_execution(clients, arn, reason)
    _said(run, arn, "resumed")


@app.command()
def delete(ctx: typer.Context, execution: options.Execution) -> None:
    """Delete an execution that has ended, with its history."""
    from lcli.invoke.executions import delete as delete_execution

    run: Run = ctx.obj
    run.go_on()
    clients, arn = _one(run, execution)
    delete_execution(clients, arn)
    _said(run, arn, "deleted")


class Answer(StrEnum):
    """What can be said to a callback."""

    SUCCEED = "succeed"
    FAIL = "fail"
    HEARTBEAT = "heartbeat"


@app.command()
def callback(
    ctx: typer.Context,
    answer: Annotated[
        Answer, typer.Argument(metavar="succeed|fail|heartbeat", help="What to say.")
    ],
    callback_id: options.CallbackId,
    payload: options.Result = None,
    message: options.Message = "",
    kind: options.ErrorType = "",
    data: options.ErrorData = "",
    stack: options.Stack = None,
) -> None:
    """Answer a callback: a result, an error, or still at work.

    `lcli executions get` shows the ids of open callbacks. It is looked for in every region of the
    manifest. `succeed` takes --payload, `fail` takes --message, --type, --data and --stack.
    """
    from lcli.invoke.executions import fail, heartbeat, succeed
    from lcli.invoke.payload import read_payload

    run: Run = ctx.obj
    run.go_on()
    if payload is not None and answer is not Answer.SUCCEED:
        raise usage("usage", "--payload is for `callback succeed`", "leave it out")
    error = options.error_object(message, kind, data, stack)
    if error and answer is not Answer.FAIL:
        raise usage("usage", "an error is for `callback fail`", "leave it out")
    regions = map(run.session, run.regions)
    if answer is Answer.SUCCEED:
        use = "a callback's result"
        result = read_payload(payload, sys.stdin.buffer, asynchronous=True, raw=True, use=use)
        succeed(regions, callback_id, result)
    elif answer is Answer.FAIL:
        fail(regions, callback_id, error)
    else:
        heartbeat(regions, callback_id)
    if run.json:
        run.print_json({"callback": callback_id, "answer": answer.value})
    else:
        run.terminal.note(f"the callback has been told: {answer.value}")


def _read_only(run: Run, execution: str) -> tuple[Session, str]:
    return _one(run, execution, newest=True)


def _one(run: Run, text: str, *, newest: bool = False) -> tuple[Session, str]:
    """Where an execution is, and its ARN; `newest` allows a function's name alone."""
    from lcli.invoke.executions import ARN
    from lcli.invoke.executions import newest as newest_of

    arn = ARN.fullmatch(text)
    if arn:
        return run.session(arn[1]), text
    function, slash, name = text.rpartition("/")
    if not slash and not newest:
        raise usage(
            "usage",
            f"{text!r} names no execution",
            f"write {text}/NAME or the execution's ARN; `lcli executions list {text}` shows them",
        )
    named = chosen(run, function if slash else text)
    clients = run.session(named.region)
    return clients, newest_of(
        clients, named.name, name if slash else "", called=named.key or named.name
    )


def _said(run: Run, arn: str, done: str, **more: Any) -> None:
    if run.json:
        from lcli.ui.executions import as_json

        run.print_json({"execution": arn, "done": done} | as_json(more))
    else:
        run.terminal.note(f"{done} {arn}")
