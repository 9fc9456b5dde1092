import pytest

from lcli.resources import kinds
from lcli.resources.model import Action, Actual, Change, Key, Resource, Verb
from lcli.ui.drift import drift


def action(verb, kind, *paths, name="photos-thumb", **outputs):
    resource = Resource(Key(kind, name), {}, function="thumb")
    changes = tuple(Change(path, "a", "b") for path in paths)
    return Action(verb, resource, Actual(resource, outputs), changes)


FUNCTION = action(Verb.UPDATE, "function", "Environment.A", "Environment.B", "MemorySize")
VERSION = action(Verb.REPLACE, "version", "Version", "MemorySize")
ALIAS = action(Verb.UPDATE, "alias", "FunctionVersion")


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        pytest.param([], "none", id="nothing"),
        pytest.param([action(Verb.NONE, "role")], "none", id="nothing-to-do"),
        pytest.param(
            [FUNCTION, VERSION, ALIAS, action(Verb.UPDATE, "parts", "Parts")],
            "function (Environment, MemorySize)",
            id="what-follows-is-not-told",
        ),
        pytest.param(
            [VERSION, ALIAS],
            "version (Version, MemorySize), alias (FunctionVersion)",
            id="by-itself",
        ),
        pytest.param(
            [FUNCTION, action(Verb.UPDATE, "alias", "FunctionVersion", held="5")],
            "function (Environment, MemorySize), rolled back to 5",
            id="rolled-back",
        ),
        pytest.param(
            [
                action(Verb.CREATE, "http_route", name="1"),
                action(Verb.CREATE, "http_route", name="2"),
                action(Verb.DELETE, "function_url"),
            ],
            "no HTTP route (2), function URL left over",
            id="parts",
        ),
        pytest.param(
            [action(Verb.CREATE, "role"), action(Verb.CREATE, "function")], "not deployed", id="new"
        ),
        pytest.param(
            [action(Verb.UPDATE, "event_source_mapping", "A", "B", "C", "D")],
            "event source mapping (A, B, C …)",
            id="many-fields",
        ),
    ],
)
def test_drift_names_what_differs(actions, told):
    assert drift(actions, kinds()) == told
