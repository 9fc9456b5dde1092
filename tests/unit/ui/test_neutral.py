import json

import pytest

from lcli.ui.neutral import neutralise, neutralise_json


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
        ("a\rb", "a\\x0db"),
        ("\x9b31m", "\\x9b31m"),
        ("abc\u202etxt.exe", "abc\\u202etxt.exe"),
        ("\udcff", "\\udcff"),
        ("[red]kept[/]", "[red]kept[/]"),
        ("übergröße 日本 🎉", "übergröße 日本 🎉"),
    ],
)
def test_what_could_drive_a_terminal_becomes_visible(text, expected):
    assert neutralise(text) == expected


@pytest.mark.parametrize(
    "text", ["plain\ttext\n", "\x1b[31m\x7f", "\x9b31m", "abc\u202etxt.exe", "\udcff", "größe 🎉"]
)
def test_json_says_the_same_and_drives_nothing(text):
    written = neutralise_json(json.dumps({text: text}, ensure_ascii=False))
    assert json.loads(written) == {text: text}
    assert neutralise(written) == written
