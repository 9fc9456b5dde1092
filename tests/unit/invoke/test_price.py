from dataclasses import fields

import pytest

from lcli.invoke.price import Bill, Prices, Rate, dollars, table
from lcli.invoke.report import InvocationReport

SECOND = InvocationReport("1", 990.0, 1000, 1024, 61)
LITTLE = InvocationReport("1", 12.34, 13, 256, 61)


@pytest.mark.parametrize(
    ("rate", "report", "usd"),
    [
        # The examples of AWS's pricing page are made of these: 1 GB for a second, and a request.
        pytest.param(Rate("us-east-1", "x86_64"), SECOND, 0.0000166667 + 0.0000002, id="x86_64"),
        pytest.param(Rate("us-east-1", "arm64"), SECOND, 0.0000133334 + 0.0000002, id="arm64"),
        pytest.param(Rate("af-south-1", "x86_64"), SECOND, 0.0000221 + 0.00000027, id="dearer"),
        pytest.param(
            Rate("us-east-1", "x86_64"), LITTLE, 0.013 / 4 * 0.0000166667 + 0.0000002, id="little"
        ),
        pytest.param(Rate("us-east-1"), SECOND, 0.0000166667 + 0.0000002, id="dearest assumed"),
        pytest.param(Rate("nowhere-1", "x86_64"), SECOND, None, id="unknown region"),
        pytest.param(Rate("ca-west-1", "arm64"), SECOND, None, id="unknown price"),
        pytest.param(Rate("us-east-1", "x86_64"), None, None, id="no REPORT"),
    ],
)
def test_a_call_costs_its_request_and_its_gb_seconds(rate, report, usd):
    assert rate.cost(report) == (None if usd is None else pytest.approx(usd, rel=1e-9))


@pytest.mark.parametrize(
    ("rate", "amount", "text"),
    [
        (Rate("us-east-1", "arm64"), 0.00000023, "$0.00000023"),
        (Rate("us-east-1"), 0.00000023, "at most $0.00000023"),
        (Rate("us-east-1", "arm64", local=True), 0.00000023, "$0.00000023 on AWS"),
        (Rate("nowhere-1"), None, "price of nowhere-1 unknown"),
        (Rate("ca-west-1", "arm64"), None, "price of arm64 in ca-west-1 unknown"),
        (
            Rate("us-east-1", "arm64", uncounted=("SnapStart", "x")),
            0.00000023,
            "$0.00000023 (SnapStart, x not counted)",
        ),
        (Rate("us-east-1"), None, "cost unknown"),
    ],
)
def test_a_cost_says_how_sure_it_is(rate, amount, text):
    assert rate.told(amount) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0"),
        (1e-9, "$0.0000000010"),
        (0.00001686667, "$0.000017"),
        (0.0999, "$0.10"),
        (0.5, "$0.50"),
        (0.9951, "$1.00"),
        (12345.678, "$12,345.68"),
    ],
)
def test_dollars_keep_two_digits_that_say_something(amount, text):
    assert dollars(amount) == text


def test_a_bill_adds_up_what_reported():
    bill = Bill(Rate("us-east-1", "x86_64"))
    assert (bill.total, bill.each) == (None, None)
    for report in (SECOND, None, SECOND):
        bill.add(report)
    assert bill.calls == 2
    assert bill.total == pytest.approx(2 * 0.0000168667)
    assert bill.each == pytest.approx(0.0000168667)


def test_the_table_is_whole():
    found = table()
    assert found.compiled >= "2026-11-24"
    assert found.sources["1"].date == "2026-09-19"
    for source in found.sources.values():
        assert (source.date is None) == (not source.dated)
        assert {*source.dated} <= {field.name for field in fields(Prices)} - {"source"}
    assert set(found.tiers) == {"x86_64", "arm64"}
    for tiers in found.tiers.values():
        assert tiers[0] == (0, 1)
        assert [share for _, share in tiers] == sorted((share for _, share in tiers), reverse=True)
    assert {one.source for one in found.regions.values()} == set(found.sources)
    for region, prices in found.regions.items():
        assert 1e-5 < prices.x86_64 < 3e-5, region
        arm64 = prices.arm64 or 0.8 * prices.x86_64
        assert arm64 == pytest.approx(prices.x86_64 * 0.8, rel=0.003), region
        assert 0.1 < prices.million_requests < 0.4, region
        assert 3e-8 < prices.storage < 6e-8, region
        if prices.provisioned and prices.provisioned_duration:
            assert prices.provisioned < prices.provisioned_duration < prices.x86_64, region


@pytest.mark.parametrize(
    ("rate", "date"),
    [
        (Rate("us-east-1"), "2026-09-19"),
        (Rate("us-east-1", "arm64"), "2026-09-19"),
        # Of these regions the day of the duration's price alone is known, on x86_64.
        (Rate("eu-west-1", "x86_64"), None),
        (Rate("eu-west-1", "arm64"), None),
        (Rate("us-west-2"), None),
        (Rate("nowhere-1"), None),
    ],
)
def test_a_cost_has_a_day_only_where_one_is_known_of_all_its_prices(rate, date):
    assert rate.date == date


def test_the_second_tier_is_a_tenth_cheaper():
    share = dict(table().tiers["x86_64"])[6e9]
    assert table().regions["us-east-1"].x86_64 * share == pytest.approx(0.000015, abs=1e-10)
