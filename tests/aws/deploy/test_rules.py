"""Rules of meaning that no other test holds, on the local cloud."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from app_on_cloud import OnCloud, done, everything_in, problems

from lcli.errors import ExitCode, LcliError
from lcli.manifest.document import read
from lcli.triggers import traces

HEAD = """
app: photos
defaults: {runtime: python3.13, handler: app.handler, source: code}
functions:
"""


@pytest.fixture
def app(cloud: Any, tmp_path: Path) -> OnCloud:
    return OnCloud(tmp_path, cloud.url, cloud.account)


def with_functions(app: OnCloud, functions: str) -> None:
    app.manifest(HEAD + functions)


def deployed(app: OnCloud, functions: str) -> None:
    with_functions(app, functions)
    assert problems(app.deploy()) == []


def refused(app: OnCloud, *functions: str, **options: Any) -> tuple[str, str]:
    """Code and message of what a plan refuses, with exit code 2 and nothing changed."""
    app.calls()
    with pytest.raises(LcliError) as caught:
        app.prepare(*functions, **options)
    assert caught.value.exit_code is ExitCode.USAGE
    assert app.mutations() == []
    (problem,) = caught.value.problems
    return problem.code, problem.what


@dataclass
class Unindexed:
    """Real calls, but for the tagging API's index, which has not heard of anything yet."""

    session: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        if operation == "GetResources":
            return [{"ResourceTagMappingList": []}]
        return self.session.pages(service, operation, **parameters)


PUSHED_AND_POLLED = """
  thumb: {triggers: [s3: pics, http: GET /thumb, sqs: thumbs]}
  other: {triggers: [http: GET /other]}
"""


def test_what_a_function_deleted_by_hand_left_behind_goes_by_name(app: OnCloud) -> None:
    deployed(app, PUSHED_AND_POLLED)
    session = app.session()
    session.call("lambda", "DeleteFunction", FunctionName="photos-thumb")
    document = read(app.directory / "lcli.yaml", environ={})
    written = document.triggers(app.place())
    assert written == {
        "thumb": (("s3", "pics"), ("http", "GET /thumb"), ("sqs", "thumbs")),
        "other": (("http", "GET /other"),),
    }
    named = {"thumb": "photos-thumb"}
    left = traces(app.place(), written["thumb"])
    assert problems(app.delete(functions=named, traces=left)) == []
    held = everything_in(session)
    routes = session.call("apigatewayv2", "GetApis")["Items"]
    (api,) = routes
    keys = [
        one["RouteKey"]
        for one in session.call("apigatewayv2", "GetRoutes", ApiId=api["ApiId"])["Items"]
    ]
    assert keys == ["GET /other"]
    assert held["mappings"] == held["notifications"] == []
    assert held["roles"] == ["photos-other-us-east-1"]


def test_prune_looks_at_the_whole_app(app: OnCloud) -> None:
    with_functions(app, "  a: {}\n")
    assert refused(app, "a", prune=True) == (
        "prune-with-names",
        "--prune looks at the whole app, so it cannot go together with functions' names",
    )


def test_named_functions_leave_the_rules_of_others_on_a_shared_bucket_alone(app: OnCloud) -> None:
    both = "  a: {triggers: [s3: {bucket: pics, prefix: a/}]}\n"
    both += "  b: {triggers: [s3: {bucket: pics, prefix: b/}]}\n"
    deployed(app, both)
    with_functions(app, both.replace("a/", "A/").replace("b/", "B/"))
    assert problems(app.deploy("a")) == []
    rules = app.session().call("s3", "GetBucketNotificationConfiguration", Bucket="pics")
    prefixes = [
        one["Filter"]["Key"]["FilterRules"][0]["Value"]
        for one in rules["LambdaFunctionConfigurations"]
    ]
    assert sorted(prefixes) == ["A/", "b/"]
    assert app.plan("a") == []


