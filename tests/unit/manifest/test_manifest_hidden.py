# ruff: noqa: E501
"""No excerpt of a manifest shows the value of an environment variable, be it YAML or not."""

import time

import pytest

from lcli.errors import LcliError
from lcli.manifest.document import read
from lcli.manifest.hidden import hidden
from lcli.manifest.loading import check
from lcli.manifest.nodes import parse
from lcli.manifest.source import Mark, Source
from lcli.resources.model import Place

CANARY = "c4nary"
PLACE = Place("photos", "", "eu-west-1", "123456789012")
FUNCTION = "app: photos\nfunctions:\n  one:\n    memory: 512\n"
BLOCK = f"{FUNCTION}    environment:\n"
GOOD = "source: src, runtime: python3.13, handler: a.b"


def refused(text):
    with pytest.raises(LcliError) as caught:
        parse(Source("lcli.yaml", text))
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        pytest.param("      KEY: x: C\n", "      KEY: ***\n           ^", id="colon"),
        pytest.param('      KEY: "C\n      B: x\n', "      KEY: ***\n           ^", id="open quote"),
        pytest.param("      KEY: 'C\n", "      KEY: ***\n           ^", id="open single quote"),
        pytest.param('      KEY: "C\n      B: "C x"\n', "      ***\n      ^", id="quotes out of step"),
        pytest.param("      KEY: 'it's C'\n", "      KEY: ***\n           ^", id="quote in quotes"),
        pytest.param('      KEY: "a"C: b\n', "      KEY: ***\n           ^", id="after a quote"),
        pytest.param('      KEY: "\\qC"\n', "      KEY: ***\n           ^", id="escape"),
        pytest.param("      KEY:\n\tC\n", " ***\n^", id="tab"),
        pytest.param("\tKEY: C\n", " KEY: ***\n^", id="tab before a name"),
        pytest.param("      KEY: C\n      KEY: C\n", "      KEY: ***\n      ^", id="duplicate"),
        pytest.param("      KEY: !C C\n", "      KEY: ***\n           ^", id="tag"),
        pytest.param("      KEY: !!binary C\n", "      KEY: ***\n           ^", id="binary"),
        pytest.param("      KEY: *C\n", "      KEY: ***\n           ^", id="alias"),
        pytest.param("      KEY: **C\n", "      KEY: ***\n           ^", id="stars"),
        pytest.param("      KEY: %C\n", "      KEY: ***\n           ^", id="percent"),
        pytest.param("      KEY: {C\n", "      KEY: ***\n           ^", id="open brace"),
        pytest.param("      KEY: [C\n      B: x\n", "      KEY: ***\n           ^", id="open bracket"),
        pytest.param("      KEY: C\x01\n", "      KEY: ***\n           ^", id="control character"),
        pytest.param("      KEY: 999999C\n".replace("C", "9" * 40),
                     "      KEY: ***\n           ^", id="number"),
        pytest.param('      KEY: "-----\nC\nC: "x\n', "***\n^", id="text of several lines"),
        pytest.param("      KEY: x\n        C: x: y\n", "        ***\n        ^", id="plain lines"),
        pytest.param("    - KEY=C: x: y\n", "    ***\n    ^", id="list"),
        pytest.param("      KEY: x\n   B: C\n", "   ***\n   ^", id="out of line"),
        pytest.param("      KEY: x\n    LOUD: C: x\n", "    ***\n    ^", id="slipped out"),
        pytest.param("      # an: explanation\n\n      KEY: x: C\n",
                     "      KEY: ***\n           ^", id="behind a comment"),
    ],
)  # fmt: skip
def test_a_block_that_is_no_yaml_is_shown_without_its_values(text, excerpt):
    problem = refused(BLOCK + text.replace("C", CANARY))
    assert problem.excerpt == excerpt
    assert CANARY not in problem.what + problem.next_step
    assert "999" not in problem.what


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        pytest.param("environment: {KEY: C: C}", "    environment: ***\n                 ^", id="flow"),
        pytest.param("environment: {KEY: a,\n  B: C: C}", "    environment: ***\n                 ^",
                     id="several lines"),
        pytest.param("environment: {KEY: a,\nB: [C}", "***\n^", id="column 1"),
        pytest.param("environment:\n      {KEY: C: C}", "      ***\n      ^", id="on the next line"),
        pytest.param("environment: &all {KEY: C: C}", "    environment: ***\n                 ^",
                     id="anchor"),
        pytest.param("environment: {KEY: a}C, B: C}", "    environment: ***\n                 ^",
                     id="brace in a value"),
        pytest.param("environment: {KEY: C, KEY: C}", "    environment: ***\n                 ^",
                     id="duplicate"),
        pytest.param("environment: C: C", "    environment: ***\n                 ^", id="no map"),
        pytest.param("enviroment: {KEY: C: C}", "    enviroment: ***\n                ^",
                     id="misspelt"),
        pytest.param("? environment\n    : {KEY: C: C}", "    : ***\n      ^", id="explicit key"),
        pytest.param("api: {Environment: {Variables: {KEY: C: C}}}",
                     "    api: {Environment: ***\n                       ^", id="api"),
    ],
)  # fmt: skip
def test_a_map_in_braces_that_is_no_yaml_is_shown_without_its_values(text, excerpt):
    problem = refused(f"{FUNCTION}    {text.replace('C', CANARY)}\n")
    assert problem.excerpt == excerpt
    assert CANARY not in problem.what + problem.next_step


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        ("stages:\n  prod:\n    defaults:\n      environment:\n        KEY: x: C\n",
         "        KEY: ***\n             ^"),
        ("stages: {prod: {defaults: {environment: {KEY: x: C}}}}\n",
         "stages: {prod: {defaults: {environment: ***\n" + " " * 40 + "^"),
        ("defaults:\n  environment:\n    KEY: x: C\n", "    KEY: ***\n         ^"),
        ('{"defaults": {"environment":{"KEY":"C" "B":"C"}}}\n',
         '{"defaults": {"environment":***\n' + " " * 28 + "^"),
        ("defaults:\r\n  environment:\r\n    KEY: x: C\r\n", "    KEY: ***\n         ^"),
    ],
    ids=["stage", "stage in braces", "defaults", "JSON", "CRLF"],
)  # fmt: skip
def test_environments_are_found_wherever_they_are(text, excerpt):
    assert refused(text.replace("C", CANARY)).excerpt == excerpt


