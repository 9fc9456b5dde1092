"""Errors that a newcomer meets first: each says what, where and what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lcli.aws.session import connect

MANIFEST = """\
    app: shop
    region: eu-west-1
    functions:
      orders: {source: app.py, runtime: python3.MINOR, handler: app.handler}
    """.replace("MINOR", str(sys.version_info.minor))  # the one that surely runs here
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


def test_a_handler_that_is_missing_is_shown_where_it_is_named(shop):
    shop.write("lcli.yaml", MANIFEST.replace("app.handler", "app.handle"))
    at = "lcli.yaml:4:58"
    for command in ("validate", "build", "plan"):
        what, where, *_, next_step = shop.run(command).stderr.splitlines()
        assert what == (
            'error: app.py has no "handle", which the handler "app.handle" names [handler-missing]'
        )
        assert (where, next_step) == (f"  at: {at}", '  next: did you mean "handler"?')


def test_an_api_that_others_use_is_left_to_them(shop):
    shop.write(
        "lcli.yaml", MANIFEST.replace("}", ", triggers: [http: GET /]}").replace("shop", "mall")
    )
    shop.ok("deploy")
    api = connect(
        region="eu-west-1",
        endpoint_url=shop.json("local", "status")["url"],
        local_account="123456789012",
    )
    (made,) = [one for one in api.call("apigatewayv2", "GetApis")["Items"] if one["Name"] == "mall"]
    api.call("apigatewayv2", "CreateRoute", ApiId=made["ApiId"], RouteKey="GET /theirs")
    stays = "HTTP API mall stays, since others use it: HTTP route GET /theirs"
    first, second = shop.run("delete", "-y"), shop.run("delete", "-y")
    assert (first.returncode, second.returncode) == (0, 0)
    assert stays in first.stderr.splitlines()
    assert second.stderr.splitlines() == [
        stays,
        "mall, eu-west-1, the local cloud: there is nothing of lcli's to delete",
    ]
    routes = api.call("apigatewayv2", "GetRoutes", ApiId=made["ApiId"])["Items"]
    assert [one["RouteKey"] for one in routes] == ["GET /theirs"]


def test_status_shows_the_others_although_one_function_is_somebody_else_s(shop):
    manifest = MANIFEST.replace("app: shop", "app: corner")
    shop.write("lcli.yaml", manifest)
    shop.ok("deploy")
    aws = connect(
        region="eu-west-1",
        endpoint_url=shop.json("local", "status")["url"],
        local_account="123456789012",
    )
    role = aws.call("lambda", "GetFunction", FunctionName="corner-orders")["Configuration"]["Role"]
    code = {"ZipFile": Path(shop.json("build")["orders"]["path"]).read_bytes()}
    aws.call(
        "lambda", "CreateFunction", FunctionName="corner-bills", Role=role, Code=code,
        Runtime="python3.12", Handler="app.handler",
    )  # fmt: skip
    second = manifest.splitlines()[-2].replace("orders", "bills")
    shop.write("lcli.yaml", f"{manifest.rstrip()}\n{second}\n")
    done = shop.run("status")
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "function corner-bills exists already and belongs to someone who left no lcli tags on it: "
        "choose another name, or take it over with `lcli deploy --adopt bills`\n"
    )
    drift = {row["function"]: row["drift"] for row in shop.json("status")["functions"]}
    assert drift == {"orders": "none", "bills": "not lcli's"}
    assert shop.json("status", "bills")["drift"] == "not lcli's"
    assert shop.run("deploy").returncode == 2
    aws.call("lambda", "DeleteFunction", FunctionName="corner-bills")
    shop.ok("delete", "--yes")
