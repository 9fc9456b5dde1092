"""FUNCTION on the command line: the manifest's key, the AWS name or an ARN."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from lcli.errors import ExitCode, LcliError, Problem

if TYPE_CHECKING:
    from lcli.cli.run import Run
    from lcli.manifest.document import Document
    from lcli.resources.model import Place

_ARN = re.compile(r"arn:[^:]+:lambda:([^:]+):(\d{12}):function:([^:]+)(?::(.+))?")


@dataclass(frozen=True, slots=True)
class Named:
    """A function that the user named."""

    key: str
    """The manifest's key; empty for a function that no manifest describes."""
    name: str
    """The AWS name."""
    qualifier: str = ""
    """The manifest's alias, or what the ARN says; empty means $LATEST."""
    region: str = ""
    """What the ARN says."""
    architecture: str = ""
    """The manifest's; empty for a function that no manifest describes."""
    account: str = ""
    """What the ARN says."""
    billed_besides: tuple[str, ...] = ()
    """What the manifest shows that it is billed for, besides requests and duration."""


def find(text: str, document: Document | None, place: Place | None = None) -> Named:
    """The function meant by a manifest key, an AWS name (``name:alias`` too) or an ARN.

    A key wins over a name; ``key:alias`` and ``key:7`` are meant too. With a manifest, a plain
    word that is neither one of its keys nor one of its AWS names still is a function's name: read
    commands work on every function.
    `place` gives the account and region that names may be made of; an ARN is that of one of the
    manifest's functions only there. Raises LcliError (USAGE) for an ARN of something else.
    """
    arn = _ARN.fullmatch(text)
    if arn:
        region, account, name, qualifier = arn.groups()
        named = Named("", name, qualifier or "", region, account=account)
        is_here = place is not None and (region, account) == (place.region, place.account)
        return _described(named, document, place) if is_here else named
    if text.startswith("arn:"):
        raise LcliError(
            Problem(
                "not-a-function",
                f"{text!r} is not the ARN of a function",
                next_step="it reads arn:aws:lambda:REGION:ACCOUNT:function:NAME",
            ),
            ExitCode.USAGE,
        )
    name, _, qualifier = text.partition(":")
    return _described(Named("", name, qualifier), document, place)


def _described(named: Named, document: Document | None, place: Place | None) -> Named:
    """With what the manifest says of it, if it is one of its functions."""
    for function in document.functions(place) if document else ():
        is_key = named.name == function.key and not named.region
        if is_key or named.name == function.name:
            # The key stands for what is live, an AWS name for $LATEST.
            qualifier = named.qualifier or (function.alias if is_key else "")
            # Another version may have another architecture than the manifest says.
            architecture = "" if named.qualifier else function.architecture
            found = replace(named, key=function.key, name=function.name)
            besides = function.billed_besides
            return replace(
                found, qualifier=qualifier, architecture=architecture, billed_besides=besides
            )
    return named


def whole(text: str, document: Document, place: Place | None = None) -> Named:
    """As `find`, for what changes a whole function.

    Raises LcliError (USAGE) for a version or an alias of it, and for one of another region or
    account than the `place`'s.
    """
    named = find(text, document, place)
    name = text.removesuffix(f":{named.qualifier}")
    if name != text:
        raise _not_here(f"{text!r} is a version or an alias, not the function", f"write {name}")
    if place and named.region and (named.region, named.account) != (place.region, place.account):
        raise _elsewhere(text, f"{place.region} of account {place.account}")
    return named


def _elsewhere(text: str, here: str) -> LcliError:
    next_step = "choose where it is with --region and --profile"
    return _not_here(f"{text!r} is not in {here}", next_step)


def _not_here(what: str, next_step: str) -> LcliError:
    return LcliError(Problem("not-the-function", what, next_step=next_step), ExitCode.USAGE)


def chosen(run: Run, text: str, place: Place | None = None) -> Named:
    """The function to work on.

    `place` is as for `find`. An ARN names its account itself, and it is asked for which one the
    credentials are. Raises LcliError (USAGE) for those of another, AwsError where AWS cannot be
    asked.
    """
    document = run.any_document
    named = find(text, document if place else None, place)
    if named.region:
        account = run.account(named.region)
        if account != named.account:
            raise _elsewhere(text, f"account {account}")
        return _of_arn(run, named)
    if document and not place:
        named = find(text, document, run.naming_place())
    return named


