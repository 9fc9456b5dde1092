"""Why something was not done, as its reader is told."""

from __future__ import annotations

from lcli.aws import texts
from lcli.aws.clients import AwsError
from lcli.aws.translate import explain
from lcli.deploy.applying import Known
from lcli.deploy.plan import Plan
from lcli.errors import LcliError, Problem, system_problem
from lcli.resources.function_state import deleted_meanwhile
from lcli.resources.model import Key, Verb
from lcli.resources.naming import qualified


def problems_of(error: BaseException, where: str = "") -> tuple[Problem, ...]:
    """The problems; raises what is neither AWS's, the network's, the system's nor the user's."""
    if isinstance(error, AwsError):
        return (explain(error, where),)
    if isinstance(error, LcliError):
        return error.problems
    if isinstance(error, OSError):
        return (system_problem(error),)
    raise error


def problems_of_action(
    error: BaseException, where: str, plan: Plan, known: Known
) -> tuple[Problem, ...]:
    """The same of an action at a place of the manifest: it may have lost what it works with."""
    if isinstance(error, AwsError) and (gone := _deleted(error, where, plan, known)):
        return (gone,)
    return problems_of(error, where)


def _deleted(error: AwsError, where: str, plan: Plan, known: Known) -> Problem | None:
    """The function, role or HTTP API that was there, or that this run has made, and is no more."""
    there = {
        one.resource.key
        for one in plan.actions
        if one.verb is not Verb.DELETE and (one.actual or known.fresh(one.resource.key))
    }
    if missing := texts.NO_FUNCTION.found(error):
        name, qualifier = missing["name"], missing["qualifier"] or ""
        qualifier = "" if qualifier == "$LATEST" else qualifier
        kind = "version" if qualifier.isdigit() else "alias" if qualifier else "function"
        what = qualified(name, qualifier)
        if Key(kind, name if kind == "version" else what) in there:
            return deleted_meanwhile("function-gone", what, where)
    if (missing := texts.NO_ROLE.found(error)) and Key("role", missing["name"]) in there:
        return deleted_meanwhile("role-gone", f"role {missing['name']}", where)
    if missing := texts.NO_API.found(error):
        for key in there:
            if key.kind == "http_api" and known.output(key, "id") == missing["id"]:
                return deleted_meanwhile("api-gone", f"HTTP API {key.name}", where)
    return None
