"""What FUNCTION on the command line stands for, and what is said of one that is nothing."""

import pytest

from lcli.cli.names import (
    Named,
    by_region,
    chosen,
    find,
    keys,
    known,
    nearest,
    not_there,
    whole,
)
from lcli.cli.options import Globals
from lcli.cli.run import Run
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.model import Place

MANIFEST = """
app: shop
region: eu-west-1
defaults: {runtime: python3.13, handler: app.handler, source: src, architecture: arm64}
functions: {orders: {}, payments: {alias: blue}}
"""
ARN = "arn:aws:lambda:eu-west-2:123456789012:function:shop-orders"
HERE = ARN.replace("eu-west-2", "eu-west-1")
PLACE = Place("shop", "", "eu-west-1", "123456789012")


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    monkeypatch.chdir(tmp_path)
    return Run(Globals(), environ={})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("orders", Named("orders", "shop-orders", "live", "", "arm64")),
        ("payments", Named("payments", "shop-payments", "blue", "", "arm64")),
        ("shop-orders", Named("orders", "shop-orders", "", "", "arm64")),
        ("orders:7", Named("orders", "shop-orders", "7")),
        ("shop-orders:live", Named("orders", "shop-orders", "live")),
        ("theirs", Named("", "theirs")),
        ("theirs:7", Named("", "theirs", "7")),
        (ARN, Named("", "shop-orders", "", "eu-west-2", "", "123456789012")),
        (f"{ARN}:7", Named("", "shop-orders", "7", "eu-west-2", "", "123456789012")),
    ],
)
def test_a_function_is_found(run, text, named):
    assert find(text, run.document) == named


@pytest.mark.parametrize("text", ["arn:aws:s3:::photos", "arn:aws:lambda:eu-west-2:1:layer:x:1"])
def test_an_arn_of_something_else_is_refused(run, text):
    with pytest.raises(LcliError) as caught:
        find(text, run.document)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.problems == (
        Problem(
            "not-a-function",
            f"{text!r} is not the ARN of a function",
            next_step="it reads arn:aws:lambda:REGION:ACCOUNT:function:NAME",
        ),
    )


@pytest.mark.parametrize(
    ("text", "what", "next_step"),
    [
        ("orders:7", "'orders:7' is a version or an alias, not the function", "write orders"),
        (f"{ARN}:7", f"'{ARN}:7' is a version or an alias, not the function", f"write {ARN}"),
        (
            ARN,
            f"'{ARN}' is not in eu-west-1 of account 123456789012",
            "choose where it is with --region and --profile",
        ),
    ],
    ids=["a version", "a version by ARN", "another region"],
)
def test_what_changes_a_function_takes_no_part_and_none_of_elsewhere(run, text, what, next_step):
    with pytest.raises(LcliError) as caught:
        whole(text, run.document, PLACE)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.problems == (Problem("not-the-function", what, "", next_step),)


def test_the_function_itself_is_taken_by_its_arn_in_its_place(run):
    assert whole(HERE, run.document, PLACE) == Named(
        "orders", "shop-orders", "", "eu-west-1", "arm64", "123456789012"
    )


def test_what_works_on_the_manifest_takes_keys_names_and_arns(run):
    found = keys(["payments", "shop-orders", HERE], run.document, lambda arn: PLACE)
    assert found == {"payments", "orders"}


def test_where_the_manifest_is_deployed_is_not_asked_for_keys(run):
    assert keys(["payments", "orders"], run.document, lambda named: 1 / 0) == {"payments", "orders"}


@pytest.mark.parametrize("text", ["ordrs", HERE.replace("orders", "ordrs")])
def test_keys_are_told_where_something_else_is_written(run, text):
    with pytest.raises(LcliError) as caught:
        keys([text], run.document, lambda arn: PLACE)
    (problem,) = caught.value.problems
    assert problem.what == f"the manifest has no function {text!r}"
    assert (problem.code, problem.next_step) == ("unknown-function", "did you mean orders?")


def test_an_arn_says_in_which_region_it_is_worked_on(tmp_path, monkeypatch):
    text = MANIFEST.replace("region: eu-west-1", "regions: [eu-west-1, eu-west-2]")
    (tmp_path / "lcli.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    run = Run(Globals(), environ={})
    assert by_region(run, []) == {"eu-west-1": [], "eu-west-2": []}
    assert by_region(run, [ARN]) == {"eu-west-2": [ARN]}
    assert by_region(run, ["payments", ARN]) == {
        "eu-west-1": ["payments"],
        "eu-west-2": ["payments", ARN],
    }


def test_an_arn_of_a_region_that_the_manifest_has_not_is_refused(run):
    with pytest.raises(LcliError) as caught:
        by_region(run, [ARN])
    assert caught.value.problems == (
        Problem(
            "not-the-function",
            f"'{ARN}' is not in eu-west-1",
            "",
            "choose where it is with --region and --profile",
        ),
    )
    assert by_region(run, [ARN], anywhere=True) == {"eu-west-2": [ARN]}


class Of(Run):
    """A run with the credentials of an account."""

    region = "eu-west-1"

    def __init__(self, account):
        super().__init__(Globals(), environ={})
        self.of = account

    def session(self, region=""):
        return self

    def call(self, service, operation):
        assert (service, operation) == ("sts", "GetCallerIdentity")
        return {"Account": self.of, "Arn": f"arn:aws:iam::{self.of}:user/me"}


@pytest.mark.parametrize(
    ("text", "key"), [(HERE, "orders"), (ARN, ""), (HERE.replace("orders", "theirs"), "")]
)
def test_an_arn_is_taken_with_the_credentials_of_its_account(run, text, key):
    assert chosen(Of("123456789012"), text).key == key


@pytest.mark.parametrize("text", ["orders", "shop-123456789012-orders"])
def test_names_with_the_account_are_those_of_the_credentials(tmp_path, monkeypatch, text):
    template = 'name: "${app}-${account}-${function}"'
    (tmp_path / "lcli.yaml").write_text(f"{template}\n{MANIFEST}")
    monkeypatch.chdir(tmp_path)
    run = Of("123456789012")
    named = chosen(run, text)
    assert (named.key, named.name) == ("orders", "shop-123456789012-orders")
    assert keys([text], run.document, lambda named: run.naming_place()) == {"orders"}


def test_an_arn_of_another_account_is_refused(run):
    with pytest.raises(LcliError) as caught:
        chosen(Of("210987654321"), ARN)
    assert caught.value.problems == (
        Problem(
            "not-the-function",
            f"'{ARN}' is not in account 210987654321",
            "",
            "choose where it is with --region and --profile",
        ),
    )


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("ordrs", "did you mean orders?"),
        ("shop-order", "did you mean shop-orders?"),
        ("orders", ""),
        (ARN, ""),
        ("theirs", ""),
    ],
)
def test_the_nearest_name_is_suggested(run, text, hint):
    assert nearest(run, find(text, run.document)) == hint


def test_what_aws_does_not_have_is_told_as_by_invoke(run):
    told = not_there(run, find("ordrs", run.document), "eu-west-1").problems
    what = "there is no function 'ordrs' in eu-west-1"
    assert told == (Problem("resource-not-found", what, "", "did you mean orders?"),)


def test_without_a_manifest_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert known(Run(Globals(), environ={})) == {}
