from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from lcli.artifact.model import Artifact
from lcli.deploy.checks import sizes
from lcli.deploy.code import codes
from lcli.deploy.expand import expand
from lcli.deploy.expand_triggers import lookups_needed
from lcli.deploy.expanded import Expanded
from lcli.manifest import loading
from lcli.manifest.document import read
from lcli.manifest.models import App
from lcli.resources.layer import layer_key
from lcli.resources.model import Key, Place, Ref

PLACE = Place("photos", "prod", "eu-west-1", "123456789012", local=True)
HEAD = """
app: photos
stages: {prod: {}}
defaults: {runtime: python3.13, handler: app.handler, source: code}
tags: {team: media}
"""


@pytest.fixture
def load(tmp_path: Path) -> object:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): pass\n")

    def loaded(functions: str, *names: str) -> App:
        text = HEAD + textwrap.dedent(functions)
        (tmp_path / "lcli.yaml").write_text(text)
        document = read(tmp_path / "lcli.yaml", stage="prod", environ={})
        return loading.load(document, PLACE, functions=names or None)

    return loaded


def artifact(size: int = 1000, unzipped: int = 2000) -> Artifact:
    return Artifact(Path("x.zip"), "d" * 64, "YWJj", size, unzipped, 1, (("app.py", unzipped),))


def expanded(app: App, lookups: dict[str, str] | None = None) -> Expanded:
    made = codes(app, PLACE, {key: artifact() for key in app.functions}, {}, {})
    return expand(app, PLACE, made.functions, made.layers, lookups or {})


def keys(found: Expanded) -> list[str]:
    return sorted(str(key) for key in found.resources)


def test_a_plain_function(load) -> None:
    assert keys(expanded(load("functions: {a: {}}"))) == [
        "alias photos-prod-a:live",
        "function photos-prod-a",
        "log_group /aws/lambda/photos-prod-a",
        "parts photos-prod-a",
        "role photos-prod-a-eu-west-1",
        "version photos-prod-a",
    ]


@pytest.mark.parametrize(
    ("settings", "more", "fewer"),
    [
        pytest.param(
            "{alias: false}",
            [],
            ["alias photos-prod-a:live", "version photos-prod-a"],
            id="nothing is published",
        ),
        pytest.param(
            "{role: existing}",
            [],
            ["role photos-prod-a-eu-west-1"],
            id="a role of somebody else",
        ),
        pytest.param(
            "{concurrency: {reserved: 5, provisioned: 2}, async: {retries: 0}}",
            [
                "event_invoke_config photos-prod-a:live",
                "provisioned_concurrency photos-prod-a:live",
                "reserved_concurrency photos-prod-a",
            ],
            [],
            id="optional parts",
        ),
        pytest.param(
            "{triggers: [{sqs: orders}]}",
            [
                "event_source_mapping photos-prod-a<-arn:aws:sqs:eu-west-1:123456789012:orders",
                "local_source queue orders",
            ],
            [],
            id="a trigger that is polled",
        ),
        pytest.param(
            "{api: {RecursiveLoop: Allow}}", ["recursion photos-prod-a"], [], id="a call of its own"
        ),
    ],
)
def test_what_each_setting_stands_for(
    load, settings: str, more: list[str], fewer: list[str]
) -> None:
    plain = keys(expanded(load("functions: {a: {}}")))
    found = keys(expanded(load(f"functions: {{a: {settings}}}")))
    assert sorted(set(found) - set(plain)) == more
    assert sorted(set(plain) - set(found)) == fewer


def test_the_role_may_what_its_triggers_and_the_manifest_need(load) -> None:
    app = load("""
        functions:
          a:
            triggers: [sqs: orders]
            role: {statements: [{actions: s3:GetObject, resources: "arn:aws:s3:::photos/*"}]}
    """)
    found = expanded(app).resources[Key("role", "photos-prod-a-eu-west-1")]
    statements = found.fields["Policy"]["Statement"]  # type: ignore[index]
    assert {action for one in statements for action in one["Action"]} == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:GetObject",
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
    }
    assert found.fields["Tags"] == {
        "lcli:app": "photos",
        "lcli:function": "a",
        "lcli:stage": "prod",
        "lcli:tags": "team",
        "team": "media",
    }


def test_a_mapping_waits_for_the_role_and_the_alias(load) -> None:
    found = expanded(load("functions: {a: {triggers: [{sqs: orders}]}}"))
    (mapping,) = (one for key, one in found.resources.items() if key.kind == "event_source_mapping")
    assert {str(key) for key in mapping.needs} >= {
        "role photos-prod-a-eu-west-1",
        "alias photos-prod-a:live",
        "parts photos-prod-a",
    }


def test_another_functions_address_is_read_but_not_touched(load) -> None:
    app = load(
        """
        functions:
          a: {environment: {PAGE: "${function:b.url}"}}
          b: {url: {auth: iam}}
        """,
        "a",
    )
    found = expanded(app)
    url = Key("function_url", "photos-prod-b:live")
    assert sorted(map(str, found.observed)) == ["function photos-prod-b", str(url)]
    function = found.resources[Key("function", "photos-prod-a")]
    assert function.fields["Environment"] == {"PAGE": Ref(url, "url")}
    assert url not in found.resources


