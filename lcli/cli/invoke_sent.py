"""What is said of a failure once something was sent: the same command would send it again."""

from __future__ import annotations

from dataclasses import replace

from lcli.aws.clients import AwsError
from lcli.aws.translate import explain
from lcli.cli.names import known
from lcli.cli.run import Run
from lcli.errors import ExitCode, LcliError


def once_sent(run: Run, error: AwsError | LcliError, next_step: str) -> LcliError:
    """The failure with a next step that sends nothing twice."""
    if isinstance(error, LcliError):
        problems, code = error.problems, error.exit_code
    else:
        problems, code = (explain(error, functions=known(run)),), ExitCode.FAILED
    return LcliError([replace(one, next_step=next_step) for one in problems], code)