def test_an_alias_renamed_keeps_mappings_and_asks_for_the_urls_loss(app: OnCloud) -> None:
    deployed(app, "  a: {url: {auth: iam}, triggers: [sqs: orders]}\n")
    session = app.session()

    def mapping() -> tuple[str, str]:
        (one,) = session.call("lambda", "ListEventSourceMappings")["EventSourceMappings"]
        return one["UUID"], one["FunctionArn"].rpartition(":")[2]

    uuid, _ = mapping()
    with_functions(app, "  a: {alias: blue, url: {auth: iam}, triggers: [sqs: orders]}\n")
    prepared = app.prepare()
    assert prepared.plan.confirmations == ("deletes function URL photos-a:live",)
    changed = list(done(app.deploy()))
    assert mapping() == (uuid, "blue")
    moved = next(line for line in changed if "event_source_mapping" in line)
    assert moved.startswith("update ")
    assert changed.index("create alias photos-a:blue") < changed.index(moved)
    assert changed.index(moved) < changed.index("delete alias photos-a:live")
    with_functions(app, "  a: {alias: false, url: {auth: iam}, triggers: [sqs: orders]}\n")
    assert problems(app.deploy()) == []
    assert mapping() == (uuid, "photos-a")
    with_functions(app, "  a: {url: {auth: iam}, triggers: [sqs: orders]}\n")
    assert problems(app.deploy()) == []
    assert mapping() == (uuid, "live")
    assert app.plan() == []


NAMED = "  a: {name: media-a}\n  b: {}\n"


def test_a_function_of_any_name_is_found_by_its_tags(app: OnCloud) -> None:
    with_functions(app, NAMED.replace("media-a", "media-a, role: someone"))
    assert problems(app.deploy()) == []
    with_functions(app, "  b: {}\n")
    assert app.prepare(prune=True).plan.confirmations == ("deletes function media-a",)


def test_a_function_that_the_index_of_tags_lacks_is_found_by_its_role(app: OnCloud) -> None:
    deployed(app, NAMED)
    with_functions(app, "  b: {}\n")
    app.clients = Unindexed(app.session())
    assert app.prepare(prune=True).plan.confirmations == ("deletes function media-a",)


def test_a_role_stays_while_somebody_elses_function_has_it(app: OnCloud) -> None:
    deployed(app, NAMED)
    session = app.session()
    arn = session.call("lambda", "GetFunction", FunctionName="media-a")["Configuration"]
    keys = ["lcli:app", "lcli:stage", "lcli:function"]
    session.call("lambda", "UntagResource", Resource=arn["FunctionArn"], TagKeys=keys)
    with_functions(app, "  b: {}\n")
    prepared = app.prepare(prune=True)
    assert prepared.plan.empty
    assert (
        "execution role media-a-photos-us-east-1 stays, since others use it: function media-a"
    ) in prepared.notices


def test_a_leftover_that_shares_a_queue_is_warned_of_loudly(app: OnCloud) -> None:
    deployed(app, "  old: {triggers: [sqs: orders]}\n")
    with_functions(app, "  new: {triggers: [sqs: orders]}\n")
    queue = f"arn:aws:sqs:us-east-1:{app.account}:orders"
    told = (
        f"WARNING: function old, which has left the manifest, still polls {queue}, as new does: "
        "a queue's messages reach one of the two, a stream's records both; --prune ends that"
    )
    assert told in app.prepare().notices
    assert told in app.prepare("new").notices
    assert app.prepare(quick=True).notices.count(told) == 1
    assert problems(app.deploy("new")) == []
    app.calls()
    assert app.plan("new") == []
    assert app.calls()["lambda:ListEventSourceMappings"] == 1


def test_others_that_poll_the_same_queue_are_not_warned_of(app: OnCloud) -> None:
    deployed(app, "  one: {triggers: [sqs: orders]}\n")
    with_functions(app, "  one: {triggers: [sqs: orders]}\n  new: {triggers: [sqs: orders]}\n")
    assert not [one for one in app.prepare("new").notices if "WARNING" in one]
    app.manifest(HEAD.replace("photos", "pics") + "  new: {triggers: [sqs: orders]}\n")
    assert not [one for one in app.prepare("new").notices if "WARNING" in one]


def test_reservations_beyond_the_accounts_are_found_in_the_plan(app: OnCloud) -> None:
    with_functions(app, "  a: {concurrency: {reserved: 950}}\n")
    code, what = refused(app)
    assert code == "too-much-reserved"
    assert what.startswith(
        "this deploy reserves or provisions 950 more concurrent executions, but "
    )


def reserving(**reserved: int) -> str:
    return "".join(f"  {key}: {{concurrency: {{reserved: {n}}}}}\n" for key, n in reserved.items())


@pytest.mark.parametrize(
    ("after", "options"),
    [
        pytest.param(reserving(a=100, b=800), {}, id="moved"),
        pytest.param("  a: {}\n" + reserving(b=850), {}, id="given up"),
        pytest.param(reserving(b=850), {"prune": True}, id="with a function that goes"),
    ],
)
def test_what_is_given_back_can_be_reserved_elsewhere(
    app: OnCloud, after: str, options: dict[str, bool]
) -> None:
    deployed(app, reserving(a=700, b=100))
    with_functions(app, after)
    assert problems(app.deploy(**options)) == []
    assert app.plan() == []


