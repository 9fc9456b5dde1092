"""lcli cost: what Lambda costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from lcli.cli.run import Run, usage
from lcli.errors import LcliError, Problem

if TYPE_CHECKING:
    from lcli.invoke.price import Prices, Source, Table


def command(
    ctx: typer.Context,
    prices: Annotated[
        bool, typer.Option("--prices", help="Print the price table, its date and its sources.")
    ] = False,
) -> None:
    """Print what Lambda costs, in all regions or in --region.

    US dollars, list prices, the first tier of a month's use; the free tier is not counted. These
    are the prices that invoke reckons with. AWS is not asked.
    """
    from lcli.invoke.price import table

    run: Run = ctx.obj
    if not prices:
        raise usage("usage", "cost: say what to print", "lcli cost --prices prints the prices")
    found = table()
    regions = found.regions
    if region := run.options.region:
        if region not in regions:
            raise LcliError(
                Problem(
                    "price-unknown",
                    f"price of {region} unknown",
                    f"the table of this version of lcli, of {found.compiled}",
                    f"there are {', '.join(regions)}; see https://aws.amazon.com/lambda/pricing",
                )
            )
        regions = {region: regions[region]}
    if run.json:
        run.print_json(_document(found, regions))
    else:
        _show(run, found, regions)


def _document(table: Table, regions: Mapping[str, Prices]) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "currency": "USD",
        "compiled": table.compiled,
        "sources": {key: asdict(source) for key, source in table.sources.items()},
        "tiers": table.tiers,
        "regions": {region: asdict(prices) for region, prices in regions.items()},
    }


def _show(run: Run, table: Table, regions: Mapping[str, Prices]) -> None:
    from lcli.ui.tables import PlainTable

    titles = (">x86_64 GB-s", ">arm64 GB-s", ">1M requests", ">storage GB-s")
    shown = PlainTable(
        "Region", *titles, ">provisioned GB-s", ">its duration GB-s", "As of", ">Source"
    )
    for region, price in regions.items():
        shown.add_row(
            region,
            _price(price.x86_64),
            _price(price.arm64),
            f"${price.million_requests:.2f}",
            _price(price.storage),
            _price(price.provisioned),
            _price(price.provisioned_duration),
            _day(table.sources[price.source]),
            price.source,
        )
    run.terminal.show(shown)
    used = {price.source for price in regions.values()}
    lines = [f"US dollars. This table is of {table.compiled}; of a price, its own day where known."]
    lines += [f"Source {key}: {one.text}." for key, one in table.sources.items() if key in used]
    for architecture, tiers in table.tiers.items():
        steps = (f"{1 - share:.0%} less from {start / 1e9:g} billion" for start, share in tiers[1:])
        lines.append(f"{architecture}: {', '.join(steps)} GB-seconds a month.")
    lines.append(
        "Storage: above 512 MB. Provisioned: x86_64, and what runs in it. Free tier: not counted."
    )
    lines.append(
        "invoke counts requests and duration on demand; not provisioned concurrency, storage, "
        "SnapStart, streamed bytes above 6 MB, operations of durable functions."
    )
    run.stdout.write("\n" + "\n".join(lines) + "\n")


def _day(source: Source) -> str:
    """Of a row: all its prices have a day, or some, or none."""
    if source.date is None:
        return "unknown"
    alone = ", ".join(source.dated)
    return source.date if "million_requests" in source.dated else f"{source.date} ({alone})"


def _price(amount: float | None) -> str:
    return "unknown" if amount is None else f"${amount:.10f}"
