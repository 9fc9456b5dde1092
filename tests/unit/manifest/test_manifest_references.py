import io
import json
import subprocess

import pytest

from lcli.aws.clients import AwsError
from lcli.errors import LcliError
from lcli.manifest import loading
from lcli.manifest.document import read
from lcli.resources.model import Key, Place, Ref, Text

PLACE = Place("photos", "prod", "eu-west-1", "123456789012")
LOCAL = Place("photos", "prod", "eu-west-1", "123456789012", local=True)
HEAD = """\
app: photos
layers: {imaging: {source: src}}
local: {ssm: {/t: local-t}, secret: {db: {password: local-p}}, cfn: {Net.Vpc: vpc-0}}
functions:
  page: {source: src, runtime: python3.13, handler: a.b, url: {auth: none}}
  bare: {source: src, runtime: python3.13, handler: a.b, alias: false}
"""
STATE = {
    "version": 4,
    "outputs": {"zone": {"value": "z-1"}, "key": {"value": "hush", "sensitive": True}},
    "resources": [
        {
            "mode": "managed",
            "type": "aws_iam_role",
            "name": "r",
            "instances": [{"attributes": {"arn": "arn:role", "tags": {"a": "b"}}}],
        },
        {
            "mode": "data",
            "module": "module.net",
            "type": "aws_subnet",
            "name": "s",
            "instances": [
                {"index_key": "x", "attributes": {"id": "subnet-x"}},
                {"index_key": "y", "attributes": {"id": "subnet-y"}},
            ],
        },
    ],
}
ANSWERS = {
    ("GetParameter", "/t"): {"Parameter": {"Value": "token"}},
    ("GetParameter", "/prod/t"): {"Parameter": {"Value": "prod token"}},
    ("GetSecretValue", "db"): {"SecretString": '{"password": "p", "ports": [1, 2]}'},
    ("GetSecretValue", "raw"): {"SecretString": "plain"},
    ("GetSecretValue", "bin"): {"SecretBinary": b"x"},
    ("DescribeStacks", "Net"): {
        "Stacks": [{"Outputs": [{"OutputKey": "Vpc", "OutputValue": "vpc-1"}]}]
    },
    ("GetObject", "terraform.tfstate"): json.dumps(STATE).encode(),
}


class Recorded:
    """Answers of AWS by operation and name; everything else is refused."""

    region = "eu-west-1"

    def __init__(self, code="ResourceNotFoundException", message="no"):
        self.code, self.message = code, message
        self.calls = []

    def call(self, service, operation, /, **parameters):
        known = ("Name", "SecretId", "StackName", "Key")
        name = next(parameters[each] for each in known if each in parameters)
        self.calls.append((operation, name))
        if (operation, name) not in ANSWERS:
            raise AwsError(self.code, self.message, service=service, operation=operation)
        answer = ANSWERS[operation, name]
        return {"Body": io.BytesIO(answer)} if isinstance(answer, bytes) else answer

    def pages(self, service, operation, /, **parameters):
        yield self.call(service, operation, **parameters)


@pytest.fixture
def load(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "note.txt").write_text("text\n")
    (tmp_path / "state.json").write_text(json.dumps(STATE))

    def load(value, place=PLACE, clients=None, environ=None):
        path = tmp_path / "lcli.yaml"
        code = "source: src, runtime: python3.13, handler: a.b"
        one = f"  one: {{{code}, environment: {{VV: {value}}}}}\n"
        path.write_text(HEAD + one)
        document = read(path, stage="prod", environ=environ or {})
        return loading.load(document, place, clients=clients or Recorded(), functions=["one"])

    return load


def variable(app):
    return app.functions["one"].environment["VV"]


