import pytest

from lcli.errors import ExitCode, LcliError
from lcli.manifest.nodes import Map, Scalar, parse
from lcli.manifest.source import Source, decode


def value(text):
    node = parse(Source("lcli.yaml", f"k: {text}\n")).entries["k"]
    assert isinstance(node, Scalar)
    return node.value


def problem(text):
    with pytest.raises(LcliError) as caught:
        parse(Source("lcli.yaml", text))
    assert caught.value.exit_code is ExitCode.USAGE
    (only,) = caught.value.problems
    return only


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("012345670123", "012345670123"),
        ("22:22", "22:22"),
        ("NO", "NO"),
        ("on", "on"),
        ("2024-99-99", "2024-99-99"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("'12'", "12"),
        ('"null"', "null"),
    ],
)
def test_scalars_are_read_sensibly(text, expected):
    read = value(text)
    assert (read, type(read)) == (expected, type(expected))


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGE = "a: &a {" + ", ".join(f"k{i}: 1" for i in range(20)) + "}\n" + "".join(
    f"b{i}: &b{i} {{<<: [{', '.join(['*a' if i == 0 else f'*b{i - 1}'] * 20)}], x{i}: 1}}\n"
    for i in range(400)
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        pytest.param("[" * 30_000, "manifest-too-deep", "lcli.yaml:1:52", id="brackets"),
        pytest.param("{" * 30_000, "manifest-too-deep", "lcli.yaml:1:52", id="braces"),
        pytest.param("- " * 30_000, "manifest-too-deep", "lcli.yaml:1:103", id="dashes"),
        pytest.param(BOMB, "alias-bomb", "lcli.yaml:5:44", id="alias bomb"),
        pytest.param(MERGE, "alias-bomb", "lcli.yaml:4:70", id="merge bomb"),
        pytest.param(
            "".join(f"k{i}: 1\n" for i in range(60_000)),
            "manifest-too-large",
            "lcli.yaml:49999:9",
            id="many keys",
        ),
        pytest.param(f"a: {'9' * 5000}", "number-too-long", "lcli.yaml:1:4", id="digits"),
        pytest.param("a: 1e999", "number-too-long", "lcli.yaml:1:4", id="exponent"),
        pytest.param("a: !!python/object:os.x {}", "tag-refused", "lcli.yaml:1:4", id="tag"),
        pytest.param("a: 1\nb: 2\na: 3\n", "duplicate-key", "lcli.yaml:3:1", id="duplicate"),
        pytest.param("? [a]\n: 1\n", "key-not-text", "lcli.yaml:1:3", id="list as key"),
        pytest.param("a: *b\n", "alias-undefined", "lcli.yaml:1:4", id="alias of nothing"),
        pytest.param("a: &a [*a]\n", "alias-undefined", "lcli.yaml:1:8", id="alias of itself"),
        pytest.param("<<: 1\n", "merge-not-a-map", "lcli.yaml:1:1", id="merge of a number"),
        pytest.param("a: 1\n---\nb: 1\n", "second-document", "lcli.yaml:2:1", id="documents"),
        pytest.param("", "manifest-empty", "lcli.yaml:1:1", id="empty"),
        pytest.param("# nothing\n", "manifest-empty", "lcli.yaml:1:1", id="comment alone"),
        pytest.param("- a\n", "not-a-map", "lcli.yaml:1:1", id="list"),
        pytest.param("a: b: c\n", "not-yaml", "lcli.yaml:1:5", id="colon in text"),
        pytest.param("a: 'b\n", "not-yaml", "lcli.yaml:1:4", id="open quote"),
        pytest.param("é: 1\na: \x07\n", "not-yaml", "lcli.yaml:2:4", id="control character"),
    ],
)
def test_what_is_refused_before_anything_is_built(text, code, where):
    found = problem(text)
    assert (found.code, found.where) == (code, where)
    assert found.what
    assert found.next_step


def test_a_problem_shows_the_line_with_a_caret():
    found = problem("app: photos\nregion: eu\napp: other\n")
    assert (
        found.what == "'app' is already set on line 1"
        or found.what == "app is already set on line 1"
    )
    assert found.excerpt == "app: other\n^"


def test_merge_keys_fill_in_what_is_not_set():
    root = parse(Source("x", "a: &a {p: 1, q: 2}\nb: {<<: *a, q: 3}\n"))
    merged = root.entries["b"]
    assert isinstance(merged, Map)
    assert {key: node.text for key, node in merged.entries.items()} == {"q": "3", "p": "1"}
    assert (merged.keys["p"].line, merged.keys["q"].line) == (1, 2)


@pytest.mark.parametrize(
    ("data", "code", "where"),
    [
        (b"a: 1\nb: \xff\n", "manifest-not-utf8", "m:2:4"),
        ("a: 1\n".encode("utf-16"), "manifest-not-utf8", "m:1:1"),
        (b"#" * ((1 << 20) + 1), "manifest-too-long", "m"),
    ],
    ids=["byte", "utf-16", "1 MiB"],
)
def test_files_that_cannot_be_a_manifest(tmp_path, data, code, where):
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(LcliError) as caught:
        decode(tmp_path / "m", "m")
    (found,) = caught.value.problems
    assert (found.code, found.where) == (code, where)


@pytest.mark.parametrize(("name", "why"), [("absent", "no such file"), (".", "it is not a file")])
def test_files_that_cannot_be_read(tmp_path, name, why):
    with pytest.raises(LcliError) as caught:
        decode(tmp_path / name, "lcli.yaml")
    assert caught.value.problems[0].what == f"cannot read the manifest lcli.yaml: {why}"


QUOTE = "quote the value if it contains ': ', '#', '{', '[' or begins with '*', '&', '!', '%'"
LINE_UP = "begin the keys of one map, or the dashes of one list, in one column"


@pytest.mark.parametrize(
    ("text", "where", "what", "step"),
    [
        pytest.param("a:\n\tb: 1\n", "2:1", "a tab cannot indent a line", "indent with spaces",
                     id="tab"),
        pytest.param("a: {b: 1\nc: 2\n", "1:4", "this { is not closed", "close it", id="brace"),
        pytest.param("a: [1\nc: 2\n", "1:4", "this [ is not closed", "close it", id="bracket"),
        pytest.param('a: "x\nb: 1\n', "1:4", "this quote is not closed", "close it", id="quote"),
        pytest.param("a:\n  b: 1\n c: 2\n", "3:2", "did not find expected key", LINE_UP,
                     id="key out of line"),
        pytest.param("a:\n  - b\n  c: 1\n", "3:3", "did not find expected '-' indicator", LINE_UP,
                     id="dash that is missing"),
        pytest.param("a: b: c\n", "1:5", "mapping values are not allowed in this context", QUOTE,
                     id="colon"),
        pytest.param("a: b\tc: d\n", "1:7", "mapping values are not allowed in this context",
                     QUOTE, id="tab that does not indent"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_is_told_with_how_to_mend_it(text, where, what, step):
    found = problem(text)
    assert (found.where, found.what, found.next_step) == (
        f"lcli.yaml:{where}", f"this is not YAML: {what}", step,
    )  # fmt: skip
