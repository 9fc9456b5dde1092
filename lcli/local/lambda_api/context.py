"""What every operation gets: the state of its account and region, the clock and the seams."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lcli.local.execution import Invocation, Invoker
from lcli.local.lambda_api.codestore import CodeStore
from lcli.local.lambda_api.names import Target, function_of, target
from lcli.local.lambda_api.state import LATEST, Change, Function, Region, Version
from lcli.local.settings import delays_of_aws
from lcli.local.wire import Request

if TYPE_CHECKING:
    from lcli.local.lambda_api.durable.running import Runner


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds that Lambda takes over what it does by itself after the answer."""

    create: float = 0.02
    update: float = 0.02
    vpc: float = 0.05
    """More, for functions in a VPC."""
    image: float = 0.05
    """More, for container images."""
    snapstart: float = 0.05
    """More, for publishing a version with SnapStart."""
    mapping: float = 0.02
    provisioned: float = 0.02

    @classmethod
    def chosen(cls, environ: Mapping[str, str]) -> Delays:
        """Short ones; with ``LCLI_LOCAL_DELAYS=aws`` about what AWS takes, to try out waits."""
        if not delays_of_aws(environ):
            return cls()
        return cls(
            create=2.0,
            update=1.5,
            vpc=20.0,
            image=5.0,
            snapstart=90.0,
            mapping=10.0,
            provisioned=60.0,
        )


class ObjectMissing(Exception):
    """S3 refused an object, with its error `code` (NoSuchBucket, NoSuchKey …) and `message`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


FetchObject = Callable[[str, str, str, str | None], bytes | Awaitable[bytes]]
"""(account, bucket, key, version) -> the object's bytes; raises ObjectMissing."""
UrlFor = Callable[[str, str, str, str | None, str], str]
"""(account, region, function, alias, URL id) -> the address that answers for a function URL."""
RoleExists = Callable[[str], bool]
"""Whether Lambda can assume a role, by its ARN."""
Enqueue = Callable[[Invocation], Awaitable[None] | None]
"""Takes an asynchronous invocation."""


@dataclass(frozen=True, slots=True)
class Seams:
    """What the control plane asks of the rest of the local cloud."""

    fetch_object: FetchObject | None = None
    role_exists: RoleExists | None = None
    url_for: UrlFor | None = None
    enqueue: Enqueue | None = None
    foreign_layers: bool = True
    """Accept layers of other accounts, which are not here; their content is missing then."""


@dataclass(slots=True)
class Shared:
    """What all requests have in common."""

    store: CodeStore
    invoker: Invoker | None
    clock: Callable[[], float]
    delays: Delays
    seams: Seams
    changed: Callable[..., None]
    """Tells the listeners that mappings, URLs, aliases or concurrency moved; once more after the
    given seconds, where a change settles by itself."""
    runner: Runner = field(init=False)


Parameters = dict[str, Any]
Operation = Callable[["Call", Parameters], Any]
"""Answers with the output's members by name; may be a coroutine function."""


def new_revision() -> str:
    """A new RevisionId."""
    return str(uuid4())


@dataclass(slots=True)
class Call:
    """One request to one account and region."""

    shared: Shared
    region: Region
    request: Request
    now: float
    request_id: str = field(default_factory=new_revision)
    """Of the answer, and of the invocation if it is one."""

    def function(self, parameters: Parameters) -> tuple[Function, Target]:
        """The function that a request names, settled, and how it was named; ApiError 404."""
        wanted = target(self.region, parameters)
        function = function_of(self.region, wanted)
        settle(function.latest, self.now)
        return function, wanted

    def version(self, function: Function, qualifier: str | None) -> Version | None:
        """The version behind a qualifier (an alias's main version), settled; None if none."""
        found = version_of(function, qualifier)
        if found is not None:
            settle(found, self.now)
        return found

    def stamp(self) -> str:
        """Now, as Lambda writes it: ``2026-11-23T19:00:00.000+0000``."""
        return stamp(self.now)

    def base_url(self) -> str:
        """The address under which the caller reached this endpoint."""
        return f"http://{self.request.headers.get('host', '127.0.0.1')}"


def version_of(function: Function, qualifier: str | None) -> Version | None:
    """The version behind a qualifier, as it stands."""
    if not qualifier or qualifier == LATEST:
        return function.latest
    alias = function.aliases.get(qualifier)
    if alias is not None:
        qualifier = alias.version
        if qualifier == LATEST:
            return function.latest
    return function.versions.get(qualifier)


def settle(version: Version, now: float) -> None:
    """Carry out a change that is due; the revision moves once more, as AWS's does."""
    if version.change is not None and now >= version.change.due:
        version.change = None
        version.revision = new_revision()


def begin(version: Version, call: Call, kind: Any, *, extra: float = 0.0) -> None:
    """Start a change of a version: new revision and date, settled later by the clock."""
    delays = call.shared.delays
    wait = delays.create if kind == "create" else delays.update
    if version.settings.get("VpcConfig", {}).get("SubnetIds"):
        wait += delays.vpc
    if version.code.image:
        wait += delays.image
    version.change = Change(kind, call.now + wait + extra)
    version.revision = version.build = new_revision()
    version.modified = call.stamp()


def stamp(now: float) -> str:
    """A point of time in Lambda's ISO form with milliseconds."""
    moment = datetime.fromtimestamp(now, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


async def resolved(value: Any) -> Any:
    """A seam's answer, awaited if it is to be awaited."""
    return await value if inspect.isawaitable(value) else value
