# ruff: noqa: E501
import re
import textwrap
from dataclasses import replace

import pytest

from lcli.errors import ExitCode, LcliError
from lcli.manifest import api
from lcli.manifest.document import read
from lcli.manifest.loading import check, check_stage, every_problem, in_order, load
from lcli.resources.model import Place

PLACE = Place("photos", "", "eu-west-1", "123456789012")
GOOD = "source: src, runtime: python3.13, handler: a.b"


@pytest.fixture
def problems(tmp_path, monkeypatch):
    """Loads a manifest and gives its problems as (place, what, next step)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()

    def problems(text):
        (tmp_path / "lcli.yaml").write_text(textwrap.dedent(text))
        with pytest.raises(LcliError) as caught:
            load(read(tmp_path / "lcli.yaml", environ={}), PLACE)
        assert caught.value.exit_code is ExitCode.USAGE
        return [(p.where, p.what, p.next_step) for p in caught.value.problems]

    return problems


SEE = "see docs/manifest.md"
LAYER = "arn:aws:lambda:eu-west-1:111122223333:layer:tools"
OWN_LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:photos-imaging"
BOUND = "add source_arn, source_account or organization, or anybody: true if it is meant"
WHOSE = (
    "write the account's twelve digits into it, for S3 the bucket's name, or add "
    "source_account or organization, or anybody: true if it is meant"
)
TAG = "expected a tag's key of 128 characters at most (aws: is AWS's and lcli: is lcli's)"


@pytest.mark.parametrize(
    ("setting", "where", "what", "next_step"),
    [
        ("memroy: 1", "4:5", "the function one has no key 'memroy'", "did you mean memory?"),
        ("zzz: 1", "4:5", "the function one has no key 'zzz'", None),
        ("async_: {retries: 1}", "4:5", "the function one has no key 'async_'",
         "did you mean async?"),
        ("memory: 64", "4:13", "memory: expected at least 128, not 64", SEE),
        ("memory: big", "4:13", "memory: expected a whole number, not 'big'", SEE),
        ("memory: 1.5", "4:13", "memory: expected a whole number, not 1.5", SEE),
        ("memory: 10241", "4:13", "memory: expected at most 10240 MB, not 10241",
         "only functions with a capacity provider can have more"),
        ("timeout: 901", "4:14", "timeout: expected at most 900 seconds, not 901",
         "only functions with a capacity provider can have more"),
        ('memory: "512"', "4:13", "memory: expected a whole number, not '512'", SEE),
        ("timeout: true", "4:14", "timeout: expected a whole number, not true", SEE),
        ("concurrency: {reserved: true}", "4:29",
         "concurrency.reserved: expected a whole number, not true", SEE),
        ("tracing: NO", "4:14", "tracing: expected true or false, not 'NO'", SEE),
        ("tracing: 1", "4:14", "tracing: expected true or false, not 1", SEE),
        ("tracing: maybe", "4:14", "tracing: expected true or false, not 'maybe'", SEE),
        ("architecture: arm", "4:19", "architecture: expected 'x86_64' or 'arm64', not 'arm'", SEE),
        ("layers: x", "4:13", "layers: expected a list, not 'x'", SEE),
        ("layers: [a, b, c, d, e, f]", "4:5", "layers: expected at most 5 of them, not 6", SEE),
        ("layers: [imagin]", "4:14", "the manifest has no layer 'imagin'", "did you mean imaging?"),
        *(
            (f"layers: ['{arn}']", "4:14", f"layers[0]: {arn} is not the ARN of a layer version",
             "its form is arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION")
            for arn in ("arn:bad", LAYER, f"{LAYER}:latest", LAYER.replace("eu-west-1", "") + ":1",
                        "arn:aws:s3:::photos")
        ),
        *(
            (f"layers: [{one}, {two}]", f"4:{16 + len(one)}",
             f"the layer {told} is used twice: a function has one version of it",
             "keep one of them")
            for one, two, told in (
                ("imaging", "imaging", "imaging"),
                ("imaging", '"${layer:imaging.arn}"', "photos-imaging"),
                ("imaging", f"'{OWN_LAYER}:3'", f"{OWN_LAYER}:3"),
                (f"'{LAYER}:1'", f"'{LAYER}:2'", f"{LAYER}:2"),
            )
        ),
        ("vpc: 1", "4:10", "vpc: expected a map of settings, not 1", SEE),
        ("vpc: {subnets: [a], security_groups: [sg-b]}", "4:21",
         "vpc.subnets[0]: expected a subnet's id (subnet-…), not 'a'", SEE),
        ("vpc: {subnets: [subnet-a]}", "4:5", "vpc has no security_groups", "add security_groups:"),
        ("vpc: {subnet: [a], subnets: [subnet-a], security_groups: [sg-b]}", "4:11",
         "vpc has no key 'subnet'", "did you mean subnets?"),
        ("role: [1]", "4:5", "role: expected text or a map of settings, not a list", SEE),
        ("role: {bundary: x}", "4:12", "role has no key 'bundary'", "did you mean boundary?"),
        ("role: a b", "4:11", "'a b' is neither a role's ARN nor its name",
         "leave role out for one that lcli makes and keeps"),
        ("kms_key: x", "4:14", "kms_key: expected an ARN (arn:…), not 'x'", SEE),
        ("alias: true", "4:12", "alias: expected an alias's name (letters, digits, - and _; "
         "not digits alone) or false, not true", SEE),
        ("log: {retention_days: 2}", "4:27", None, SEE),
        ("log: {level: info}", "4:18", "log.level needs log.format: json",
         "add format: json, or leave the level out"),
        ("environment: {A-B: 1}", "4:19", "environment.A-B: expected a variable's name: a letter, "
         "then letters, digits and _ (two at least)", SEE),
        ("environment: {AWS_REGION: x}", "4:19",
         "Lambda sets the environment variable AWS_REGION itself", "use another name"),
        ("environment: {AA: [hush]}", "4:19", "environment.AA: expected text", SEE),
        ("ignore: [memroy]", "4:14", "ignore: 'memroy' is nothing that can be left to others",
         "did you mean memory?"),
        ("ignore: [log.retention]", "4:14",
         "ignore: 'log.retention' is nothing that can be left to others",
         "did you mean log.retention_days?"),
        ("ignore: [triggers]", "4:14", "ignore: 'triggers' is nothing that can be left to others",
         "known: api.NAME, architecture, async, concurrency, dead_letter, description, environment, "
         "environment.NAME, file_systems, handler, image, kms_key, layers, log, memory, provisioned, "
         "reserved, role, runtime, source, storage, tags, tags.NAME, timeout, tracing, url, vpc, and "
         "their members"),
        ("ignore: [environment.A, tags, tags.x, api.SnapStart, vpc.subnets, alias]", "4:71",
         "ignore: 'alias' is nothing that can be left to others", None),
        ("source: nope", "4:13", "the source nope does not exist",
         "its path is relative to the manifest's folder"),
        ("runtime: pyton3.13", "4:14", "Lambda has no runtime 'pyton3.13'", None),
        ("image: {command: x}", "4:5",
         "image is for functions whose source is a container image",
         "remove it, or let source be the image's URI"),
        ("concurrency: {reserved: 1, provisioned: 2}", "4:45",
         "provisioned (2) is more than reserved (1)", "reserve at least as many"),
        ("permissions: [{principal: x, source_account: 12}]", "4:50",
         "permissions[0].source_account: expected an account's twelve digits, not 12", SEE),
        ("permissions: [{principal: '*'}]", "4:31", "everybody may invoke one on anybody's behalf",
         BOUND),
        ("permissions: [{principal: sns.amazonaws.com, action: 'lambda:*'}]", "4:31",
         "sns.amazonaws.com may invoke one on anybody's behalf", BOUND),
        ("permissions: [{principal: '*', source_arn: '*'}]", "4:48",
         "everybody may invoke one on anybody's behalf: source_arn does not say whose", WHOSE),
        *(
            (f"permissions: [{{principal: s3.amazonaws.com, source_arn: '{arn}'}}]", "4:61",
             "s3.amazonaws.com may invoke one on anybody's behalf: source_arn does not say whose",
             WHOSE)
            for arn in ("arn:aws:s3:::*", "arn:aws:s3:::?hotos", "arn:aws:events:*:*:rule/*",
                        "arn:aws:sns:eu-west-1:12345678901?:t", "arn:*")
        ),
        ("description: ${layer:imaging.arn}", "4:18",
         "description cannot be a value that AWS has yet to choose",
         "use it in environment or layers"),
        ("tags: {'AWS:x': 1}", "4:12", f"tags.AWS:x: {TAG}, not 'AWS:x'", SEE),
        ("tags: {'lcli:x': 1}", "4:12", f"tags.lcli:x: {TAG}, not 'lcli:x'", SEE),
        (f"tags: {{{'k' * 129}: x}}", "4:12",
         f"tags.{'k' * 129}: {TAG}, not '{'k' * 60}…'", SEE),
        (f"tags: {{k: {'v' * 257}}}", "4:15",
         f"tags.k: expected at most 256 characters, not '{'v' * 60}…'", SEE),
        (f"tags: {{{', '.join(f'k{n}: x' for n in range(46))}}}", "4:5",
         "tags: expected at most 45 of them, not 46", SEE),
        ("api: {Foo: 1}", "4:11", "CreateFunction has no parameter 'Foo'",
         "known: AcceleratorConfig, CapacityProviderConfig, CodeSigningConfigArn, DurableConfig, "
         "PublishTo, RecursiveLoop, RuntimeConfig, RuntimeManagementConfig, SnapStart, "
         "TenancyConfig"),
        ("api: {MemorySize: 1}", "4:11",
         "api.MemorySize has a short name in the manifest: memory", "set memory: instead"),
        ("api: {SnapStart: {ApplyOn: PublishedVersion}}", "4:32",
         "ApplyOn has no value 'PublishedVersion'", "did you mean PublishedVersions?"),
        ("api: {SnapStart: {ApplOn: None}}", "4:23", "SnapStart has no parameter 'ApplOn'",
         "did you mean ApplyOn?"),
        ("api: {SnapStart: 1}", "4:22", "SnapStart: expected a map",
         "see the Lambda API reference"),
        ("api: {DurableConfig: {ExecutionTimeout: 0}}", "4:45",
         "ExecutionTimeout: expected at least 1, not 0", "see the Lambda API reference"),
        ("api: {RecursiveLoop: Alow}", "4:26", "RecursiveLoop has no value 'Alow'",
         "did you mean Allow?"),
        ("api: {RecursivLoop: Allow}", "4:11", "CreateFunction has no parameter 'RecursivLoop'",
         "did you mean RecursiveLoop?"),
        ("api: {RuntimeManagementConfig: Auto}", "4:36", "RuntimeManagementConfig: expected a map",
         "see the Lambda API reference"),
        ("api: {RuntimeManagementConfig: {UpdateRuntimOn: Auto}}", "4:37",
         "RuntimeManagementConfig has no parameter 'UpdateRuntimOn'", "did you mean UpdateRuntimeOn?"),
        ("api: {RuntimeManagementConfig: {UpdateRuntimeOn: Manual}}", "4:11",
         "RuntimeManagementConfig: UpdateRuntimeOn: Manual and RuntimeVersionArn belong together",
         "set both or neither"),
        ("api: {RuntimeManagementConfig: {UpdateRuntimeOn: Manual, RuntimeVersionArn: 'arn:aws:lambda:x:1:rt'}}",
         "4:81", "RuntimeVersionArn: expected at least 26 characters, not 21",
         "see the Lambda API reference"),
        ("api: {RuntimeManagementConfig: {UpdateRuntimeOn: Manual, RuntimeVersionArn: 'arn:aws:lambda:eu-west-1::layer:x'}}",
         "4:81", "RuntimeVersionArn: expected the ARN of a runtime version "
         "(arn:PARTITION:lambda:REGION::runtime:…), not 'arn:aws:lambda:eu-west-1::layer:x'",
         "see the Lambda API reference"),
        ("api: {CodeSigningConfigArn: x}", "4:33",
         "CodeSigningConfigArn: expected the ARN of a code signing configuration "
         "(arn:PARTITION:lambda:REGION:ACCOUNT:code-signing-config:csc-…), not 'x'",
         "see the Lambda API reference"),
        ("api: {CapacityProviderConfig: {LambdaManagedInstancesCapacityProviderConfig: {CapacityProviderArn: x}}}",
         "4:104", "CapacityProviderArn: expected the ARN of a capacity provider, not 'x'",
         "see the Lambda API reference"),
        ("api: {PublishTo: LATEST_PUBLISHED}", "4:11",
         "api.PublishTo cannot be set: lcli publishes a version and moves the alias by itself",
         "leave it out"),
        ("api: {Code: {S3ObjectStorageMode: REFERENCE}}", "4:18",
         "api.Code.S3ObjectStorageMode cannot be set: AWS does not tell which mode a function has, "
         "so lcli could not see whether it is the one that the manifest asks for", "leave it out"),
        ("api: {Code: {SourceKMSKeyArn: key}}", "4:35",
         "SourceKMSKeyArn: expected the ARN of a KMS key, not 'key'", "see the Lambda API reference"),
        ("api: {Code: {ImageUri: x}}", "4:18",
         "api.Code.ImageUri has a short name in the manifest: source", "set source: instead"),
        ("api: {Code: {SourceKMSKeyAn: x}}", "4:18", "Code has no parameter 'SourceKMSKeyAn'",
         "did you mean SourceKMSKeyArn?"),
        ("api: {TenancyConfig: {}}", "4:11", "TenancyConfig has no TenantIsolationMode",
         "add TenantIsolationMode:"),
        ("triggers: [sqss: x]", "4:16", "triggers has no event source 'sqss'", "did you mean sqs?"),
        ("triggers: [sns: x]", "4:16", "triggers has no event source 'sns'",
         "known: dynamodb, http, kinesis, s3, sqs"),
        ("triggers: [x]", "4:16", "a trigger is a map with one key, the kind of its source", None),
        ("triggers: [{sqs: a, s3: b}]", "4:16",
         "a trigger is a map with one key, the kind of its source", None),
        ("triggers: [sqs: {queue: q, bach_size: 1}]", "4:32",
         "triggers[0].sqs has no key 'bach_size'", "did you mean batch_size?"),
        ("triggers: [sqs: {}]", "4:16", "triggers[0].sqs has no queue", "add queue:"),
        *(
            (f"triggers: [sqs: {{queue: q, filter: [{{{pattern}}}]}}]", f"4:{column}",
             f"filter: {what}", next_step)
            for pattern, column, what, next_step in (
                ("body: paid", 48, "body must be a list of values", "write body: [VALUE]"),
                ("body: {size: 1}", 55, "size must be a list of values", "write size: [VALUE]"),
                ("body: {size: null}", 55, "size must be a list of values", "write size: [VALUE]"),
                ("body: []", 42, "body has no value", "write body: [VALUE], or remove it"),
                ("body: [[a]]", 49, "body has a list within a list", "write the values in one list"),
                ("body: [a, {prefx: b}]", 52, "body has a map without one operator",
                 "did you mean prefix?"),
                ("body: [{prefix: b, suffix: c}]", 49, "body has a map without one operator",
                 "known: anything-but, cidr, equals-ignore-case, exactly, exists, numeric, prefix, "
                 "suffix, wildcard"),
                ("$or: [{body: a}, {type: [b]}]", 55, "body must be a list of values",
                 "write body: [VALUE]"),
            )
        ),
        ("triggers: [sqs: {queue: q, batch_size: 0}]", "4:44",
         "triggers[0].sqs.batch_size: expected at least 1, not 0", SEE),
        ("triggers: [sqs: {queue: q, api: {ProvisionedPollerConfig: {MinimumPollers: x}}}]",
         "4:80", "MinimumPollers: expected a whole number", "see the Lambda API reference"),
    ],
)  # fmt: skip
def test_one_wrong_setting(problems, setting, where, what, next_step):
    key = setting.partition(":")[0]
    good = "".join(f"    {each}\n" for each in GOOD.split(", ") if not each.startswith(key))
    head = "app: photos\nfunctions:\n  one:\n"
    found = problems(f"{head}    {setting}\n{good}layers: {{imaging: {{source: src}}}}\n")
    assert len(found) == 1, found
    assert found[0][0] == f"lcli.yaml:{where}"
    assert what is None or found[0][1] == what
    assert found[0][2] if next_step is None else found[0][2] == next_step


def test_every_problem_at_once_in_the_order_of_the_file(problems):
    found = problems("""\
        app: photos
        regin: eu-west-1
        functions:
          one:
            source: nope
            memory: 64
            environment: {AA: "${env:NOPE}"}
            triggers: [http: GET /]
          two: {}
        """)
    assert [where for where, _, _ in found] == [
        f"lcli.yaml:{place}"
        for place in ("2:1", "4:3", "4:3", "5:13", "6:13", "7:24", "9:3", "9:3", "9:3")
    ]
    assert [what for _, what, _ in found][-3:] == [
        "the function two has no source",
        "the function two has no runtime",
        "the function two has no handler",
    ]


def test_a_problem_of_defaults_is_told_once(problems):
    found = problems(f"""\
        app: photos
        defaults: {{memroy: 1}}
        functions:
          one: {{{GOOD}}}
          two: {{{GOOD}}}
        """)
    assert [(where, next_step) for where, _, next_step in found] == [
        ("lcli.yaml:2:12", "did you mean memory?")
    ]


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("name: x\nfunctions: {one: {GOOD}, two: {GOOD}}", "3:68",
         "one and two have one AWS name: x"),
        (f"functions: {{{'x' * 60}: {{GOOD}}}}", "2:13",
         f"the AWS name photos-{'x' * 60} has 67 characters"),
        ("functions: {1x: {GOOD}}", "2:13", "'1x' is not a function's key"),
        ("name: a b\nfunctions: {one: {GOOD}}", "3:13", "'a b' cannot be a function's name in AWS"),
        ("region: a\nregions: [b]\nfunctions: {}", "3:1", "region and regions are both set"),
        ("app2: x", "1:1", "the manifest has no functions"),
        ("functions: [a]", "2:12", "functions takes a map"),
        ("functions: {one: {GOOD, triggers: [http: GET /]}, two: {GOOD, triggers: [http: get /]}}",
         "2:164", "the route GET / is used twice: by one and two"),
        ("functions: {one: {GOOD, alias: false, concurrency: {provisioned: 1}}}", "2:108",
         "provisioned concurrency needs an alias, and alias is false"),
        ("functions: {one: {GOOD, alias: false, api: {SnapStart: {ApplyOn: PublishedVersions}}}}",
         "2:87", "SnapStart works on published versions, and with alias: false nothing is published"),
        ("functions: {one: {GOOD, alias: false, api: {DurableConfig: {ExecutionTimeout: 9}}}}",
         "2:87", "a durable function is invoked by a version or an alias, and alias is false"),
        ("functions: {one: {GOOD, api: {DurableConfig: {RetentionPeriodInDays: 9}}}}",
         "2:73", "a durable function needs an ExecutionTimeout"),
    ],
)  # fmt: skip
def test_what_concerns_several_settings(problems, text, where, what):
    found = problems("app: photos\n" + text.replace("GOOD", GOOD))
    assert (f"lcli.yaml:{where}", what) in [(place, told) for place, told, _ in found]


@pytest.mark.parametrize(
    ("variables", "size", "largest"),
    [
        # {"AA":"…"} are nine bytes more.
        pytest.param(f"AA: {'é' * 2043}x", "", "", id="as much as Lambda takes"),
        pytest.param(f"AA: {'é' * 2044}", "4,097", "AA", id="more"),
        pytest.param(
            f"AA: {'x' * 9}, BB: {'x' * 3000}, CC: {'x' * 21}, DD: {'x' * 2000}",
            "5,063",
            "BB, DD, CC",
            id="of several the largest are named",
        ),
    ],
)
def test_an_environment_is_measured_in_utf_8(problems, variables, size, largest):
    found = problems(f"""\
        app: photos
        functions:
          one: {{{GOOD}, memory: 64,
            environment: {{{variables}}}}}
        """)
    told = (
        "lcli.yaml:4:5",
        f"the environment has {size} bytes; Lambda takes 4,096",
        f"shorten it (the largest: {largest}), or keep large values in Parameter Store, S3 or a "
        "file of the source, and read them in the function",
    )
    assert found[1:] == ([told] if size else [])


def test_values_of_the_environment_are_not_shown(problems, tmp_path):
    problems(f"app: photos\nfunctions: {{one: {{{GOOD}, environment: {{A: [hush], B1: hush}}}}}}\n")
    with pytest.raises(LcliError) as caught:
        load(read(tmp_path / "lcli.yaml", environ={}), PLACE)
    assert "hush" not in repr(caught.value.problems)


def test_the_line_is_shown_with_a_caret(problems, tmp_path):
    problems(f"app: photos\nfunctions:\n  one: {{{GOOD}, memory: 64}}\n")
    with pytest.raises(LcliError) as caught:
        load(read(tmp_path / "lcli.yaml", environ={}), PLACE)
    (problem,) = caught.value.problems
    assert problem.excerpt == f"  one: {{{GOOD}, memory: 64}}\n" + " " * 64 + "^"


def test_very_many_problems_are_counted(problems):
    settings = "".join(f"    wrong{i}: 1\n" for i in range(150))
    good = "".join(f"    {each}\n" for each in GOOD.split(", "))
    found = problems(f"app: photos\nfunctions:\n  one:\n{good}{settings}")
    assert len(found) == 101
    assert found[-1] == ("", "50 more problems", "correct these first")


def test_a_wrong_trigger_does_not_hide_what_is_wrong_with_the_others(problems):
    found = problems("""\
        app: photos
        functions:
          one:
            source: src
            runtime: python3.13
            handler: a.b
            triggers:
              - sqs: {queue: q, bach_size: 1}
              - sqs: {queue: q, api: {ProvisionedPollerConfig: {MinimumPollers: x}}}
              - http: GET /
              - http: GET /
        """)
    assert [(where, what) for where, what, _ in found] == [
        ("lcli.yaml:8:25", "triggers[0].sqs has no key 'bach_size'"),
        ("lcli.yaml:9:73", "MinimumPollers: expected a whole number"),
        ("lcli.yaml:11:15", "the route GET / is used twice: by one, also at lcli.yaml:10:15"),
    ]


def test_settings_that_do_not_go_together_hide_nothing(problems):
    found = problems("""\
        app: photos
        functions:
          one:
            source: src
            runtime: python3.13
            handler: a.b
            triggers:
              - sqs: orders
              - sqs: {queue: orders, batch_size: 20, filter: [{body: []}]}
        """)
    assert [(where, what) for where, what, _ in found] == [
        (
            "lcli.yaml:9:9",
            "triggers[1].sqs: a batch_size over 10 needs a batch_window of at least 1 second",
        ),
        ("lcli.yaml:9:22", "the queue orders is used twice: by one, also at lcli.yaml:8:14"),
        ("lcli.yaml:9:56", "filter: body has no value"),
    ]


ARNS = {
    "sqs": "arn:aws:sqs:eu-west-1:123456789012:",
    "dynamodb": "arn:aws:dynamodb:eu-west-1:123456789012:table/",
    "kinesis": "arn:aws:kinesis:eu-west-1:123456789012:stream/",
}


@pytest.mark.parametrize(
    ("kind", "short"), [("sqs", "queue"), ("dynamodb", "table"), ("kinesis", "stream")]
)
def test_a_function_polls_a_source_once(problems, kind, short):
    # Two functions may poll one stream, and another account's queue may have the same name.
    found = problems(f"""\
        app: photos
        functions:
          one:
            source: src
            runtime: python3.13
            handler: a.b
            triggers:
              - {kind}: orders
              - {kind}: {{{short}: orders, batch_size: 5}}
              - {kind}: {ARNS[kind]}orders
              - {kind}: {ARNS[kind].replace("1234", "4321")}orders
          two: {{{GOOD}, triggers: [{kind}: orders]}}
        """)
    keep = f"keep one of them, or give one another {short}"
    twice = f"is used twice: by one, also at lcli.yaml:8:{11 + len(kind)}"
    assert found == [
        (f"lcli.yaml:9:{14 + len(kind + short)}", f"the {short} orders {twice}", keep),
        (f"lcli.yaml:10:{11 + len(kind)}", f"the {short} {ARNS[kind]}orders {twice}", keep),
    ]


def test_a_wrong_name_does_not_hide_the_rest(problems):
    found = problems(f"""\
        app: photos
        name: ${{env:NOPE}}-${{function}}
        functions:
          one: {{{GOOD}, memory: 64}}
          two: {{{GOOD}, name: "${{ssm:/x}}"}}
          3rd: {{{GOOD}}}
        """)
    assert [(where, what) for where, what, _ in found] == [
        ("lcli.yaml:2:7", "the environment variable NOPE is not set"),
        ("lcli.yaml:4:65", "memory: expected at least 128, not 64"),
        ("lcli.yaml:5:64", "name: the parameter /x is in AWS, which is not asked here"),
        ("lcli.yaml:6:3", "'3rd' is not a function's key"),
    ]


@pytest.mark.parametrize(
    ("top", "what"),
    [
        ("app: Photos", "app: expected a name such as photos ([a-z][a-z0-9-]*), not 'Photos'"),
        ("app: x, account: 12", "account: expected an account's twelve digits, not 12"),
        ("app: x, regions: [us-east-1, us-east-1]", "us-east-1 is there twice"),
        ("app: x, zzz: 1", "the manifest has no key 'zzz'"),
        ("app: x, local: 3", "local: expected a map of settings, not 3"),
        ("app: x, artifacts: {zzz: 1}", "artifacts has no key 'zzz'"),
        ("app: x, http: {zzz: 1}", "http has no key 'zzz'"),
    ],
)
def test_a_wrong_top_level_does_not_hide_the_layers(problems, top, what):
    found = problems(f"""\
        {re.sub(", (?=[a-z]+:)", chr(10) + 8 * " ", top)}
        layers:
          good: {{source: src, runtimes: [python3.99]}}
          bad: {{sorce: src}}
        functions: {{one: {{{GOOD}}}}}
        """)
    assert [what for _, what, _ in found] == [
        what,
        "Lambda has no runtime 'python3.99'",
        "the layer bad has no source",
        "the layer bad has no key 'sorce'",
    ]


@pytest.mark.parametrize(
    ("identity", "where", "what"),
    [
        ("name: x-${function}", "1:1", "the manifest has no app name"),
        ("app: 3", "1:6", "app: the app's name must be text, not 3"),
        ("app: ${env:NOPE}", "1:6", "the environment variable NOPE is not set"),
        ("{app: photos, account: '${ssm:/a}'}", "1:25", None),
    ],
    ids=["no app", "a number", "app of a variable", "account of a parameter"],
)
def test_a_wrong_identity_comes_together_with_the_rest(problems, tmp_path, identity, where, what):
    rest = f"functions: {{one: {{{GOOD}, memory: 64}}}}"
    text = f"{identity[:-1]}, {rest}}}" if identity[0] == "{" else f"{identity}\n{rest}\n"
    loaded = problems(text)
    document = read(tmp_path / "lcli.yaml", environ={})
    with pytest.raises(LcliError) as caught:
        document.identity  # noqa: B018
    asked = [(one.where, one.what, one.next_step) for one in every_problem(document)]
    assert loaded == asked
    assert [one.what for one in caught.value.problems] == [asked[0][1]]
    (first, of_it, _), (_, other, _) = asked
    assert (first, other) == (f"lcli.yaml:{where}", "memory: expected at least 128, not 64")
    assert what in (None, of_it)


@pytest.mark.parametrize(
    "arn",
    [f"{LAYER}:1", f"{LAYER.replace('aws', 'aws-us-gov')}:12", "arn:aws:lambda:::awslayer:Tools"],
)
def test_arns_of_layer_versions_are_taken(tmp_path, arn):
    (tmp_path / "src").mkdir()
    manifest = tmp_path / "lcli.yaml"
    manifest.write_text(f"app: photos\nfunctions:\n  one: {{{GOOD}, layers: ['{arn}']}}\n")
    assert load(read(manifest, environ={}), PLACE).functions["one"].layers == (arn,)


@pytest.mark.parametrize(
    "pattern",
    [
        "{body: [paid, 1, 1.5, true, null]}",
        "{body: {a: {b: [{prefix: x}, {exists: false}, {anything-but: [a, b]}]}}}",
        "{body: {n: [{numeric: ['>', 0, '<=', 5]}], ip: [{cidr: 10.0.0.0/24}]}}",
        "{body: {s: [{anything-but: {prefix: x}}, {suffix: {equals-ignore-case: PNG}}]}}",
        "{body: {s: [{wildcard: 'a*'}, {equals-ignore-case: A}]}}",
        "{$or: [{body: {a: [1]}}, {body: {$or: [{b: [2]}, {c: [{exists: true}]}]}}]}",
        "{body: {$or: [{prefix: x}]}}",
        "{}",
    ],
)
@pytest.mark.parametrize("form", ["[%s]", "%s"])
def test_patterns_that_aws_takes_are_taken(tmp_path, form, pattern):
    (tmp_path / "src").mkdir()
    manifest = tmp_path / "lcli.yaml"
    trigger = f"sqs: {{queue: q, filter: {form % pattern}}}"
    manifest.write_text(f"app: photos\nfunctions:\n  one: {{{GOOD}, triggers: [{trigger}]}}\n")
    assert load(read(manifest, environ={}), PLACE).functions["one"].triggers


def test_runtimes_and_architectures_of_a_layer(problems):
    found = problems(f"""\
        app: photos
        layers:
          lay: {{source: src, runtimes: [python3.13, python9]}}
        functions:
          one: {{{GOOD}}}
        """)
    (where, what, next_step), *_ = found
    assert (where, what) == ("lcli.yaml:3:45", "Lambda has no runtime 'python9'")
    assert next_step.startswith("did you mean python3.9? known: ")
    found = problems(f"""\
        app: photos
        layers: {{lay: {{source: src, architectures: [arm]}}}}
        functions: {{one: {{{GOOD}}}}}
        """)
    assert found == [
        (
            "lcli.yaml:2:45",
            "architectures[0]: expected 'x86_64' or 'arm64', not 'arm'",
            SEE,
        )
    ]


def test_a_layer_of_a_manifest_without_layers(problems):
    assert problems(f"app: photos\nfunctions:\n  one: {{{GOOD}, layers: [imaging]}}\n") == [
        (
            "lcli.yaml:3:66",
            "the manifest has no layer 'imaging'",
            "it has none: write layers: at the top, or name the ARN of a layer version",
        )
    ]


def test_a_function_with_nothing_behind_it_lacks_its_source(problems):
    assert problems(
        "app: photos\ndefaults: {runtime: python3.13, handler: a.b}\nfunctions:\n  one:\n"
    ) == [("lcli.yaml:4:3", "the function one has no source", "add source:")]


def test_tags_of_the_app_are_checked_where_they_stand(problems):
    found = problems(f"app: photos\ntags: {{'aws:x': 1}}\nfunctions:\n  one: {{{GOOD}}}\n")
    assert found == [("lcli.yaml:2:8", f"tags.aws:x: {TAG}, not 'aws:x'", SEE)]


def test_checks_over_all_functions_see_those_that_are_not_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "lcli.yaml").write_text(
        textwrap.dedent(f"""\
        app: photos
        functions:
          one: {{{GOOD}, triggers: [http: GET /]}}
          two: {{{GOOD}, triggers: [http: "${{ssm:/x}}", http: GET /], environment: {{A1: "${{ssm:/x}}"}}}}
          three: {{{GOOD}, memory: 64, name: photos-one}}
        """)
    )
    with pytest.raises(LcliError) as caught:
        load(read(tmp_path / "lcli.yaml", environ={}), PLACE, functions=["one"])
    assert [(one.where, one.what) for one in caught.value.problems] == [
        ("lcli.yaml:4:93", "the route GET / is used twice: by one and two"),
        ("lcli.yaml:5:3", "one and three have one AWS name: photos-one"),
    ]


STAGES = """\
app: photos
defaults: {runtime: python3.13, handler: a.b}
functions:
  one: {source: src}
