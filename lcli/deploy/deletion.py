"""What a deletion takes: all that lcli owns of some functions, or of an app and stage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from lcli.aws.clients import Clients
from lcli.deploy.plan import plan
from lcli.deploy.prepared import Prepared
from lcli.deploy.read import read, searched
from lcli.deploy.scope import LOGS, Scope
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources import kinds as all_kinds
from lcli.resources.function_actual import hidden
from lcli.resources.model import Actual, Key, Place, Resource
from lcli.resources.naming import LOG_GROUPS, function_key


def prepare_deletion(
    place: Place,
    clients: Clients,
    *,
    functions: Mapping[str, str] | None = None,
    gone: Collection[str] = (),
    traces: Iterable[Resource] = (),
    logs: bool = False,
    parallel: int = 16,
) -> Prepared:
    """What lcli owns of the functions, as a plan that deletes it.

    `functions` are the manifest's keys with the AWS names; `gone` are keys or AWS names of
    functions that have left the manifest. Without either, the whole app and stage. `traces`
    (`lcli.triggers.traces`) are read too: of a function that somebody deleted by hand nothing else
    leads to them. `logs` takes the log groups along.
    Raises LcliError for the whole app where a function's tags are hidden, (USAGE) for a function
    that does not exist; AwsError.
    """
    whole = functions is None and not gone
    named = dict(functions or {})
    stubs = {
        function_key(name): Resource(function_key(name), {}, function=key)
        for key, name in named.items()
    }
    stubs |= {one.key: one for one in traces}
    known, released = all_kinds(), LOGS if logs else frozenset[str]()
    # What has left the manifest is found by looking at everything.
    reads_all = whole or bool(gone)
    actual = read(
        stubs,
        place,
        clients,
        known,
        functions=None if reads_all else frozenset(named),
        parallel=parallel,
        everywhere=searched(known, released),
    )
    if whole and (unclear := hidden(actual)):
        raise LcliError(unclear.values())
    keys = frozenset(named) | frozenset(_find(word, actual) for word in gone)
    named_only = None if whole else keys
    scope = Scope(frozenset(), named_only, prune=True, is_deletion=True, released=released)
    made = plan({}, actual, known, scope)
    made = replace(made, notices=(*made.notices, *_logs_of_others(actual, scope)))
    return Prepared(place, made, actual, known)


def _logs_of_others(actual: Mapping[Key, Actual], scope: Scope) -> Iterator[str]:
    """The log groups of functions that go which stay although they were to go along."""
    for key, one in sorted(actual.items()):
        if key.kind in scope.released and not one.ours and scope.covers(one.resource.function):
            yield log_left(key, one)


def log_left(key: Key, actual: Actual) -> str:
    """Says that a log group which was to go is somebody else's."""
    return f"log group {key.name} is left as it is: it belongs to {actual.owner}"


def _find(word: str, actual: Mapping[Key, Actual]) -> str:
    """The manifest's key that a function of ours had, or the function of a log group that is left.

    Raises LcliError (USAGE), and where the tags of a function of that name are hidden.
    """
    if unclear := hidden(actual).get(word):
        raise LcliError(unclear)
    ours = [a.resource for k, a in actual.items() if k.kind == "function" and a.ours]
    groups = [a.resource for k, a in actual.items() if k.kind == "log_group" and a.ours]
    for resource in (*ours, *groups):
        if word in (resource.key.name.removeprefix(LOG_GROUPS), resource.function):
            return resource.function
    known = ", ".join(sorted(one.function for one in ours)) or "none"
    problem = Problem(
        "unknown-function",
        f'lcli owns no function "{word}" here',
        next_step=f"there are: {known}",
    )
    raise LcliError(problem, ExitCode.USAGE)
