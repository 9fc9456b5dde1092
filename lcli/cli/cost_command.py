"""lcli cost: what Lambda costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from lcli.cli.run import Run, usage
from lcli.errors import LcliError, Problem

if TYPE_CHECKING:
    from lcli.invoke.price import Prices, Table


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
                    f"the table of {found.date}",
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
        "date": table.date,
        "sources": table.sources,
        "tiers": table.tiers,
        "regions": {region: asdict(prices) for region, prices in regions.items()},
    }


def _show(run: Run, table: Table, regions: Mapping[str, Prices]) -> None:
    from lcli.ui.tables import PlainTable

    titles = (">x86_64 GB-s", ">arm64 GB-s", ">1M requests", ">storage GB-s")
    shown = PlainTable("Region", *titles, ">provisioned GB-s", ">its duration GB-s")
    for region, price in regions.items():
        shown.add_row(
            region,
            f"${price.x86_64:.10f}",
            f"${price.arm64:.10f}",
            f"${price.million_requests:.2f}",
            f"${price.storage:.10f}",
            f"${price.provisioned:.10f}",
            f"${price.provisioned_duration:.10f}",
        )
    run.terminal.show(shown)
    lines = [f"Prices of {table.date}, USD. Source: {'; '.join(table.sources)}."]
    for architecture, tiers in table.tiers.items():
        steps = (f"{1 - share:.0%} less from {start / 1e9:g} billion" for start, share in tiers[1:])
        lines.append(f"{architecture}: {', '.join(steps)} GB-seconds a month.")
    lines.append(
        "Storage: above 512 MB. Provisioned: x86_64, and what runs in it. Free tier: not counted."
    )
    run.stdout.write("\n" + "\n".join(lines) + "\n")
