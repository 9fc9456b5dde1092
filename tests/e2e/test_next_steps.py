"""Errors that a newcomer meets first: each says what, where and what to do."""

from __future__ import annotations

import pytest

MANIFEST = """\
    app: shop
    region: eu-west-1
    functions:
      orders: {source: app.py, runtime: python3.13, handler: app.handler}
    """
TO = "  next: let --to name a folder that you may write to, with space for the zips\n"


@pytest.fixture
def shop(project):
    project.write("lcli.yaml", MANIFEST)
    project.write("app.py", "def handler(event, context): return event\n")
    return project


@pytest.mark.parametrize(
    ("arguments", "stderr"),
    [
        pytest.param(
            ["package", "--to", "/proc/x"],
            "error: the zip of orders cannot be written: No such file or directory "
            f"[package-not-written]\n  at: /proc/x/orders.zip\n{TO}",
            id="a folder that cannot be",
        ),
        pytest.param(
            ["package", "--to", "lcli.yaml"],
            "error: the zip of orders cannot be written: File exists "
            f"[package-not-written]\n  at: lcli.yaml/orders.zip\n{TO}",
            id="a file as folder",
        ),
        pytest.param(
            ["invoke", "order", "-p", "{}"],
            "error: there is no function 'order' in eu-west-1 [resource-not-found]\n"
            "  next: did you mean orders?\n",
            id="a function that is nearly there",
        ),
        pytest.param(
            ["invoke", "orders", "-p", "{}"],
            "error: there is no function 'shop-orders:live' in eu-west-1 [resource-not-found]\n"
            "  next: `lcli versions orders` shows its versions and aliases; "
            "`lcli deploy orders` makes it if it is not deployed\n",
            id="not deployed",
        ),
    ],
)
def test_what_to_do(shop, arguments, stderr):
    done = shop.run(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", stderr)


def test_a_cache_that_cannot_be(shop):
    shop.environ["LCLI_CACHE_DIR"] = "/proc/x"
    done = shop.run("build")
    what, where, next_step = done.stderr.splitlines()
    assert done.returncode == 1
    assert what == (
        "error: the artifact cache cannot be written: No such file or directory "
        "[cache-not-writable]"
    )
    assert where.startswith("  at: /proc/x/")
    assert next_step == (
        "  next: make room there, or let LCLI_CACHE_DIR name a folder that you may write to"
    )
