from pathlib import Path

import pytest

from lcli.manifest.document import read
from lcli.manifest.keys import plain_keys

EXAMPLE = Path(__file__).parents[3] / "lcli.example.yaml"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "app: a\nfunctions:\n  one: {source: src}\n  two:\n    source: s\n", id="plain"
        ),
        pytest.param(
            "functions: # all\n\n# none\n    a-1:\n      x: |\n       functions:\n        b: 1\n"
            "    a_2: {x: [1,\n      2]}\ntags: {c: d}\napp: a\n",
            id="deeper text",
        ),
        pytest.param("app: a\nfunctions:\n", id="none"),
        pytest.param(EXAMPLE.read_text(), id="the example"),
    ],
)
def test_a_glance_sees_what_a_parser_sees(tmp_path, text):
    path = tmp_path / "lcli.yaml"
    path.write_text(text)
    keys = plain_keys(text)
    assert keys is not None
    assert keys == [function.key for function in read(path, environ={}).functions()]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("app: a\n", id="no functions"),
        pytest.param("functions: {one: {}}\n", id="in one line"),
        pytest.param("functions:\n  'one': {}\n", id="quoted"),
        pytest.param("functions:\n  <<: *all\n", id="merged"),
        pytest.param("functions: &all\n  one: {}\n", id="anchored"),
        pytest.param("functions:\n    one: {}\n  two: {}\n", id="indented askew"),
        pytest.param("functions:\n\tone: {}\n", id="tabs"),
        pytest.param("---\nfunctions:\n  one: {}\n", id="documents"),
        pytest.param("functions:\n  one: {}\nfunctions:\n  two: {}\n", id="twice"),
        pytest.param('{"functions": {"one": {}}}', id="JSON"),
    ],
)
def test_what_takes_a_parser_is_left_to_one(text):
    assert plain_keys(text) is None
