"""What a command works with: options, streams, the manifest and AWS, each made on first use."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from lcli.cli.connections import Connections, OnDemand
from lcli.cli.options import Globals
from lcli.errors import ExitCode, LcliError, Problem
from lcli.ui.mask import Mask
from lcli.ui.output import go_on, lost

if TYPE_CHECKING:
    from lcli.aws.session import Session
    from lcli.manifest.document import Document, Identity
    from lcli.manifest.loading import Checked
    from lcli.resources.model import Place
    from lcli.ui.terminal import Terminal

LOCAL_ACCOUNT = "123456789012"
LOCAL_REGION = "us-east-1"


class Run:
    """One run of one command. Tests replace the streams and `environ`."""

    def __init__(
        self,
        options: Globals | None = None,
        *,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        stdin: TextIO | None = None,
        environ: dict[str, str] | None = None,
    ) -> None:
        self.options = options or Globals()
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr
        self.stdin = stdin or sys.stdin
        self.environ = dict(os.environ) if environ is None else environ
        self.mask = Mask()
        self.changes = False
        """Whether something is changed or sent (`go_on`)."""
        self.parallel = 16
        """Threads that call AWS at once, for which connections are kept; set before the first."""
        self._connections = Connections(self)
        self._answered = False

    @cached_property
    def terminal(self) -> Terminal:
        """The two output streams and what they can show."""
        from lcli.ui.terminal import Terminal

        options = self.options
        return Terminal(
            self.stdout,
            self.stderr,
            color=not (options.no_color or self.environ.get("NO_COLOR")),
            quiet=options.quiet,
            verbose=options.verbose,
            mask=self._masked,
        )

    def _masked(self, text: str) -> str:
        """As the mask is at that moment: it knows more once the manifest is loaded."""
        return self.mask.text(text)

    def tell_unread(self, problems: Iterable[Problem]) -> None:
        """On stderr, what stands in a document on stdout that nobody reads."""
        if self.unread:
            self.tell(problems)

    def tell(self, problems: Iterable[Problem]) -> None:
        """Problems on stderr, also with --quiet."""
        from lcli.ui.problems import print_problems

        print_problems(map(self.repeatable, problems), self.stderr, self.mask)

    def repeatable(self, problem: Problem) -> Problem:
        """The problem with a next step that means the same place when it is typed."""
        next_step = self.options.repeated(problem.next_step)
        return replace(problem, next_step=next_step)

    def go_on(self) -> None:
        """Said by a command that changes or sends something: it is ended, told on stderr and
        judged as ever where nobody reads stdout any more, or it has no room."""
        self.changes = True
        go_on(self.stdout)

    @property
    def unread(self) -> bool:
        """Whether what is written on stdout arrives nowhere."""
        return lost(self.stdout) is not None

    @property
    def json(self) -> bool:
        """Whether stdout is for a program."""
        return self.options.output == "json"

    def print_json(self, document: Any) -> None:
        """One JSON document on stdout; AWS's own words in it may repeat secrets."""
        self._answered = True
        self._write_json(document, indent=2)
        self.stdout.flush()

    def print_line(self, document: Any) -> None:
        """One line of NDJSON on stdout, at once."""
        self._write_json(document, indent=None)
        self.stdout.flush()

    def print_failure(self, problems: Iterable[Problem]) -> None:
        """With -o json, what ended the command as one line: a whole document where stdout has
        none yet, the last line after NDJSON. Nothing after a document."""
        if self.json and not self._answered:
            from lcli.ui.problems import as_json

            self.print_line({"problems": [as_json(self.repeatable(one)) for one in problems]})

    def _write_json(self, document: Any, indent: int | None) -> None:
        import json

        from lcli.ui.encoding import takes_anything
        from lcli.ui.neutral import neutralise_json
        from lcli.ui.values import shown

        document = shown(document, False, self.mask)
        ascii_only = not takes_anything(self.stdout)
        text = json.dumps(document, indent=indent, ensure_ascii=ascii_only, default=str)
        self.stdout.write(f"{neutralise_json(text)}\n")

    @property
    def manifest_path(self) -> Path:
        """Where the manifest is. Raises LcliError (USAGE) where there is none."""
        from lcli.manifest.location import find

        return find(Path.cwd(), file=self.options.file or "", environ=self.environ)

    @property
    def folder(self) -> Path | None:
        """The manifest's folder, if there is one; the manifest is not read for it."""
        try:
            return self.manifest_path.parent
        except LcliError:
            return None

    @cached_property
    def document(self) -> Document:
        """The manifest, merged for the stage.

        Raises LcliError (USAGE) where there is none; where it is broken, with all that is wrong.
        """
        path = self.manifest_path
        from lcli.manifest.document import read

        stage, broken = self.options.stage or "", list[Problem]()
        try:
            document = read(path, stage=stage, environ=self.environ, broken=broken)
        except LcliError as error:
            raise LcliError([*broken, *error.problems], error.exit_code) from error
        if broken:
            from lcli.manifest.loading import every_problem, in_order

            every = in_order([*broken, *every_problem(document)])
            raise LcliError(every, ExitCode.USAGE)
        return document

    @cached_property
    def any_document(self) -> Document | None:
        """The manifest if there is one; commands that read work without."""
        try:
            return self.document
        except LcliError as error:
            if self.options.file or error.problems[0].code != "no-manifest":
                raise
            return None

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """Where to work: --region, else the manifest's; ("",) leaves it to the SDK's chain."""
        if self.options.region:
            return (self.options.region,)
        document = self.any_document
        found = self.identity.regions if document else ()
        return found or ((LOCAL_REGION,) if self.options.local else ("",))

    def session(self, region: str = "") -> Session:
        """The calls to AWS, or to the local cloud, which is started if need be.

        Whoever gets them may use them: with a manifest that has `account:`, AWS was asked whose
        credentials these are before anything else. Raises LcliError (USAGE) for another account's,
        AwsError where AWS cannot be asked.
        """
        return self._connections.checked(region or self.regions[0])

    def region(self, region: str = "") -> str:
        """Where calls go; with "" by the SDK's chain, where nothing else says it. Asks nothing."""
        return self._connections.connected(region or self.regions[0]).region

    def reconnect(self) -> bool:
        """Connect anew at the next call, with the credentials that there are then.

        Whether another local cloud answers then: one that was started since. None is started.
        """
        return self._connections.reconnect()

    def place(self, region: str = "") -> Place:
        """Where the app is deployed; asks AWS for the account. Raises as `session` does."""
        from lcli.resources.model import Place

        session = self.session(region)
        app = self.identity
        if self.options.local:
            return Place(app.app, app.stage, session.region, self.local_account, local=True)
        caller = self._connections.caller(session)
        return Place(app.app, app.stage, session.region, caller.account, caller.partition)

    def account(self, region: str = "") -> str:
        """The account that is worked on. Raises as `session` does."""
        if self.options.local:
            return self.local_account
        return self._connections.caller(self.session(region)).account

    def close(self) -> None:
        """Close the connections to AWS that no call uses."""
        self._connections.close()

    def presumed_place(self, region: str = "") -> Place:
        """Where the manifest says it is deployed, without asking AWS: enough to check it."""
        from lcli.resources.model import Place

        app = self.identity
        region = region or self.regions[0] or self.environ.get("AWS_REGION") or LOCAL_REGION
        account = app.account or (LOCAL_ACCOUNT if self.options.local else "0" * 12)
        return Place(app.app, app.stage, region, account, local=self.options.local)

    def naming_place(self, region: str = "") -> Place:
        """Where the functions are that have names.

        AWS is asked for the account only where the manifest does not say it and names depend on it.
        Raises LcliError (USAGE) for names that cannot be told, AwsError.
        """
        place = self.presumed_place(region)
        if self.options.local or self.identity.account:
            return place
        other = replace(place, account="1" * 12)
        presumed, elsewhere = (self.document.functions(at) for at in (place, other))
        return place if presumed == elsewhere else self.place(region)

    @property
    def identity(self) -> Identity:
        """App, stage, regions and account.

        Raises LcliError (USAGE) with these problems and all others that show without asking AWS.
        """
        try:
            return self.document.identity
        except LcliError as error:
            from lcli.manifest.loading import every_problem

            raise LcliError(every_problem(self.document), ExitCode.USAGE) from error

    def check(
        self,
        place: Place,
        functions: frozenset[str] | None = None,
        only: frozenset[str] | None = None,
    ) -> Checked:
        """What is right and what is wrong with the manifest and the named functions of it.

        With `only` AWS is asked for nothing but those keys' references (`loading.check`).
        Its secrets are masked in every output from here on, beside those of other regions.
        """
        from lcli.manifest.loading import check

        clients = OnDemand(self, place.region)
        found = check(self.document, place, clients=clients, functions=functions, only=only)
        self.mask = self.mask.with_more(found.secrets)
        if found.app is not None:
            for notice in found.app.notices:
                self.terminal.note(self.mask.text(notice))
        return found

    @property
    def local_account(self) -> str:
        """The account of the local cloud: the manifest's, if it names one."""
        document = self.any_document
        return (self.identity.account if document else "") or LOCAL_ACCOUNT


def usage(code: str, what: str, next_step: str, where: str = "") -> LcliError:
    """A refusal of what the user typed; nothing was touched."""
    return LcliError(Problem(code, what, where, next_step), ExitCode.USAGE)
