import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from lcli.resources import kinds
from lcli.resources.compare import leaves
from lcli.resources.model import Action, Change, Key, Place, Ref, Resource, Verb
from lcli.resources.permission import permission
from lcli.resources.role import role
from lcli.resources.role_policy import statements
from lcli.ui.mask import Mask
from lcli.ui.plan import is_in_brief, plan_tree, summary
from lcli.ui.values import one_line, shown

FUNCTION = Resource(Key("function", "photos-thumbnail"), {}, function="thumbnail")
VERSION = Ref(Key("version", "photos-thumbnail"), "number")
ACTIONS = [
    Action(
        Verb.UPDATE,
        FUNCTION,
        changes=(
            Change("Environment.TOKEN", "old-secret", "new-secret", secret=True),
            Change("MemorySize", 256, 512),
            Change("Description", "", "uses new-secret [red]"),
        ),
    ),
    Action(
        Verb.UPDATE,
        Resource(Key("alias", "photos-thumbnail:live"), {}, function="thumbnail"),
        changes=(Change("FunctionVersion", "6", VERSION),),
    ),
    Action(Verb.DELETE, Resource(Key("http_api", "photos\x1b"), {}), reason="no route is left"),
    Action(Verb.NONE, Resource(Key("role", "r"), {}, function="thumbnail")),
]


def rendered(mask):
    stream = io.StringIO()
    console = Console(file=stream, width=100, markup=False, highlight=False)
    console.print(plan_tree("photos", ACTIONS, {}, mask))
    return stream.getvalue()


def test_a_plan_is_a_tree_with_secrets_masked():
    assert rendered(Mask({"new-secret"})) == (
        "photos\n"
        "├── shared by the app\n"
        "│   └── - http_api photos\\x1b  (no route is left)\n"
        "└── thumbnail\n"
        "    ├── ~ function photos-thumbnail\n"
        "    │   ├── Environment.TOKEN: (secret) → (secret)\n"
        "    │   ├── MemorySize: 256 → 512\n"
        '    │   └── Description: "" → uses (secret) [red]\n'
        "    └── ~ alias photos-thumbnail:live\n"
        "        └── FunctionVersion: 6 → (new)\n"
    )


def tree_of(*actions, mask=None, full=False):
    stream = io.StringIO()
    console = Console(file=stream, width=250, markup=False, highlight=False)
    console.print(plan_tree("photos", actions, kinds(), mask or Mask(), full=full))
    return stream.getvalue().splitlines()[2:]


MEMORY, CODE = Change("MemorySize", 256, 512), Change("Code", "a" * 64, "0123456789ab" + "c" * 52)
NUMBER = Change("Version", "6", VERSION)
PUBLISHED = Resource(Key("version", "photos-thumbnail"), {}, function="thumbnail")


def test_a_version_does_not_repeat_what_its_function_says():
    assert tree_of(
        Action(Verb.UPDATE, FUNCTION, changes=(MEMORY,)),
        Action(Verb.REPLACE, PUBLISHED, changes=(NUMBER, MEMORY, CODE)),
    ) == [
        "    ├── ~ function photos-thumbnail",
        "    │   └── MemorySize: 256 → 512",
        "    └── + version photos-thumbnail",
        "        ├── Version: 6 → (new)",
        "        └── Code: aaaaaaaaaaaa → 0123456789ab",
    ]


def test_a_version_of_a_function_that_is_up_to_date_says_all_itself():
    assert tree_of(Action(Verb.REPLACE, PUBLISHED, changes=(NUMBER, MEMORY))) == [
        "    └── + version photos-thumbnail",
        "        ├── Version: 6 → (new)",
        "        └── MemorySize: 256 → 512",
    ]


def test_lcli_s_own_marks_are_told_only_where_they_change():
    mark = Change("Tags.lcli:app", None, "photos")
    assert tree_of(
        Action(Verb.CREATE, FUNCTION, changes=(mark, Change("Tags.team", None, "red"))), full=True
    ) == ["    └── + function photos-thumbnail", "        └── Tags.team: red"]
    assert "        └── Tags.lcli:app: (none) → photos" in tree_of(
        Action(Verb.UPDATE, FUNCTION, changes=(mark,))
    )


def test_show_values_shows_them():
    assert "TOKEN: old-secret → new-secret" in rendered(Mask({"new-secret"}, show=True))


def test_the_summary_counts_what_changes():
    assert summary(ACTIONS, kinds()) == "2 to update, 1 to delete"
    assert summary(ACTIONS[3:], kinds()) == "no changes"


def test_only_what_is_made_again_is_replaced():
    """A version and a layer stay when the next one is published."""
    replaced = [
        Action(Verb.REPLACE, Resource(Key(kind, "photos"), {}, function="f"))
        for kind in ("version", "layer", "function_url")
    ]
    assert summary(replaced, kinds()) == "2 to publish, 1 to replace"
    assert [line[8:11] for line in tree_of(*replaced)] == ["+ v", "+ l", "± f"]


