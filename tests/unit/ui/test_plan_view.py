import io

import pytest
from rich.console import Console

from lcli.resources.model import Action, Change, Key, Ref, Resource, Verb
from lcli.ui.mask import Mask
from lcli.ui.plan import plan_tree, summary
from lcli.ui.values import brief, shown

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


def test_a_wholly_new_function_is_one_line_in_a_deploy():
    new = [
        Action(Verb.CREATE, Resource(Key(kind, f"{kind}-{n}"), {"A": 1}, function="f"))
        for kind, n in (("role", 1), ("http_route", 1), ("http_route", 2))
    ]
    stream = io.StringIO()
    Console(file=stream, width=100, markup=False).print(
        plan_tree("photos", [*new, ACTIONS[1]], {}, Mask(), only_differences=True)
    )
    assert stream.getvalue() == (
        "photos\n"
        "├── f  + role, http_route (2)\n"
        "└── thumbnail\n"
        "    └── ~ alias photos-thumbnail:live\n"
        "        └── FunctionVersion: 6 → (new)\n"
    )


def tree_of(*actions):
    stream = io.StringIO()
    console = Console(file=stream, width=100, markup=False, highlight=False)
    console.print(plan_tree("photos", actions, {}, Mask()))
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
        "    └── ± version photos-thumbnail",
        "        ├── Version: 6 → (new)",
        "        └── Code: aaaaaaaaaaaa → 0123456789ab",
    ]


def test_a_version_of_a_function_that_is_up_to_date_says_all_itself():
    assert tree_of(Action(Verb.REPLACE, PUBLISHED, changes=(NUMBER, MEMORY))) == [
        "    └── ± version photos-thumbnail",
        "        ├── Version: 6 → (new)",
        "        └── MemorySize: 256 → 512",
    ]


def test_lcli_s_own_marks_are_told_only_where_they_change():
    mark = Change("Tags.lcli:app", None, "photos")
    assert tree_of(
        Action(Verb.CREATE, FUNCTION, changes=(mark, Change("Tags.team", None, "red")))
    ) == ["    └── + function photos-thumbnail", "        └── Tags.team: red"]
    assert "        └── Tags.lcli:app: (none) → photos" in tree_of(
        Action(Verb.UPDATE, FUNCTION, changes=(mark,))
    )


def test_show_values_shows_them():
    assert "TOKEN: old-secret → new-secret" in rendered(Mask({"new-secret"}, show=True))


def test_the_summary_counts_what_changes():
    assert summary(ACTIONS) == "2 to update, 1 to delete"
    assert summary(ACTIONS[3:]) == "no changes"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "(none)"), ("", '""'), (" x", '" x"'), (5, "5"), (["a"], '["a"]'), ("x" * 9, "xxxx…")],
)
def test_a_value_fits_on_a_line(value, expected):
    assert brief(value, 6 if value != "x" * 9 else 5) == expected


@pytest.mark.parametrize(
    ("value", "secret", "expected"),
    [
        (None, True, None),
        ("x", True, "(secret)"),
        ({"a": ("token-1", VERSION)}, False, {"a": ["(secret)", "(new)"]}),
        (frozenset({"b", "a"}), False, ["a", "b"]),
    ],
)
def test_a_value_is_shown_as_json_with_secrets_masked(value, secret, expected):
    assert shown(value, secret, Mask({"token-1"})) == expected