def test_what_comes_back_too_late_is_found_in_the_plan(app: OnCloud) -> None:
    deployed(app, reserving(a=700))
    with_functions(app, "  a: {name: other, concurrency: {reserved: 700}}\n")
    assert refused(app)[0] == "too-much-reserved"


def test_adopting_shows_the_difference_and_then_tags_it(app: OnCloud) -> None:
    deployed(app, "  a: {memory: 128}\n")
    session = app.session()
    arn = f"arn:aws:lambda:us-east-1:{app.account}:function:photos-a"
    tags = session.call("lambda", "GetFunction", FunctionName="photos-a")["Tags"]
    session.call("lambda", "UntagResource", Resource=arn, TagKeys=[*tags])
    with_functions(app, "  a: {memory: 256}\n")
    assert refused(app)[0] == "not-ours"
    prepared = app.prepare(adopt=frozenset({"a"}))
    (function,) = (a for a in prepared.plan.changes if a.resource.key.kind == "function")
    assert {c.path: (c.before, c.after) for c in function.changes}["MemorySize"] == (128, 256)
    assert function.reason == "taken over from someone who left no lcli tags on it"
    assert problems(app.deploy(adopt=frozenset({"a"}))) == []
    assert app.plan() == []


def test_adopting_from_another_app_makes_a_role_of_its_own_and_leaves_the_other_s(
    app: OnCloud,
) -> None:
    function = "  a: {name: fixed}\n"
    deployed(app, function)
    app.manifest(HEAD.replace("photos", "store") + function)
    prepared = app.prepare(adopt=frozenset({"a"}))
    verbs = {str(one.resource.key): one for one in prepared.plan.changes}
    assert verbs["role fixed-store-us-east-1"].verb == "create"
    assert verbs["function fixed"].reason == (
        "taken over from lcli app photos; the role fixed-photos-us-east-1 stays there"
    )
    assert problems(app.deploy(adopt=frozenset({"a"}))) == []
    assert app.plan() == []
    with_functions(app, function)
    assert done(app.delete(logs=True)) == {"delete role fixed-photos-us-east-1": "done"}
    app.manifest(HEAD.replace("photos", "store") + function)
    assert app.plan() == []


def test_a_log_group_that_is_somebody_elses_by_now_is_left_and_told(app: OnCloud) -> None:
    deployed(app, "  a: {}\n")
    arn = f"arn:aws:logs:us-east-1:{app.account}:log-group:/aws/lambda/photos-a"
    app.session().call("logs", "TagResource", resourceArn=arn, tags={"lcli:app": "store"})
    report = app.delete(logs=True)
    assert report.notices == (
        "log group /aws/lambda/photos-a is left as it is: it belongs to lcli app store",
    )
    assert "delete log_group /aws/lambda/photos-a" not in done(report)
    assert everything_in(app.session())["log groups"] == ["/aws/lambda/photos-a"]


@pytest.mark.parametrize("adopt", [frozenset[str](), frozenset({"a"})], ids=["new", "adopted"])
def test_somebody_elses_role_is_found_in_the_plan(app: OnCloud, adopt: frozenset[str]) -> None:
    with_functions(app, "  a: {triggers: [http: GET /a]}\n")
    role = {"RoleName": "photos-a-us-east-1", "AssumeRolePolicyDocument": "{}"}
    app.session().call("iam", "CreateRole", **role)
    assert refused(app, adopt=adopt) == (
        "not-ours",
        "execution role photos-a-us-east-1 exists already and belongs to someone who left no lcli "
        "tags on it",
    )


def test_what_is_ignored_is_made_once_and_then_left_to_others(app: OnCloud) -> None:
    deployed(
        app,
        "  a: {environment: {SIZE: '1', MODE: '1'}, concurrency: {provisioned: 1}, "
        "ignore: [environment.SIZE, provisioned, layers]}\n",
    )
    session = app.session()
    session.call(
        "lambda",
        "UpdateFunctionConfiguration",
        FunctionName="photos-a",
        Environment={"Variables": {"SIZE": "theirs", "MODE": "1"}},
    )
    session.call(
        "lambda",
        "PutProvisionedConcurrencyConfig",
        FunctionName="photos-a",
        Qualifier="live",
        ProvisionedConcurrentExecutions=2,
    )
    assert app.plan() == []
    with_functions(
        app, "  a: {environment: {SIZE: '1', MODE: '2'}, ignore: [environment.SIZE, provisioned]}\n"
    )
    assert problems(app.deploy()) == []
    shown = session.call("lambda", "GetFunction", FunctionName="photos-a")["Configuration"]
    assert shown["Environment"]["Variables"] == {"SIZE": "theirs", "MODE": "2"}
    kept = session.call(
        "lambda", "GetProvisionedConcurrencyConfig", FunctionName="photos-a", Qualifier="live"
    )
    assert kept["RequestedProvisionedConcurrentExecutions"] == 2


