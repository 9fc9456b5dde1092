"""The code that a plan sends, and whether the account has room for it."""

from __future__ import annotations

from collections.abc import Iterator

from lcli.aws.stories import MORE_STORAGE
from lcli.deploy.account import Account
from lcli.deploy.plan import Plan
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.code import Code
from lcli.resources.function_actual import Payload
from lcli.resources.function_fields import CODE_FIELDS
from lcli.resources.model import Action, Key, Verb


def sent(plan: Plan) -> list[Code]:
    """The codes that a plan sends."""
    return [code for action in plan.changes if (code := _sent_code(action))]


def _sent_code(action: Action) -> Code | None:
    """The code that an action sends."""
    payload = action.resource.payload
    code = payload.code if isinstance(payload, Payload) else payload
    fields = {change.path for change in action.changes}
    sends = action.verb is not Verb.UPDATE or fields & CODE_FIELDS
    is_sent = action.resource.key.kind in ("function", "layer") and sends
    return code if isinstance(code, Code) and is_sent else None


def code_storage(plan: Plan, account: Account) -> str:
    """A warning of code for which the account may have no room; asked only where some is sent.

    Every zip is counted once. Raises LcliError (USAGE) where nothing that the plan deletes or
    prunes meanwhile can make the room; AwsError.
    """
    sizes = dict(_growth(plan))
    if not sizes or (settings := account.settings) is None:
        return ""
    used = int(settings["AccountUsage"]["TotalCodeSize"])
    limit = int(settings["AccountLimit"]["TotalCodeSize"])
    left = max(0, limit - used)
    if (total := sum(sizes.values())) <= left:
        return ""
    problem = Problem(
        "code-storage",
        f"this deploy sends {total:,} B of code, and {left:,} B of the account's code storage in "
        f"{account.region} are left: {used:,} B of {limit:,} B are used",
        next(plan.actions[index].resource.where for index in sizes),
        MORE_STORAGE,
    )
    new = sum(size for i, size in sizes.items() if plan.actions[i].verb is Verb.CREATE)
    # A function that gets a new version loses an old one before the next function's turn.
    others = (size for i, size in sizes.items() if plan.actions[i].verb is not Verb.CREATE)
    if new + max(others, default=0) > left and not any(map(_frees, plan.changes)):
        raise LcliError(problem, ExitCode.USAGE)
    return f"WARNING: {problem.what}; {problem.next_step}"


def _growth(plan: Plan) -> Iterator[tuple[int, int]]:
    """By the actions' positions, the bytes of zips that come to those that the account holds."""
    keys = {action.resource.key for action in plan.actions}
    for index, action in enumerate(plan.actions):
        code = _sent_code(action) if action.verb is not Verb.NONE else None
        key = action.resource.key
        stays = action.verb is Verb.CREATE or key.kind == "layer"
        # Without a version of it the new code takes the old one's place.
        stays = stays or (action.verb is Verb.UPDATE and Key("version", key.name) in keys)
        if code and code.artifact and stays:
            yield index, code.artifact.size


def _frees(action: Action) -> bool:
    """Whether it takes code away, all versions of it."""
    kind, verb = action.resource.key.kind, action.verb
    return kind in ("function", "unused_layer") and verb in (Verb.DELETE, Verb.REPLACE)