ARN = "arn:aws:lambda:eu-west-1:123456789012:function:photos-prod-page"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'${app} ${stage} ${region}'", "photos prod eu-west-1"),
        ("'${account}/${partition}/${function}'", "123456789012/aws/one"),
        ("'${env:HOME_OF}'", "here"),
        ("'${env:NOPE, a default}'", "a default"),
        ("'${env:NOPE,}'", ""),
        ("'${file:note.txt}'", "text"),
        ("'${ssm:/t}'", "token"),
        ("'${ssm:/${stage}/t}'", "prod token"),
        ("'<${secret:raw}>'", "<plain>"),
        ("'${secret:db#password}'", "p"),
        ("'${secret:db#ports.1}'", "2"),
        ("'${cfn:Net.Vpc}'", "vpc-1"),
        ("'${tfstate:state.json#aws_iam_role.r.arn}'", "arn:role"),
        ("'${tfstate:state.json#aws_iam_role.r.tags.a}'", "b"),
        ("'${tfstate:state.json#output.zone}'", "z-1"),
        ("'${tfstate:state.json#module.net.data.aws_subnet.s[\"y\"].id}'", "subnet-y"),
        ("'${tfstate:s3://bucket/terraform.tfstate#output.zone}'", "z-1"),
        ("'${function:page.name}'", "photos-prod-page"),
        ("'${function:page.arn}'", ARN),
        ("'${function:page.alias_arn}'", f"{ARN}:live"),
        ("'${function:page.url}'", Ref(Key("function_url", "photos-prod-page:live"), "url")),
        ("'${layer:imaging.arn}'", Ref(Key("layer", "photos-prod-imaging"), "arn")),
        (
            "'${function:page.url}x${app}'",
            Text((Ref(Key("function_url", "photos-prod-page:live"), "url"), "xphotos")),
        ),
        ("'$${aws:username} $5 {}'", "${aws:username} $5 {}"),
    ],
)
def test_references(load, value, expected):
    assert variable(load(value, environ={"HOME_OF": "here"})) == expected


@pytest.mark.parametrize(
    ("value", "secrets"),
    [
        ("'<${ssm:/t}>'", {"token"}),
        ("'${secret:db#password}'", {"p"}),
        ("'${tfstate:state.json#output.key}'", {"hush"}),
        ("'${cfn:Net.Vpc}'", set()),
    ],
)
def test_secret_values_are_collected(load, tmp_path, value, secrets):
    load(value)
    document = read(tmp_path / "lcli.yaml", stage="prod", environ={})
    found = loading.check(document, PLACE, clients=Recorded(), functions=["one"])
    assert found.secrets == secrets


@pytest.mark.parametrize("key", ["memory", "triggers: [s3", "role: {path", "description"])
def test_a_secret_that_is_no_value_is_not_repeated(tmp_path, monkeypatch, key):
    secret = "x y" * 100
    monkeypatch.setitem(ANSWERS, ("GetParameter", "/long"), {"Parameter": {"Value": secret}})
    (tmp_path / "src").mkdir()
    end = {"[": "]", "{": "}"}.get(key.partition(": ")[2][:1], "")
    (tmp_path / "lcli.yaml").write_text(
        "app: photos\nfunctions:\n  one: {source: src, runtime: python3.13, handler: a.b, "
        f"{key}: '<${{ssm:/long}}'{end}}}\n"
    )
    document = read(tmp_path / "lcli.yaml", environ={})
    found = loading.check(document, PLACE, clients=Recorded())
    (problem,) = found.problems
    assert problem.what.endswith(
        ": the secret value that is referred to here is none that it takes"
    )
    assert found.secrets == {secret}


def test_a_name_that_is_wrong_is_told_also_where_its_value_is_a_secret(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "lcli.yaml").write_text(
        "app: photos\nfunctions:\n  one: {source: src, runtime: python3.13, handler: a.b, "
        "environment: {X: '${ssm:/t}'}}\n"
    )
    document = read(tmp_path / "lcli.yaml", environ={})
    (problem,) = loading.check(document, PLACE, clients=Recorded()).problems
    assert problem.what.startswith("environment.X: expected a variable's name: a letter")


@pytest.mark.parametrize(
    ("description", "holds"),
    [
        ("'<${ssm:/t}>'", True),
        ("'${ secret:db#${env:PART}}'", True),
        ("'${file:${ssm:/t}}'", True),
        ("'$${ssm:/t} ${env:T}'", False),
        ("'${ssm:/t'", False),
        ("[]", False),
    ],
)
def test_that_a_secret_is_referred_to_is_known_without_asking(tmp_path, description, holds):
    text = f"app: a\ndefaults: {{description: {description}}}\nfunctions: {{one: {{}}}}\n"
    (tmp_path / "lcli.yaml").write_text(text)
    document = read(tmp_path / "lcli.yaml", environ={})
    assert document.refers_to_secret("one", "description") is holds
    assert not document.refers_to_secret("one", "memory")