def test_two_functions_cannot_share_a_managed_role(app: OnCloud) -> None:
    with_functions(app, "  a: {role: {name: mine}}\n  b: {role: {name: mine}}\n")
    assert refused(app) == (
        "role-twice",
        "b and another function keep the same role, mine: what one needs would be taken from the "
        "other",
    )


def test_a_function_in_two_regions_cannot_keep_one_role(app: OnCloud) -> None:
    regions = "regions: [us-east-1, eu-west-1]\n"
    app.manifest(regions + HEAD + "  a: {role: {name: mine}}\n")
    assert refused(app) == (
        "role-twice",
        "a and itself in another region keep the same role, mine: what one needs would be taken "
        "from the other",
    )
    app.manifest(regions + HEAD + "  a: {role: {name: 'mine-${region}'}}\n")
    assert "create role mine-us-east-1" in app.plan()


def test_a_custom_runtime_needs_no_handler(app: OnCloud) -> None:
    bootstrap = app.directory / "code" / "bootstrap"
    bootstrap.write_text("#!/bin/sh\n")
    bootstrap.chmod(0o755)
    for handler in ("null", "own", "null"):
        deployed(app, f"  boot: {{runtime: provided.al2023, handler: {handler}}}\n")
        assert app.plan() == []
    found = app.session().call("lambda", "GetFunctionConfiguration", FunctionName="photos-boot")
    assert found["Handler"] == "bootstrap"


@pytest.mark.parametrize("state", ["Inactive", "Active"])
def test_idleness_is_no_error(app: OnCloud, state: str) -> None:
    deployed(app, "  a: {memory: 128}\n")
    app.clients = Idle(app.session(), state)
    assert app.plan() == []
    with_functions(app, "  a: {memory: 256}\n")
    assert problems(app.deploy()) == []
    app.clients = None
    assert app.plan() == []


@dataclass
class Idle:
    """A function that nobody called for weeks, until it is changed."""

    session: Any
    state: str
    region: str = "us-east-1"

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.session.call(service, operation, **parameters)
        if operation.startswith("Update"):
            self.state = "Active"
        if operation == "GetFunction":
            answer["Configuration"]["State"] = self.state
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Any:
        return self.session.pages(service, operation, **parameters)


@pytest.mark.parametrize(
    ("functions", "code"),
    [
        pytest.param("  a: {name: one}\n  b: {name: one}\n", "name-twice", id="one AWS name"),
        pytest.param(f"  {'a' * 60}: {{}}\n", "name-too-long", id="65 characters and more"),
        pytest.param("  a: {api: {MemorySize: 256}}\n", "api-has-short-name", id="a short name"),
    ],
)
def test_names_are_checked_before_anything_is_asked(
    app: OnCloud, functions: str, code: str
) -> None:
    with_functions(app, functions)
    with pytest.raises(LcliError) as caught:
        app.prepare()
    assert code in {problem.code for problem in caught.value.problems}
    assert caught.value.exit_code is ExitCode.USAGE
    assert app.calls() == {}


def test_versions_that_something_uses_are_never_pruned(app: OnCloud) -> None:
    with_functions(app, "  a: {}\n")
    session = app.session()
    for text in "1234":
        app.code(text)
        assert problems(app.deploy()) == []
    at = {"FunctionName": "photos-a"}
    session.call("lambda", "CreateAlias", **at, Name="theirs", FunctionVersion="1")
    session.call(
        "lambda",
        "CreateAlias",
        **at,
        Name="canary",
        FunctionVersion="4",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}},
    )
    with_functions(app, "  a: {keep_versions: 1}\n")
    app.code("5")
    assert problems(app.deploy()) == []
    versions = session.call("lambda", "ListVersionsByFunction", **at)["Versions"]
    # 3 is nobody's.
    assert [one["Version"] for one in versions] == ["$LATEST", "1", "2", "4", "5"]
