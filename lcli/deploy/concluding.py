"""What comes when all actions of a deploy have ended: a last look, the tags, old versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lcli.aws.clients import AwsError, Clients
from lcli.aws.threads import Threads
from lcli.aws.translate import explain
from lcli.deploy.digest import Marks
from lcli.deploy.prepared import Prepared
from lcli.deploy.report import Report
from lcli.deploy.settling import settle
from lcli.errors import ExitCode, Problem, system_problem
from lcli.resources.function_actual import Payload
from lcli.resources.version import prune_versions


def conclude(
    prepared: Prepared, report: Report, clients: Clients, marks: Marks, parallel: int
) -> Report:
    """The report of the whole run, from that of its actions; what goes wrong is in it."""
    done = () if report.interrupted else marks.done
    try:
        seen = settle(prepared, report, clients, done, parallel=parallel)
        crowded = _crowded(report)
        report = replace(
            report.with_outputs(seen.outputs),
            notices=(*report.notices, *seen.notices),
            problems=seen.problems,
            ended=seen.ended,
            interrupted=report.interrupted or seen.interrupted,
        )
        unmarked = marks.close(lost=seen.lost, interrupted=report.interrupted)
        report = replace(report, problems=(*report.problems, *unmarked))
        if report.exit_code is ExitCode.DONE:
            return replace(report, problems=_prune_versions(crowded, clients, parallel))
    except KeyboardInterrupt:  # all that was asked for is done
        return replace(report, interrupted=True)
    except OSError as error:
        return replace(report, problems=(*report.problems, system_problem(error)))
    return report


def _crowded(report: Report) -> dict[str, int]:
    """How many versions are kept of each function, by its AWS name, that still has too many."""
    return {
        outcome.action.resource.key.name: payload.keep_versions
        for outcome in report.outcomes
        if outcome.outputs.get("crowded")
        and isinstance(payload := outcome.action.resource.payload, Payload)
    }


def _prune_versions(
    crowded: Mapping[str, int], clients: Clients, parallel: int
) -> tuple[Problem, ...]:
    """Old versions that were in use until now; that one stays is no reason to fail the others.

    Nor to leave the regions that follow: the problem has a code of its own.
    """

    def prune(name: str) -> Problem | None:
        try:
            prune_versions(clients, name, crowded[name])
        except AwsError as error:
            return replace(explain(error), code="old-versions-stay")
        return None

    with Threads(parallel, "prune") as pool:
        return tuple(filter(None, pool.map(prune, crowded)))