stages:
  dev:
    defaults: {memory: 64, timeout: "${ssm:/timeout}"}
    functions: {one: {environment: {TOKEN: "${env:ONLY_IN_CI}"}}}
  test:
    account: ${env:TEST_ACCOUNT}
    functions: {two: {source: src, handler: null}}
  prod: {functions: {one: {memroy: 1}, two: {source: src, name: photos-prod-one}}}
"""


def every_stage(path):
    """Place and what of every problem that the manifest and each of its stages have."""
    document = read(path, environ={})
    found = [*check(document, PLACE).problems]
    for stage in document.stages:
        found += check_stage(document, stage, PLACE).problems
    return [(one.where, one.what) for one in in_order(found)]


def test_stages_that_are_not_selected_are_checked_without_asking_for_their_values(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "lcli.yaml").write_text(STAGES)
    assert every_stage(tmp_path / "lcli.yaml") == [
        ("lcli.yaml:7:24", "memory: expected at least 128, not 64 (stage dev)"),
        ("lcli.yaml:11:17", "the function two has no handler (stage test)"),
        ("lcli.yaml:12:28", "the function one has no key 'memroy' (stage prod)"),
        ("lcli.yaml:12:40", "one and two have one AWS name: photos-prod-one (stage prod)"),
    ]


def test_a_stage_that_is_no_map_is_told_with_the_rest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lcli.yaml").write_text(
        "app: photos\nfunctions: {}\nstages: {dev: 1, prod: {zzz: 1}}"
    )
    assert every_stage(tmp_path / "lcli.yaml") == [
        ("lcli.yaml:3:15", "dev takes a map"),
        ("lcli.yaml:3:25", "the manifest has no key 'zzz' (stage prod)"),
    ]


@pytest.mark.parametrize(
    ("keys", "looked_into"),
    [
        pytest.param("memory: 64", True, id="something else is wrong"),
        pytest.param("triggers: [{sqs: {queue: q, zzz: 1}}]", True, id="a trigger is wrong"),
        pytest.param("handler: [1]", True, id="the handler is wrong"),
        pytest.param("handler: '${env:NONE}'", False, id="the handler is not known"),
        pytest.param("source: none", False, id="the source is missing"),
        pytest.param("source: '${env:NONE}'", False, id="the source is not known"),
        pytest.param("exclude: 7", False, id="the patterns are wrong"),
        pytest.param("layers: [other]", False, id="a layer is unknown"),
    ],
)
def test_sources_are_looked_into_where_enough_of_the_function_is_right(
    tmp_path, monkeypatch, keys, looked_into
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "lcli.yaml").write_text(
        f"app: photos\ndefaults: {{{GOOD}}}\nfunctions:\n  one: {{{keys}}}\n"
    )
    found = check(read(tmp_path / "lcli.yaml", environ={}), PLACE)
    assert (len(found.problems), found.app) == (1, None)
    assert [(one.key, one.where) for one in found.functions] == (
        [("one", "lcli.yaml:4:3")] if looked_into else []
    )


@pytest.mark.parametrize(
    ("keys", "codes"),
    [
        ("permissions: [{principal: '*', action: x}]", ["open-to-anybody", "wrong-value"]),
        ("permissions: [{action: x}, {principal: '*'}]", ["missing-key", "wrong-value"]),
        ("permissions: [{principal: '*', source_account: x}]", ["wrong-value"]),
        ("permissions: [{principal: '*', source_arm: x}]", ["unknown-key"]),
        ("alias: false, concurrency: {provisioned: 1, reserved: -1}",
         ["needs-alias", "wrong-value"]),
        ("alias: f g, concurrency: {provisioned: 1}", ["wrong-value"]),
        ("concurrency: {provisioned: 2, reserved: -1}", ["wrong-value"]),
        ("concurrency: {provisioned: 1}, api: {SnapStart: {ApplyOn: PublishedVersions}}, memory: 1",
         ["snapstart-and-provisioned", "wrong-value"]),
        ("log: {retention_days: 2, format: text, level: info}",
         ["level-without-json", "wrong-value"]),
        ("log: {format: jsn, level: info}", ["wrong-value"]),
        ("log: {level: loud}", ["wrong-value"]),
        ("environment: {AWS_REGION: x, 1A: y}", ["reserved-variable", "wrong-value"]),
        ("role: {statements: [{actions: [], resources: '*'}]}, layers: [no]",
         ["unknown-layer", "wrong-value"]),
    ],
)  # fmt: skip
def test_checks_between_keys_are_made_where_their_own_keys_are_right(
    tmp_path, monkeypatch, keys, codes
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "lcli.yaml").write_text(f"app: photos\nfunctions:\n  one: {{{GOOD}, {keys}}}\n")
    found = check(read(tmp_path / "lcli.yaml", environ={}), PLACE)
    assert sorted(one.code for one in found.problems) == codes


ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
SHA = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    "image",
    [
        f"{ECR}/ab",
        f"{ECR}/team/my_app--x.y__z:v1.0-rc_1",
        f"{ECR}.cn/app@{SHA}",
        f"{ECR}/app:1@{SHA}",
        f"{ECR}/{'a' * 256}:{'t' * 300}",
        "123456789012.dkr.ecr.${region}.amazonaws.com/app:${env:TAG, 1}",
    ],
)
def test_an_image_s_uri_that_can_be(tmp_path, image):
    text = f"app: photos\nfunctions:\n  one: {{source: '{image}'}}\n"
    (tmp_path / "lcli.yaml").write_text(text)
    assert load(read(tmp_path / "lcli.yaml", environ={}), PLACE).functions["one"].is_image


@pytest.mark.parametrize(
    ("image", "part"),
    [
        (f"{ECR}/x:1", "repository 'x'"),
        (ECR, "repository ''"),
        (f"{ECR}/", "repository ''"),
        (f"{ECR}/App:1", "repository 'App'"),
        (f"{ECR}/a//b:1", "repository 'a//b'"),
        (f"{ECR}/app-:1", "repository 'app-'"),
        (f"{ECR}/{'a' * 257}", "repository 'aaaaaaa"),
        (f"{ECR}/app:", "tag ''"),
        (f"{ECR}/app:-1", "tag '-1'"),
        (f"{ECR}/app:{'t' * 301}", "tag 'ttttttt"),
        (f"{ECR}/app@sha256:0a", "digest 'sha256:0a'"),
        (f"{ECR}/app:1@", "digest ''"),
        ("12.dkr.ecr.eu-west-1.amazonaws.com/app:1", "registry '12.dkr.ecr.eu-west-1.amazonaws"),
    ],
)
def test_an_image_s_uri_that_cannot_be_is_told_before_ecr_is_asked(problems, image, part):
    ((where, what, next_step),) = problems(
        f"app: photos\nfunctions:\n  one: {{source: '{image}'}}\n"
    )
    assert where == "lcli.yaml:3:17"
    assert what.startswith(f"source: an image in ECR cannot have the {part}")
    assert next_step


def test_an_image_is_refused_by_name_under_local(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lcli.yaml").write_text(
        "app: photos\nfunctions:\n"
        "  one: {source: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/one:1}\n"
    )
    document = read(tmp_path / "lcli.yaml", environ={})
    assert load(document, PLACE).functions["one"].is_image
    with pytest.raises(LcliError) as caught:
        load(document, replace(PLACE, local=True))
    (problem,) = caught.value.problems
    assert (problem.where, problem.what, problem.next_step) == (
        "lcli.yaml:3:17",
        "the function one is a container image, which the local cloud does not run",
        "name the other functions, or leave out --local",
    )


def test_the_runtimes_that_need_no_look_up_are_those_of_the_locked_sdk():
    assert sorted(api.KNOWN_RUNTIMES) == sorted(api.runtimes())


@pytest.mark.parametrize(
    ("setting", "where", "name"),
    [("region: eu-west", "2:9", "region"), ("regions: [eu-west-1, eu-west]", "2:22", "regions[1]")],
)
def test_a_region_has_a_region_s_name(problems, setting, where, name):
    text = f"""\
        app: photos
        {setting}
        functions:
          one: {{source: src, runtime: python3.13, handler: app.handler}}
        """
    assert problems(text) == [
        (f"lcli.yaml:{where}", f"{name}: expected a region such as eu-west-1, not 'eu-west'", SEE)
    ]


def test_with_a_capacity_provider_the_limits_of_on_demand_functions_do_not_hold(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    provider = (
        "CapacityProviderConfig: {LambdaManagedInstancesCapacityProviderConfig: "
        '{CapacityProviderArn: "arn:aws:lambda:eu-west-1:123456789012:capacity-provider:p"}}'
    )
    text = "app: a\nfunctions:\n  f: {%s, memory: 20480, timeout: 1800, api: {%s}}\n"
    (tmp_path / "lcli.yaml").write_text(text % (GOOD, provider))
    found = load(read(tmp_path / "lcli.yaml", environ={}), PLACE).functions["f"]
    assert (found.memory, found.timeout) == (20480, 1800)


def test_rules_of_one_bucket_that_overlap_are_told_at_both_places(problems):
    found = problems("""\
        app: photos
        defaults: {source: src, runtime: python3.13, handler: a.b}
        functions:
          one:
            triggers: [s3: {bucket: pics, prefix: in/}]
          two:
            triggers:
              - s3: {bucket: "arn:aws:s3:::pics", prefix: in/x, events: ObjectCreated:Put}
              - s3: {bucket: pics, prefix: in/x, events: ObjectRemoved:*}
              - s3: {bucket: other, prefix: in/x}
    """)
    what = (
        'one and two: two triggers overlap at the bucket "pics": ObjectCreated:* of "in/*", and '
        'ObjectCreated:Put of "in/x*"; S3 allows one rule for an object\'s event'
    )
    next_step = "give them prefixes or suffixes that exclude each other"
    assert found == [("lcli.yaml:5:16", what, next_step), ("lcli.yaml:8:9", what, next_step)]