def test_only_what_is_used_is_asked_for_and_once(load):
    clients = Recorded()
    assert variable(load("'${ssm:/t}${ssm:/t}'", clients=clients)) == "tokentoken"
    assert clients.calls == [("GetParameter", "/t")]


@pytest.mark.parametrize(
    ("value", "what", "next_step"),
    [
        ("'${env:NOPE}'", "the environment variable NOPE is not set",
         "set it, or give a default: ${env:NOPE, DEFAULT}"),
        ("'${file:nope}'", "cannot read the file nope: no such file",
         "the path of ${file:…} is relative to the manifest's folder"),
        ("'${file:src}'", "cannot read the file src: it is not a file",
         "the path of ${file:…} is relative to the manifest's folder"),
        ("'${git:tag}'", "git knows no 'tag'", "use ${git:sha} or ${git:branch}"),
        ("'${ssm:/nope}'", "the parameter /nope does not exist",
         "make it in eu-west-1, or correct the name"),
        ("'${secret:bin}'", "the secret bin is binary", "store it as text"),
        ("'${secret:raw#a}'", "the secret raw is not JSON",
         "correct it, or leave out what follows #"),
        ("'${secret:db#pasword}'", "'pasword' is not a key of the secret db",
         "did you mean password?"),
        ("'${secret:db#ports.7}'", "the secret db has no part '7'", "correct what follows #"),
        ("'${cfn:Net}'", "'Net' names no output", "write ${cfn:STACK.OUTPUT}"),
        ("'${cfn:Net.Vpx}'", "'Vpx' is not an output of the stack Net", "did you mean Vpc?"),
        ("'${tfstate:state.json}'", "'state.json' names nothing in a state",
         "write ${tfstate:PATH#resource.name.attribute} or ${tfstate:PATH#output.NAME}"),
        ("'${tfstate:#a.b}'", "'#a.b' names nothing in a state",
         "write ${tfstate:PATH#resource.name.attribute} or ${tfstate:PATH#output.NAME}"),
        ("'${tfstate:note.txt#a.b}'", "the state note.txt is not JSON",
         "correct it, or leave out what follows #"),
        ("'${tfstate:state.json#aws_iam_rol.r}'",
         "the state state.json has no resource 'aws_iam_rol.r'",
         "did you mean aws_iam_role.r?"),
        ("'${function:pag.arn}'", "'pag' is not a function of this manifest", "did you mean page?"),
        ("'${function:bare.url}'", "'url' is not an attribute of the function bare",
         "there are: arn, name"),
        ("'${layer:imaging.version}'", "'version' is not an attribute of the layer imaging",
         "there are: arn"),
        ("'${ssm:}'", "${ssm:} names nothing", "write ${ssm:NAME}"),
        ("'${app'", "a reference ${… is not closed", "add }, or write $${ for a literal ${"),
        ("'${ssm:${function:page.url}}'",
         "a reference inside a reference must give text that is known before the deploy",
         "use one that gives text, such as ${stage} or ${env:NAME}"),
    ],
)  # fmt: skip
def test_each_reference_has_its_own_errors(load, value, what, next_step):
    with pytest.raises(LcliError) as caught:
        load(value)
    (problem,) = caught.value.problems
    assert (problem.what, problem.next_step) == (what, next_step)
    assert problem.where.endswith("lcli.yaml:7:76")


@pytest.mark.parametrize(
    ("code", "what", "next_step"),
    [
        (
            "AccessDeniedException",
            "AWS does not let you read the parameter /x: no",
            "allow ssm:GetParameter (and kms:Decrypt for its key) for your credentials",
        ),
        (
            "Unreachable",
            "cannot read the parameter /x: no",
            "check credentials, region and network (Unreachable)",
        ),
        (
            "NoCredentials",
            "cannot read the parameter /x: no",
            "set AWS_PROFILE or give --profile, or sign in with `aws configure` or "
            "`aws sso login`; with --local the value comes from the manifest's `local`",
        ),
    ],
)
def test_refusals_of_aws_are_told_apart(load, code, what, next_step):
    with pytest.raises(LcliError) as caught:
        load("'${ssm:/x}'", clients=Recorded(code))
    (problem,) = caught.value.problems
    assert (problem.what, problem.next_step) == (what, next_step)