def _of_arn(run: Run, named: Named) -> Named:
    """With what the manifest says of it, if the manifest is deployed there."""
    from lcli.resources.model import Place

    document = run.any_document
    if document is None or not _here(run, named):
        return named
    app = document.identified[0]
    place = Place(app.app, app.stage, named.region, named.account)
    return _described(named, document, place)


def _here(run: Run, named: Named) -> tuple[str, ...]:
    """The region of the run in which an ARN's function is, as `Run.regions` has it, if any."""
    return tuple(one for one in run.regions if (one or run.session().region) == named.region)


def by_region(run: Run, texts: list[str], *, anywhere: bool = False) -> dict[str, list[str]]:
    """Where to work on what: an ARN says so itself, all else is in every region of the run.

    Raises LcliError (USAGE) for an ARN of a region that the run has not, unless it may be
    `anywhere`.
    """
    found: dict[str, list[str]] = {} if texts else {region: [] for region in run.regions}
    for text in texts:
        named = find(text, None)
        regions = _here(run, named) if named.region else run.regions
        if not regions and not anywhere:
            raise _elsewhere(text, ", ".join(one or run.session().region for one in run.regions))
        for region in regions or (named.region,):
            found.setdefault(region, []).append(text)
    return found


def known(run: Run) -> dict[str, str]:
    """The manifest's functions, AWS name → key, as far as there is a manifest to be read."""
    try:
        document = run.any_document
        return {one.name: one.key for one in document.functions()} if document else {}
    except LcliError:
        return {}


def nearest(run: Run, named: Named) -> str:
    """``did you mean orders?``, of a name that is nearly one of the manifest's; else nothing."""
    if named.key or named.region or named.name in (functions := known(run)):
        return ""
    near = difflib.get_close_matches(named.name, [*functions.values(), *functions], n=1)
    return f"did you mean {near[0]}?" if near else ""


def not_there(run: Run, named: Named, region: str) -> LcliError:
    """AWS has no such function in that region."""
    from lcli.aws.translate import no_function

    return LcliError(no_function(named.name, region, known(run)))


def keys(
    texts: Sequence[str], document: Document, place: Callable[[Named], Place]
) -> frozenset[str] | None:
    """The manifest's keys of the functions named; None when none is named, meaning all.

    `place` says where the manifest is deployed, and is asked only for what is not a key.
    Raises LcliError (USAGE) with the nearest key for one that the manifest does not have.
    """
    if not texts:
        return None
    found, problems = set(), []
    known = list(document.function_nodes())
    for text in texts:
        named = whole(text, document, place(find(text, None))) if text not in known else None
        if named is None or named.key:
            found.add(named.key if named else text)
            continue
        near = difflib.get_close_matches(named.name if named.region else text, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known) or 'none'}"
        problems.append(
            Problem(
                "unknown-function", f"the manifest has no function {text!r}", document.file, hint
            )
        )
    if problems:
        raise LcliError(problems, ExitCode.USAGE)
    return frozenset(found)


def complete(ctx: typer.Context, incomplete: str) -> list[str]:
    """The manifest's function keys, for shell completion; nothing where it cannot be read."""
    from lcli.cli.run import Run

    run = ctx.find_root().obj
    try:
        names = _keys_of(run) if isinstance(run, Run) else []
    except (LcliError, OSError, UnicodeError):
        return []
    return [name for name in names if name.startswith(incomplete)]


def _keys_of(run: Run) -> list[str]:
    from lcli.manifest.keys import plain_keys

    keys = plain_keys(run.manifest_path.read_text("utf-8")) if not run.options.stage else None
    if keys is None:
        keys = list(run.document.function_nodes())
    return keys


Functions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FUNCTION]...",
        help="Functions by key, AWS name or ARN; all of the manifest when left out.",
        autocompletion=complete,
        show_default=False,
    ),
]
OneFunction = Annotated[
    str,
    typer.Argument(
        metavar="FUNCTION", help="A function by key, AWS name or ARN.", autocompletion=complete
    ),
]
