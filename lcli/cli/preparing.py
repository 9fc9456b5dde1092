"""What plan, deploy, build and package do before they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from lcli.cli.local_runtimes import check_runtimes
from lcli.cli.names import Named, find, keys
from lcli.cli.run import Run, usage
from lcli.errors import ExitCode, LcliError, Problem
from lcli.ui.neutral import neutralise

if TYPE_CHECKING:
    from lcli.aws.session import Session
    from lcli.deploy.code import Workshop
    from lcli.deploy.prepared import Prepared
    from lcli.manifest.models import App
    from lcli.resources.model import Place

_NOTICES = 10


@dataclass(frozen=True, slots=True)
class Ready:
    """One region's plan and the calls to do it with."""

    clients: Session
    prepared: Prepared

    @property
    def writes(self) -> bool:
        """Whether anything is written, be it a tag."""
        return not self.prepared.plan.empty or bool(self.prepared.unmarked)

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should know, and what stands in the way."""
        plan = self.prepared.plan
        refused = (f"{problem.what}: {problem.next_step}" for problem in plan.refusals)
        return (*plan.notices, *refused)


def prepare_regions(
    run: Run,
    texts: Mapping[str, Sequence[str]],
    *,
    prune: bool = False,
    logs: bool = False,
    adopt: Mapping[str, Sequence[str]] | None = None,
    quick: bool = False,
    only_looking: bool = False,
    parallel: int = 16,
) -> list[Ready]:
    """Load, build, read and plan, one region after the other. Raises LcliError and AwsError.

    `texts` and `adopt` are what the user calls the functions, by region. What shows without AWS
    to be wrong with the manifest and the sources is refused before AWS is asked anything.
    With `only_looking` the plan is not to be applied: what belongs to others is told, not raised,
    and nothing is said of what this machine would run.
    """
    shop = workshop(run)
    for region, named in texts.items():
        _refuse_wrong(run, region, named, shop)
    return [
        _prepare(
            run,
            region,
            named,
            shop,
            prune=prune,
            logs=logs,
            adopt=(adopt or {}).get(region, ()),
            quick=quick,
            only_looking=only_looking,
            parallel=parallel,
        )
        for region, named in texts.items()
    ]


def _refuse_wrong(run: Run, region: str, texts: Sequence[str], shop: Workshop) -> None:
    """Check the manifest and look into the sources, as far as that goes without AWS's help.

    Raises LcliError (USAGE) with what is wrong with them.
    """
    from lcli.deploy.code import check_sources, layers_of
    from lcli.manifest.loading import every_problem
    from lcli.manifest.plain import plain_sources

    document = run.document
    known = document.function_nodes()
    place = run.presumed_place(region)
    named = [text if text in known else find(text, document, place).key for text in texts]
    place = replace(place, region=run.region(region))
    account = place.account if run.options.local else run.identity.account
    partition = place.partition if run.options.local else ""
    functions, layers = plain_sources(
        document, replace(place, account=account, partition=partition)
    )
    used = [one for key, one in functions.items() if not texts or key in named]
    of_sources = check_sources(used, layers_of(used, layers), shop)
    if problems := [*every_problem(document, named if texts else None, place), *of_sources]:
        raise problems_of(run, problems)


def _prepare(
    run: Run,
    region: str,
    texts: Sequence[str],
    shop: Workshop,
    *,
    prune: bool,
    logs: bool,
    adopt: Sequence[str],
    quick: bool,
    only_looking: bool,
    parallel: int,
) -> Ready:
    from lcli.deploy.engine import prepare

    def where(named: Named) -> Place:
        return run.place(region) if named.region else run.naming_place(region)

    functions, adopted = (keys(given, run.document, where) for given in (texts, adopt))
    place = run.place(region)
    app = load_app(run, place, functions)
    if run.options.local and not only_looking:
        runtimes = {one.runtime: one.where for one in app.functions.values() if one.runtime}
        check_runtimes(run, runtimes, strict=app.local.strict)
    clients = run.session(region)
    prepared = prepare(
        app,
        place,
        clients,
        shop,
        functions=functions,
        prune=prune,
        logs=logs,
        adopt=adopted or frozenset(),
        quick=quick,
        only_looking=only_looking,
        parallel=parallel,
        say=run.terminal.doing,
    )
    run.terminal.end_progress()
    if len(run.regions) > 1:  # those that follow have connections of their own
        clients.close()
    return Ready(clients, prepared)


def tell_notices(run: Run, notices: Sequence[str]) -> None:
    """What the user should know, on stderr; a few of many unless --verbose: one setting for all
    functions can make one for each."""
    shown = len(notices) if run.terminal.verbose or len(notices) <= _NOTICES else _NOTICES - 1
    for notice in notices[:shown]:
        run.terminal.note(notice)
    if more := len(notices) - shown:
        run.terminal.note(f"… and {more} more of such notices; -v shows all")


@contextmanager
def untouched(run: Run) -> Iterator[None]:
    """Around what changes nothing yet: who interrupts it is told so."""
    try:
        yield
    except KeyboardInterrupt:
        run.terminal.note("interrupted; nothing was touched")
        raise


def load_app(
    run: Run,
    place: Place,
    functions: frozenset[str] | None,
    only: frozenset[str] | None = None,
) -> App:
    """The validated manifest with the named functions; `only` as in `loading.check`.

    Raises LcliError (USAGE) with all that is wrong with it and with the sources at once.
    """
    found = run.check(place, functions, only)
    if found.app is None:
        from lcli.deploy.code import check_sources, layers_of

        used = layers_of(found.functions, found.layers)
        of_sources = check_sources(found.functions, used, workshop(run))
        raise problems_of(run, [*found.problems, *of_sources])
    return found.app


def problems_of(run: Run, problems: Iterable[Problem]) -> LcliError:
    """The problems of a manifest and its sources by place, each with its line."""
    from lcli.manifest.loading import in_order

    return LcliError(in_order(map(run.document.shown, problems)), ExitCode.USAGE)


def workshop(run: Run) -> Workshop:
    """Where this run builds, and for which interpreters."""
    from lcli.artifact.make import default_cache
    from lcli.deploy.code import Workshop

    return Workshop(
        run.document.path.parent, default_cache(), run.options.local, _local_python(run)
    )


def _local_python(run: Run) -> Callable[[str], str]:
    @cache
    def path(runtime: str) -> str:
        from lcli.local.daemon import interpreter

        return interpreter(runtime, run.environ).path if runtime.startswith("python3.") else ""

    return path


def title(ready: Ready) -> str:
    """``photos, stage prod, eu-west-1, account 123456789012``."""
    place = ready.prepared.place
    stage = f", stage {place.stage}" if place.stage else ""
    where = "the local cloud" if place.local else f"account {place.account}"
    return f"{place.app}{stage}, {place.region}, {where}"


def present(run: Run, ready: list[Ready]) -> None:
    """Every region's plan on stderr: what is about to be done, before anybody is asked for it."""
    from lcli.ui.plan import plan_tree

    for one in ready:
        plan, kinds = one.prepared.plan, one.prepared.kinds
        if not plan.empty:
            full = run.terminal.verbose
            run.terminal.comment(plan_tree(title(one), plan.actions, kinds, run.mask, full=full))
        sum_up(run, one)