NO_STACK = ("ValidationError", "Stack with id Old does not exist")
INVALID = "1 validation error detected: Value at 'name' failed to satisfy constraint"


@pytest.mark.parametrize(
    ("value", "refusals"),
    [
        ("ssm:/x", {
            "absent": [("ParameterNotFound", ""), ("ParameterVersionNotFound", "")],
            "denied": [("AccessDeniedException", "")],
            "malformed": [("ValidationException", INVALID), ("InvalidParameters", INVALID)],
            "failed": [("InternalServerError", ""), ("Unreachable", "")],
        }),
        ("secret:x#y", {
            "absent": [("ResourceNotFoundException", "")],
            "denied": [("AccessDeniedException", ""), ("AccessDenied", "")],
            "malformed": [("ValidationException", INVALID), ("InvalidParameters", INVALID)],
            "failed": [("InvalidRequestException", ""), ("DecryptionFailure", "")],
        }),
        ("cfn:Old.Out", {
            "absent": [NO_STACK],
            "denied": [("AccessDenied", "")],
            "malformed": [("ValidationError", INVALID), ("ValidationException", INVALID)],
            "failed": [("Throttling", "")],
        }),
        ("tfstate:s3://b/k#a.b", {
            "absent": [("NoSuchKey", ""), ("NoSuchBucket", ""), ("404", "")],
            "denied": [("AccessDenied", "")],
            "malformed": [("InvalidBucketName", ""), ("InvalidParameters", INVALID)],
            "failed": [("SlowDown", "")],
        }),
    ],
)  # fmt: skip
def test_what_aws_refuses_has_a_code_by_its_cause(load, value, refusals):
    for cause, answers in refusals.items():
        for answer in answers:
            with pytest.raises(LcliError) as caught:
                load(f"'${{{value}}}'", clients=Recorded(*answer))
            (problem,) = caught.value.problems
            assert (problem.code, problem.where[-5:]) == (f"reference-{cause}", ":7:76")
            if cause == "malformed":
                assert problem.next_step.startswith(f"write ${{{value[:4].rstrip(':')}")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("env:NOPE", "env-not-set"),
        ("file:nope", "file-unreadable"),
        ("git:tag", "unknown-reference"),
        ("tfstate:nope.json#a.b", "file-unreadable"),
        ("tfstate:state.json#a.b", "reference-absent"),
        ("tfstate:state.json#aws_iam_role.r.b", "reference-absent"),
        ("function:nope.arn", "reference-absent"),
        ("layer:nope.arn", "reference-absent"),
        *((value, "reference-malformed") for value in (
            "env:", "file:", "function:page", "layer:imaging", "tfstate:note.txt#a.b",
            "ssm:", "secret:#key", "secret:raw#", "secret:raw#key", "cfn:Net", "cfn:.Vpc",
            "tfstate:state.json", "tfstate:#a.b", "tfstate:s3://shared#a.b.c", "tfstate:s3://#a.b",
            "cfn:Net.", "tfstate:s3:///key#a.b", "tfstate:s3://bucket/#a.b",
        )),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", [PLACE, LOCAL], ids=["AWS", "local"])
def test_what_names_nothing_is_told_with_its_place(load, tmp_path, value, code, place):
    with pytest.raises(LcliError) as caught:
        load(f"'${{{value}}}'", place=place)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.where.endswith("lcli.yaml:7:76")
    # Of the other stages only the form is looked at: nobody is asked.
    document = read(tmp_path / "lcli.yaml", stage="prod", environ={})
    other = loading.check_stage(document, "prod", place).problems
    has_form = value in ("tfstate:note.txt#a.b", "secret:raw#key") or code != "reference-malformed"
    local = value.startswith(("function", "layer"))
    assert [one.code for one in other] == ([code] if local or not has_form else [])


