"""The sessions of a run, and whose credentials they have."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lcli.errors import LcliError

if TYPE_CHECKING:
    from lcli.aws.identity import Caller
    from lcli.aws.session import Session
    from lcli.cli.run import Run


class Connections:
    """A session for each region, to AWS or the local cloud, made on first use."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._sessions: dict[str, Session] = {}
        self._before: dict[str, Session] = {}
        """Of each region, the last session before `reconnect`."""
        self._checked: set[str] = set()
        """Regions whose session is known to have the manifest's account."""
        self._caller: Caller | None = None
        self._cloud = ""
        """The address of the local cloud."""

    def checked(self, region: str) -> Session:
        """As `Run.session`."""
        session = self.connected(region)
        if region not in self._checked:
            self._check_account(session)
            self._checked.add(region)
        return session

    def connected(self, region: str) -> Session:
        """A session of which it may not be known yet whose it is. Raises LcliError (USAGE)."""
        session = self._sessions.get(region)
        if session is None:
            session = self._sessions[region] = self._renewed(region)
        return session

    def _renewed(self, region: str) -> Session:
        """A new session; again the one before where none can be set up after `reconnect`.

        What renews credentials may write files anew, in which a profile is missing meanwhile, and
        a `credential_process` fails until they are: the session before says that they have expired.
        """
        before = self._before.get(region)
        try:
            session = self._connect(region)
            if before:
                session.sign_in()
        except LcliError:
            if before is None:
                raise
            return before
        return session

    def reconnect(self) -> bool:
        """As `Run.reconnect`."""
        if self._run.options.local:
            from lcli.local.daemon import found

            cloud = found(self._run.environ)
            if cloud is None or cloud.url == self._cloud:
                return False
        self._before.update(self._sessions)
        self._sessions.clear()
        self._checked.clear()
        self._caller = None
        return self._run.options.local

    def close(self) -> None:
        """Close the connections that no call uses."""
        for session in self._sessions.values():
            session.close()

    def _check_account(self, session: Session) -> None:
        """Refuse credentials of another account than the manifest's, whatever the command names.

        What a manifest that cannot be read would say is not known: what works without one goes on.
        """
        try:
            document = self._run.any_document
        except LcliError:
            return
        account = document.identified[0].account if document else ""
        if document and account and not self._run.options.local:
            from lcli.aws.identity import guard

            caller = self.caller(session)
            try:
                guard(caller, account, document.where(("account",)))
            except LcliError as error:
                raise LcliError(map(document.shown, error.problems), error.exit_code) from None

    def caller(self, session: Session) -> Caller:
        """Whose credentials these are, asked for once. Raises AwsError."""
        from lcli.aws.identity import identity

        if self._caller is None:
            self._caller = identity(session)
        return self._caller

    def _connect(self, region: str) -> Session:
        from lcli.aws.session import connect

        options = self._run.options
        if not options.local:
            return connect(
                region=region,
                profile=options.profile or "",
                endpoint_url=options.endpoint_url or "",
                environ=self._run.environ,
                parallel=self._run.parallel,
                notice=self._run.terminal.note,
            )
        from lcli.local.daemon import ensure_running

        running = ensure_running(self._run.environ, notice=self._run.terminal.note)
        self._cloud = running.url
        return connect(
            region=region,
            endpoint_url=running.url,
            local_account=self._run.local_account,
            environ=self._run.environ,
            parallel=self._run.parallel,
        )


class OnDemand:
    """Calls for references such as ${ssm:…}: AWS is first asked, and the account checked, when
    one is met. Implements `lcli.aws.clients.Clients`."""

    def __init__(self, run: Run, region: str) -> None:
        self._run = run
        self.region = region

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """As `Clients.call`."""
        return self._guarded.call(service, operation, **parameters)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[dict[str, Any]]:
        """As `Clients.pages`."""
        return self._guarded.pages(service, operation, **parameters)

    def events(
        self, service: str, operation: str, /, **parameters: Any
    ) -> Iterator[dict[str, Any]]:
        """As `Clients.events`."""
        return self._guarded.events(service, operation, **parameters)

    @cached_property
    def _guarded(self) -> Session:
        self._run.place(self.region)
        return self._run.session(self.region)