def sum_up(run: Run, ready: Ready) -> None:
    """What to know of a plan and how much it does, on stderr, and how to see what its tree left
    out: below the tree, which may be long."""
    from lcli.ui.plan import is_in_brief, summary

    tell_notices(run, ready.notices)
    actions, kinds = ready.prepared.plan.actions, ready.prepared.kinds
    more = "; -v shows all of what is new" if is_in_brief(actions) else ""
    more = "" if run.terminal.verbose else more
    run.terminal.note(f"{title(ready)}: {summary(actions, kinds)}{more}")


def confirm(run: Run, reasons: list[str], *, yes: bool) -> None:
    """Ask before what cannot be undone. Raises LcliError (USAGE) without a terminal or a yes."""
    if yes or not reasons:
        return
    if not (run.stdin.isatty() and run.stderr.isatty()):
        raise usage(
            "not-confirmed",
            f"no terminal to ask on whether this is meant: {'; '.join(reasons)}",
            "run again with --yes if it is meant; nothing was touched",
        )
    for reason in reasons:  # also with --quiet: a question needs what it is about
        run.stderr.write(f"! {neutralise(run.mask.text(reason))}\n")
    if _answer(run).strip().lower() not in ("y", "yes"):
        raise usage(
            "not-confirmed",
            "the answer was not yes, so nothing was touched",
            "answer y, or run again with --yes, if it is meant",
        )


def _answer(run: Run) -> str:
    """What is typed; without a line end (Ctrl-C, Ctrl-D) what follows gets a line of its own."""
    run.stderr.write("Go on? [y/N] ")
    run.stderr.flush()
    answer = ""
    try:
        answer = run.stdin.readline()
    finally:
        if not answer.endswith("\n"):
            run.stderr.write("\n")
    return answer