def test_a_secret_that_is_marked_for_deletion_can_be_restored(load):
    with pytest.raises(LcliError) as caught:
        load("'${secret:old}'", clients=Recorded("InvalidRequestException"))
    (problem,) = caught.value.problems
    assert (problem.what, problem.next_step) == (
        "cannot read the secret old: no",
        "the secret is marked for deletion: restore it (`aws secretsmanager restore-secret`), "
        "or name another",
    )


def test_an_unknown_reference_names_the_nearest_and_the_literal_form(load):
    with pytest.raises(LcliError) as caught:
        load("'${smm:/x}'")
    (problem,) = caught.value.problems
    assert problem.what == "${smm:/x} is no reference"
    assert problem.next_step.startswith("did you mean ${ssm}? known: app, stage,")
    assert problem.next_step.endswith("for the text itself write $${smm:/x}")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'${ssm:/t}'", "local-t"),
        ("'${secret:db#password}'", "local-p"),
        ("'${cfn:Net.Vpc}'", "vpc-0"),
        ("'${secret:raw}'", "plain"),
    ],
)
def test_local_values_come_from_the_manifest_then_from_the_services(load, value, expected):
    app = load(value, place=LOCAL)
    assert (variable(app), app.notices) == (expected, ())


def test_a_value_that_local_lacks_is_a_visible_placeholder_and_one_notice(load):
    app = load("'${ssm:/a}${ssm:/b}'", place=LOCAL)
    assert variable(app) == "local-placeholder-for-ssm:/alocal-placeholder-for-ssm:/b"
    assert app.notices == (
        "no local value for ${ssm:/a}, ${ssm:/b}: placeholders are used; "
        "set them under local: in the manifest",
    )


@pytest.mark.parametrize(
    ("setting", "what", "next_step"),
    [
        (
            "kms_key: '${cfn:S.Key}'",
            "kms_key: expected an ARN (arn:…), not 'local-placeholder-for-cfn:S.Key'",
            "say what it stands for: local: {cfn: {S.Key: …}}",
        ),
        (
            "role: '${ssm:/role}'",
            "'local-placeholder-for-ssm:/role' is neither a role's ARN nor its name",
            "say what it stands for: local: {ssm: {/role: …}}",
        ),
        (
            "triggers: [sqs: '${cfn:S.Queue}']",
            "triggers[0].sqs: 'local-placeholder-for-cfn:S.Queue' is neither the name nor the ARN "
            "of an SQS queue",
            "say what it stands for: local: {cfn: {S.Queue: …}}",
        ),
        (
            "memory: '${secret:sizes#memory}'",
            "memory: expected a whole number, not 'local-placeholder-for-secret:sizes#memory'",
            "say what it stands for: local: {secret: {sizes#memory: …}}",
        ),
    ],
)
def test_a_placeholder_that_is_no_value_names_what_sets_it(tmp_path, setting, what, next_step):
    (tmp_path / "src").mkdir()
    code = "source: src, runtime: python3.13, handler: a.b"
    (tmp_path / "lcli.yaml").write_text(f"app: photos\nfunctions:\n  one: {{{code}, {setting}}}\n")
    found = loading.check(read(tmp_path / "lcli.yaml", environ={}), LOCAL, clients=Recorded())
    assert [(one.what, one.next_step) for one in found.problems] == [(what, next_step)]
    assert found.secrets == frozenset()


def test_texts_that_hold_a_secret_are_known_as_wholes(tmp_path, monkeypatch):
    monkeypatch.setitem(ANSWERS, ("GetParameter", "/n"), {"Parameter": {"Value": "7"}})
    settings = "tags: {one: '${ssm:/n}', two: no}, description: 'build ${ssm:/n}'"
    (tmp_path / "src").mkdir()
    (tmp_path / "lcli.yaml").write_text(
        "app: photos\nfunctions:\n  one: {source: src, runtime: python3.13, handler: a.b, "
        f"environment: {{VV: '${{ssm:/t}}'}}, {settings}}}\n"
    )
    document = read(tmp_path / "lcli.yaml", environ={})
    app = loading.load(document, PLACE, clients=Recorded())
    assert app.secret_texts == {"7", "build 7"}


