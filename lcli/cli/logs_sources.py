"""Which log groups, and which of their streams, the functions on the command line stand for."""

from __future__ import annotations

from dataclasses import dataclass

from lcli.cli import names
from lcli.cli.names import Named
from lcli.cli.run import Run, usage
from lcli.errors import ExitCode, LcliError, Problem
from lcli.invoke.price import Rate
from lcli.observe.events import Source


@dataclass(frozen=True, slots=True)
class Chosen:
    """One function whose log is read."""

    named: Named
    source: Source
    alias: str = ""
    """Where only the versions behind this alias are read; it may move."""


def choose(run: Run, texts: list[str], versions: list[str], alias: str) -> list[Chosen]:
    """The functions named, all of the manifest where none is, each with its log group.

    A qualifier in what was typed (``f:7``, an ARN's) is a version or an alias, as `versions` and
    `alias` are for all of them. An alias is resolved by GetAlias. Raises LcliError (USAGE).
    """
    document = run.any_document
    known = {function.name: function for function in document.functions()} if document else {}
    if not texts and not known:
        raise usage("no-function", "no function is named", "name one, or run where lcli.yaml is")
    found: dict[tuple[str, str], Chosen] = {}
    for text, named in [(text, names.chosen(run, text)) for text in texts or known]:
        own = known.get(named.name)
        group = own.log_group if own else f"/aws/lambda/{named.name}"
        only, through = set(versions), alias
        typed = named.qualifier and (":" in text)
        if typed and not (versions or alias):
            number = named.qualifier.isdigit() or named.qualifier == "$LATEST"
            only, through = ({named.qualifier}, "") if number else (set(), named.qualifier)
        shown = f"{named.name}@{named.region}" if named.region else own.key if own else named.name
        hint = names.nearest(run, named)
        chosen = Chosen(named, Source(shown, group, named.name, only, named.region, hint), through)
        if through:
            behind(run, chosen)
        if (named.region, named.name) in found:
            _join(found[named.region, named.name].source.versions, only)
        found.setdefault((named.region, named.name), chosen)
    return list(found.values())


def _join(versions: set[str], others: set[str]) -> None:
    """One function named twice: what either means. No version means all of them."""
    if versions and others:
        versions |= others
    else:
        versions.clear()


def behind(run: Run, chosen: Chosen) -> str:
    """Add the versions that the function's alias points at now to those that are read.

    Gives a sentence about them where some are new. Raises LcliError for an alias that is not there.
    """
    from lcli.aws.clients import AwsError
    from lcli.resources.alias_traffic import shares_of

    named = chosen.named
    try:
        answer = run.session(named.region).call(
            "lambda", "GetAlias", FunctionName=named.name, Name=chosen.alias
        )
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        problem = Problem(
            "no-alias",
            f"{named.name} has no alias {chosen.alias!r}",
            "",
            f"lcli versions {named.name} lists what it has",
        )
        raise LcliError(problem, ExitCode.FAILED) from error
    shares = shares_of(answer)
    versions = chosen.source.versions
    new = set(shares) - versions
    versions |= new
    if not new:
        return ""
    told = " and ".join(
        f"version {version}" + (f" ({share:.0%})" if len(shares) > 1 else "")
        for version, share in shares.items()
    )
    return f"{named.name}: alias {chosen.alias} is {told}"


def rates(run: Run, chosen: list[Chosen]) -> dict[str, Rate]:
    """What the calls of each function cost, by the name that is shown."""
    return {
        one.source.function: Rate(
            run.session(one.named.region).region, one.named.architecture, local=run.options.local
        )
        for one in chosen
    }
