"""lcli cost through the installed console script; no cloud is needed."""

from __future__ import annotations

import re


def test_the_prices_come_with_their_date_and_sources(project):
    printed = project.ok("cost", "--prices")
    row = r"^us-east-1 +\$0\.0000166667 +\$0\.0000133334 +\$0\.20 +\$0\.0000000309 "
    assert re.search(row, printed, re.MULTILINE)
    assert re.search(r"^us-east-1 .* 2026-09-19 +1$", printed, re.MULTILINE)
    assert re.search(r"^eu-west-1 .* 2026-09-19 \(x86_64\) +2$", printed, re.MULTILINE)
    assert "\nUS dollars. This table is of 2026-11-24; " in printed
    assert re.search(r"^ca-west-1 .* unknown +4$", printed, re.MULTILINE)
    assert "\nSource 1: AWS's price list, offer AWSLambda, of that day, " in printed
    assert "Free tier: not counted." in printed


def test_one_region_alone(project):
    found = project.json("cost", "--prices", "--region", "af-south-1")
    assert found["compiled"] == "2026-11-24"
    assert found["sources"]["2"]["dated"] == ["x86_64"]
    assert found["regions"] == {
        "af-south-1": {
            "source": "2",
            "million_requests": 0.27,
            "x86_64": 0.0000221,
            "arm64": 0.00001768,
            "storage": 0.0000000404,
            "provisioned": 0.00000553,
            "provisioned_duration": 0.0000129,
        }
    }


def test_the_price_of_an_unknown_region_is_not_guessed(project):
    done = project.run("cost", "--prices", "--region", "nowhere-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: price of nowhere-1 unknown [price-unknown]\n")


def test_cost_alone_says_what_it_offers(project):
    done = project.run("cost")
    assert (done.returncode, done.stdout) == (2, "")
    assert "lcli cost --prices prints the prices" in done.stderr