def test_git(load, tmp_path):
    def git(*words):
        subprocess.run(["git", "-C", tmp_path, *words], check=True, capture_output=True)

    git("init", "-b", "trunk")
    with pytest.raises(LcliError, match="git has no sha here"):
        load("'${git:sha}'")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--allow-empty", "-m", "first")
    assert variable(load("'${git:branch}'")) == "trunk"
    assert len(variable(load("'${git:sha}'"))) == 40


def test_a_whole_reference_keeps_its_type(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "s.json").write_text(
        json.dumps(
            {
                "resources": [],
                "outputs": {"n": {"value": 512}, "s": {"value": ["subnet-a", "subnet-b"]}},
            }
        )
    )
    (tmp_path / "lcli.yaml").write_text(
        "app: photos\nfunctions:\n  one:\n    {source: src, runtime: python3.13, handler: a.b,"
        " memory: '${tfstate:s.json#output.n}', timeout: '${env:T}',"
        " log: {retention_days: '${env:D, 14}'},"
        " vpc: {subnets: '${tfstate:s.json#output.s}', security_groups: [sg-1]}}\n"
    )
    one = loading.load(read(tmp_path / "lcli.yaml", environ={"T": "9"}), PLACE).functions["one"]
    assert one.log.retention_days == 14
    assert (one.memory, one.timeout, one.vpc.subnets) == (512, 9, ("subnet-a", "subnet-b"))


NAMES = {
    "name": "name: %s",
    "alias": "alias: %s",
    "architecture": "architecture: %s",
    "log.group": "log: {group: %s}",
}
CODE = "source: src, runtime: python3.13, handler: a.b"
NOT_ASKED = (
    "app, region, regions, account, name, alias, architecture and log.group say where things are: "
    "they take ${env:…}, ${git:…}, ${file:…}, a Terraform state file on this machine, or a literal"
)


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ("cfn:S.Out", "the stack S"),
        ("ssm:/x", "the parameter /x"),
        ("secret:x#y", "the secret x"),
        ("tfstate:s3://bucket/key#output.x", "the state s3://bucket/key"),
    ],
)
@pytest.mark.parametrize("key", NAMES)
def test_names_are_asked_of_nobody_and_local_values_are_known(tmp_path, key, inside, what):
    kind, _, argument = inside.partition(":")
    setting = NAMES[key] % f"'${{{inside}}}'"

    def named(place, local=""):
        text = f"app: a\nlocal: {{{kind}: {local}}}\nfunctions: {{one: {{{CODE}, {setting}}}}}\n"
        (tmp_path / "lcli.yaml").write_text(text)
        return read(tmp_path / "lcli.yaml", environ={}).named(place)

    (tmp_path / "src").mkdir()
    column = len(f"functions: {{one: {{{CODE}, ") + setting.index("$") + 1
    given = f"{{'{argument}': arm64}}"
    for place, local in ((PLACE, given), (PLACE, "{}"), (LOCAL, "{}")):
        (problem,) = named(place, local)[1].problems
        document, clients = read(tmp_path / "lcli.yaml", environ={}), Recorded()
        assert loading.check(document, place, clients=clients).problems == (problem,)
        assert clients.calls == []
        assert problem.where.endswith(f"lcli.yaml:3:{column}")
        assert (problem.code, problem.what, problem.next_step) == (
            ("aws-not-asked", f"{key}: {what} is in AWS, which is not asked here", NOT_ASKED)
            if place is PLACE
            else (
                "reference-absent",
                f"{key}: ${{{inside}}} has no value under local, and AWS is not asked for names",
                f"say what it stands for: local: {{{kind}: {{{argument}: …}}}}",
            )
        )
    (one,), resolving = named(LOCAL, given)
    value = {"name": one.name, "log.group": one.log_group}.get(key) or getattr(one, key)
    assert (value, resolving.problems) == ("arm64", [])


def test_app_region_and_account_know_no_aws(tmp_path):
    (tmp_path / "lcli.yaml").write_text("app: photos\naccount: ${ssm:/account}\nfunctions: {}\n")
    with pytest.raises(LcliError) as caught:
        read(tmp_path / "lcli.yaml").identity  # noqa: B018
    (problem,) = caught.value.problems
    assert problem.what == "account: the parameter /account is in AWS, which is not asked here"
    assert problem.next_step == NOT_ASKED