PLACE = Place("photos", "", "eu-west-1", "123456789012")
S3 = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::photos/*"}
LOGS = statements(PLACE, log_group="/aws/lambda/photos-thumbnail")


def new(resource, *changes):
    return Action(Verb.CREATE, resource, changes=changes)


def a_role(*more):
    return role(PLACE, "thumbnail", "photos-thumbnail", statements=[*LOGS, *more])


def a_new_function(*changes, role=None):
    """As a plan makes it: with all its fields, of which most are AWS's defaults."""
    wanted = replace(
        FUNCTION, fields={"PackageType": "Zip", "Role": "arn"}, needs=((role or a_role()).key,)
    )
    return new(
        wanted,
        Change("EphemeralStorage.Size", None, 512),
        Change("PackageType", None, "Zip"),
        Change("Role", None, "arn"),
        *changes,
    )


def of_role(resource):
    return new(resource, *(Change(path, None, one) for path, one in leaves("", resource.fields)))


def test_a_new_function_is_told_in_brief():
    action = a_new_function(
        Change("Handler", None, "app.handler"),
        Change("MemorySize", None, 256),
        Change("Environment.TOKEN", None, "t", secret=True),
        Change("Environment.MODE", None, "m", secret=True),
    )
    version, alias = (Resource(Key(k, "photos-thumbnail"), {}, function="thumbnail") for k in "va")
    lines = tree_of(
        action,
        of_role(a_role()),
        new(replace(version, key=Key("version", "photos-thumbnail"))),
        new(replace(alias, key=Key("alias", "photos-thumbnail:live"))),
        new(Resource(Key("log_group", "/other"), {}, function="thumbnail")),
    )
    assert lines == [
        "    ├── + function photos-thumbnail  Handler: app.handler  MemorySize: 256"
        "  Environment (secret): TOKEN, MODE",
        "    └── + execution role, version, alias, log group /other",
    ]


def test_what_a_new_role_and_statement_allow_is_told():
    trusting = permission(
        PLACE, "photos-thumbnail", "live", principal="*", function="thumbnail", where=""
    )
    statement = new(trusting, *(Change(p, None, one) for p, one in leaves("", trusting.fields)))
    lines = tree_of(a_new_function(), of_role(a_role(S3)), replace(statement, confirm="opens it"))
    assert lines == [
        "    ├── + function photos-thumbnail",
        "    ├── + execution role photos-thumbnail-eu-west-1",
        "    │   └── Policy.Statement:",
        "    │       └── + Allow s3:GetObject on arn:aws:s3:::photos/*",
        f"    └── + permission {trusting.key.name}  ! opens it  Principal: *",
    ]


def test_all_fields_are_told_on_request_and_of_what_joins_a_function_that_exists():
    fields = new(PUBLISHED, Change("EphemeralStorage.Size", None, 512))
    told = "        └── EphemeralStorage.Size: 512"
    assert told in tree_of(fields)
    assert is_in_brief([a_new_function(), fields])
    assert not is_in_brief([fields])
    assert "        ├── EphemeralStorage.Size: 512" in tree_of(a_new_function(), full=True)


def test_what_changes_in_a_long_list_is_not_cut_off():
    """It was: a policy with one statement more looked as it did before."""
    before, after = (a_role(*more).fields["Policy"]["Statement"] for more in ([], [S3]))
    change = Change("Policy.Statement", before, after)
    assert tree_of(Action(Verb.UPDATE, a_role(), changes=(change,))) == [
        "    └── ~ execution role photos-thumbnail-eu-west-1",
        "        └── Policy.Statement:",
        "            └── + Allow s3:GetObject on arn:aws:s3:::photos/*",
    ]
    narrower = {**before[0], "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    change = replace(change, before=after, after=(narrower, after[1]))
    told = tree_of(Action(Verb.UPDATE, a_role(), changes=(change,)))[2:]
    group = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/photos-thumbnail:*"
    log = f"Allow logs:CreateLogStream, logs:PutLogEvents on {group}"
    assert told == [
        f"            ├── - {log}",
        f'            └── + {log} {{"Condition": {{"Bool": {{"aws:SecureTransport": "true"}}}}}}',
    ]


def test_long_texts_that_differ_at_their_end_are_told_whole():
    change = Change("Description", "x" * 200 + "a", "x" * 200 + "b")
    told = "".join(tree_of(Action(Verb.UPDATE, FUNCTION, changes=(change,)))).replace(" ", "")
    assert (told.count("x"), "xa→" in told, told[-2:]) == (400, True, "xb")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "(none)"),
        ("", '""'),
        (" x", '" x"'),
        (5, "5"),
        (["a"], '["a"]'),
        ("a" * 64, "a" * 12),
    ],
)
def test_a_value_fits_on_a_line(value, expected):
    assert one_line(value) == expected


@pytest.mark.parametrize(
    ("value", "secret", "expected"),
    [
        (None, True, None),
        ("x", True, "(secret)"),
        ({"a": ("token-1", VERSION)}, False, {"a": ["(secret)", "(new)"]}),
        (frozenset({"b", "a"}), False, ["a", "b"]),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), False, "2026-01-31T12:00:00+00:00"),
    ],
)
def test_a_value_is_shown_as_json_with_secrets_masked(value, secret, expected):
    assert shown(value, secret, Mask({"token-1"})) == expected