def test_everybody_is_let_in_only_after_a_word(load) -> None:
    app = load("""
        functions:
          a: {url: {auth: none}}
          b: {permissions: [{principal: "*", anybody: true}]}
          c: {permissions: [{principal: events.amazonaws.com, source_arn: "arn:aws:events:::x"}]}
          d: {permissions: [{principal: sns.amazonaws.com.cn, anybody: true}, {principal: "12"}]}
    """)
    assert sorted(expanded(app).exposing.values()) == [
        "* may invoke photos-prod-b on anybody's behalf",
        "everybody may call the URL of photos-prod-a",
        "sns.amazonaws.com.cn may invoke photos-prod-d on anybody's behalf",
    ]


@pytest.mark.parametrize(
    "bound",
    [
        "source_arn: 'arn:aws:events:*:123456789012:rule/*'",
        "source_arn: 'arn:aws:sns:eu-west-1:${account}:*'",
        "source_arn: 'arn:aws:s3:::photos*'",
        "source_arn: 'arn:aws:sns:eu-west-1:${ssm:/photos/owner}:*'",
        "source_arn: '${cfn:photos.Topic}'",
        "source_arn: '*', source_account: '123456789012'",
        "source_arn: 'arn:aws:s3:::*', organization: o-1",
    ],
)
@pytest.mark.parametrize("principal", ["'*'", "s3.amazonaws.com"])
def test_who_is_bounded_is_let_in_without_a_word(load, principal: str, bound: str) -> None:
    app = load(f"""
        functions:
          a: {{permissions: [{{principal: {principal}, {bound}}}]}}
    """)
    assert expanded(app).exposing == {}


def test_what_somebody_else_owns_is_made_but_never_changed(load) -> None:
    app = load("""
        functions:
          a:
            concurrency: {reserved: 1}
            ignore: [environment.INJECTED, layers, provisioned, reserved]
    """)
    found = expanded(app)
    assert found.resources[Key("function", "photos-prod-a")].ignored == {
        "Environment.INJECTED",
        "Layers",
    }
    reserved = found.resources[Key("reserved_concurrency", "photos-prod-a")]
    assert reserved.ignored == {"ReservedConcurrentExecutions"}
    assert Key("provisioned_concurrency", "photos-prod-a:live") in found.kept


def test_a_shared_log_group_belongs_to_no_function(load) -> None:
    app = load("functions: {a: {log: {group: /all}}, b: {log: {group: /all}}}")
    assert expanded(app).resources[Key("log_group", "/all")].function == ""


def test_whatever_holds_a_secret_is_marked_however_short_it_is(load) -> None:
    app = load(
        """
        local: {ssm: {/n: 7}}
        functions:
          a:
            tags: {build: "${ssm:/n}"}
            description: build ${ssm:/n}
            keep_versions: 7
            triggers: [{s3: {bucket: photos, prefix: "${ssm:/n}"}}]
        """
    )
    found = expanded(app).resources
    marked = {
        f"{key.kind} {path}"
        for key, one in found.items()
        for path in one.secret
        if key.kind not in ("version", "log_group", "bucket_notification")
    }
    assert marked == {"function Description", "function Tags.build", "role Tags.build"}
    (rule,) = (one for one in found.values() if one.key.kind == "bucket_notification")
    assert rule.secret == {"Filter.Prefix"}
    assert found[Key("version", "photos-prod-a")].secret >= {"Description"}


def test_the_licence_of_a_layer_is_passed_on(load) -> None:
    layers = "layers: {imaging: {source: src, license: MIT}}"
    app = load(f"{layers}\nfunctions: {{a: {{layers: [imaging]}}}}")
    made = codes(app, PLACE, {"a": artifact()}, {"imaging": artifact()}, {})
    found = expand(app, PLACE, made.functions, made.layers, {}).resources
    assert found[layer_key(PLACE, "imaging")].fields["LicenseInfo"] == "MIT"


def test_the_stream_of_a_table_is_asked_for_once(load) -> None:
    app = load(
        "functions: {a: {triggers: [{dynamodb: users}]}, b: {triggers: [{dynamodb: users}]}}"
    )
    assert [one.name for one in lookups_needed(app, PLACE)] == ["stream of users"]


def test_code_that_is_too_large_together_with_its_layers_is_named(load) -> None:
    app = load("functions: {a: {}}")
    (problem,) = sizes(app, {"a": artifact(unzipped=300_000_000)}, {})
    assert problem.code == "artifact-too-large"


def test_layers_count_however_they_are_named(load) -> None:
    for named in ("x", "'${layer:x.arn}'"):
        app = load(f"functions: {{a: {{layers: [{named}]}}}}\nlayers: {{x: {{source: code}}}}")
        (problem,) = sizes(
            app, {"a": artifact(unzipped=200_000_000)}, {"x": artifact(unzipped=70_000_000)}
        )
        assert "70,000,000 B of them in layers" in problem.what


def test_a_large_zip_goes_through_the_artifacts_bucket(load) -> None:
    app = load("functions: {a: {}}")
    made = codes(app, PLACE, {"a": artifact(size=60_000_000)}, {}, {}).functions["a"]
    assert (made.s3_bucket, made.s3_key) == (
        "lcli-123456789012-eu-west-1-artifacts",
        "616263.zip",
    )


@pytest.mark.parametrize(
    ("policy", "told"),
    [("AmazonS3FullAccess", 1), ("AdministratorAccess", 1), ("AmazonS3ReadOnlyAccess", 0)],
)
def test_a_loop_is_told_where_a_policy_of_aws_allows_it(load, policy: str, told: int) -> None:
    role = f"role: {{policies: ['arn:aws:iam::aws:policy/{policy}']}}"
    found = expanded(load(f"functions: {{a: {{{role}, triggers: [s3: pics]}}}}"))
    assert len([one for one in found.notices if "calls itself for ever" in one]) == told