@pytest.mark.parametrize(
    "line", ["    handler: a: b", "    handler: ${env:X}: b", "    handler: [a.${env:X}: b: c"]
)
def test_other_lines_are_shown(line):
    assert refused(f"{BLOCK}      KEY: x\n{line}\n").excerpt.startswith(f"{line}\n")


@pytest.mark.parametrize(
    ("text", "excerpt"),
    [
        (f"functions: {{one: {{{GOOD}, environment: {{AA: C, BB: 'a}}C'}}, memory: 64}}}}",
         f"one: {{{GOOD}, environment: ***, memory: 64}}}}\n{' ' * 80}^"),
        (f"functions: {{one: {{{GOOD}, environment: {{AA: [C]}}}}}}",
         f"functions: {{one: {{{GOOD}, environment: ***}}}}\n{' ' * 79}^"),
        (f"functions: {{one: {{{GOOD}, environment: {{AA: {'C' * 700}}}}}}}",
         f"functions: {{one: {{{GOOD}, environment: ***}}}}\n{' ' * 66}^"),
        (f"defaults: {{{GOOD}}}\nfunctions:\n  one:\n    enviroment: {{AA: C}}",
         "    enviroment: ***\n    ^"),
        (f"defaults: {{{GOOD}}}\nfunctions:\n  one:\n    environment:\n      AA: [C]",
         "      AA: ***\n      ^"),
        (f"defaults: {{{GOOD}}}\nfunctions:\n  one:\n    environment:\n      AWS_REGION: C",
         "      AWS_REGION: ***\n      ^"),
        (f"defaults: {{{GOOD}}}\nfunctions:\n  one:\n    environment:\n      AA: C\n    memory: 64",
         "    memory: 64\n            ^"),
    ],
    ids=["another key of the line", "wrong type", "too large", "misspelt", "block",
         "name", "behind a block"],
)  # fmt: skip
def test_what_is_yaml_is_shown_but_for_the_values(tmp_path, text, excerpt):
    (tmp_path / "src").mkdir()
    (tmp_path / "lcli.yaml").write_text(f"app: photos\n{text}\n".replace("C", CANARY))
    problems = check(read(tmp_path / "lcli.yaml", environ={}), PLACE).problems
    assert [one.excerpt for one in problems][:1] == [excerpt]
    assert CANARY not in repr(problems)


@pytest.mark.parametrize(
    ("line", "excerpt"),
    [
        ("  tags: &all {AA: C}", "  tags: ***\n        ^"),
        ("  - C", "  ***\n  ^"),
        ("  AA:", "  AA:\n    ^"),
    ],
)
def test_what_an_alias_puts_into_an_environment_is_hidden_where_it_stands(line, excerpt):
    source = Source("lcli.yaml", f"{line}\n", is_yaml=True)
    assert source.excerpt(Mark(1, len(line)), hide=True) == excerpt


@pytest.mark.parametrize("is_yaml", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "environment: {" * 20_000,
        "environment: {" * 10_000 + "}" * 10_000,
        'environment: "\n' * 20_000,
        "".join(f"{' ' * indent}env:\n" for indent in range(700)),
        "env" * 100_000,
        "env-" * 80_000,
        f"env: {'[' * 300_000}",
        f'env: {{"{chr(92) * 300_001}',
        f"env{' ' * 300_000}x",
    ],
    ids=lambda text: repr(text[:14]),
)
def test_looking_for_values_takes_no_time(text, is_yaml):
    began = time.process_time()
    hidden(text, is_yaml=is_yaml)
    assert time.process_time() - began < 3


def test_what_was_made_to_take_time_is_hidden_altogether():
    nested = "environment: {" * 1_000 + "}" * 1_000
    text = f"{nested}\nenvironment: {{A: {CANARY}}}\n"
    assert hidden(text, is_yaml=True)[-1][1] >= text.index(CANARY) + len(CANARY)
