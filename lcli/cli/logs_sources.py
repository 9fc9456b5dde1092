"""Which log groups, and which of their streams, the functions on the command line stand for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lcli.cli import names
from lcli.cli.names import Named
from lcli.cli.run import Run, usage
from lcli.errors import ExitCode, LcliError, Problem
from lcli.invoke.price import Rate
from lcli.observe.events import LogGroup, Source
from lcli.resources.naming import default_log_group

RETRIES = 5.0
"""Seconds for which a call of a follow is tried again before the follow says what is wrong."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One function whose log is read."""

    named: Named
    source: Source
    alias: str = ""
    """Where only the versions behind this alias are read; it may move."""


def choose(
    run: Run, texts: list[str], versions: list[str], alias: str, *, patiently: bool = False
) -> list[Chosen]:
    """The functions named, all of the manifest where none is, each with its log group.

    In every region of the manifest, or the one that --region or an ARN says. A qualifier in what
    was typed (``f:7``, an ARN's) is a version or an alias, as `versions` and `alias` are for all
    of them. An alias is resolved by GetAlias. With `patiently` outages are told and waited out, but
    for what was never there. Raises LcliError (USAGE), AwsError.
    """
    if not patiently:
        return _choose(run, texts, versions, alias)
    from threading import Event

    from lcli.aws.retry import patience
    from lcli.observe.outages import Outages

    def work() -> list[Chosen]:
        with patience(RETRIES, run.terminal.debug):
            return _choose(run, texts, versions, alias)

    outages = Outages(run.terminal.note, run.reconnect)
    try:
        return outages.attempt(LogGroup("", "looking for the log groups"), work, Event().wait)
    except KeyboardInterrupt:
        run.terminal.note("0 events")
        raise


def _choose(run: Run, texts: list[str], versions: list[str], alias: str) -> list[Chosen]:
    found: dict[tuple[str, str], Chosen] = {}
    for where, of_region in names.by_region(run, texts, anywhere=True).items():
        for text, named, group in _meant(run, of_region, where):
            only, through = _qualified(text, named, versions, alias)
            name = named.key or named.name
            shown = f"{name}@{where}" if named.region or len(run.regions) > 1 else name
            read = group or group_of(run, named, where, sure=True)
            hint = names.nearest(run, named)
            source = Source(shown, read, named.name, only, where, hint)
            chosen = Chosen(named, source, through)
            if through:
                behind(run, chosen)
            if (where, named.name) in found:
                _join(found[where, named.name].source.versions, only)
            found.setdefault((where, named.name), chosen)
    if not found:
        raise usage("no-function", "no function is named", "name one, or run where lcli.yaml is")
    return list(found.values())


def _meant(run: Run, texts: list[str], region: str) -> Iterator[tuple[str, Named, str]]:
    """What was typed, the function that it means in a region, and the manifest's log group for it:
    empty for a function that no manifest describes."""
    document = run.any_document
    place = run.naming_place(region) if document else None
    functions = document.functions(place) if document else ()
    for one in functions if not texts else ():
        yield one.key, Named(one.key, one.name, one.alias, "", one.architecture), one.log_group
    groups = {one.name: one.log_group for one in functions}
    for text in texts:
        named = names.chosen(run, text, place)
        yield text, named, groups.get(named.name, "")


def group_of(run: Run, named: Named, region: str, *, sure: bool = False) -> str:
    """The log group of a function that no manifest describes: what AWS says, else the usual one.

    Asks with GetFunction, which has by far the largest quota. Raises AwsError where there is no
    answer, and to be `sure` where AWS may say more later: what is refused for good may let the
    logs be read all the same.
    """
    from lcli.aws.clients import AwsError
    from lcli.observe.outages import expired, passing

    asked = {"FunctionName": named.name, "Qualifier": named.qualifier or "$LATEST"}
    try:
        found = run.session(region).call("lambda", "GetFunction", **asked)["Configuration"]
    except AwsError as error:
        if error.code == "Unreachable" or (sure and (expired(error) or passing(error))):
            raise
        found = {}
    return found.get("LoggingConfig", {}).get("LogGroup") or default_log_group(named.name)


def _qualified(text: str, named: Named, versions: list[str], alias: str) -> tuple[set[str], str]:
    """Which versions alone, and those behind which alias."""
    if versions or alias or not (named.qualifier and ":" in text):
        return set(versions), alias
    number = named.qualifier.isdigit() or named.qualifier == "$LATEST"
    return ({named.qualifier}, "") if number else (set(), named.qualifier)


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
        answer = run.session(chosen.source.region).call(
            "lambda", "GetAlias", FunctionName=named.name, Name=chosen.alias
        )
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        problem = Problem(
            "no-alias",
            f"{named.name} has no alias {chosen.alias!r}",
            "",
            f"`lcli versions {named.name}` lists what it has",
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
            run.session(one.source.region).region,
            one.named.architecture,
            local=run.options.local,
            uncounted=one.named.billed_besides,
        )
        for one in chosen
    }
