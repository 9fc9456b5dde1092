"""The event that invoke's --event names: the project's, a sample, or a shared one in AWS."""

from __future__ import annotations

from lcli.aws.clients import AwsError
from lcli.cli.names import Named
from lcli.cli.run import Run
from lcli.invoke.event import KINDS, is_known, own_events, read_event, unknown_event
from lcli.invoke.payload import as_json
from lcli.invoke.shared_events import PREFIX, shared_event, shared_events


def named_event(run: Run, named: Named, name: str) -> bytes:
    """``events/NAME.json``, else a sample, else the function's shared event of that name.

    ``shared:NAME`` means a shared one alone. AWS is asked only where nothing here has the name.
    Raises LcliError (USAGE), AwsError.
    """
    directory = run.folder
    if is_known(name, directory):
        return read_event(name, directory)
    clients = run.session(named.region)
    if name.startswith(PREFIX):
        return shared_event(clients, named.name, name.removeprefix(PREFIX))
    try:
        shared = shared_events(clients, named.name)
    except AwsError:
        # Who may not read the registry has mistyped a name, or has to say `shared:`.
        shared = {}
    if name in shared:
        return as_json(shared[name])
    raise unknown_event(name, {*own_events(directory), *KINDS, *shared})
