import pytest

from lcli.ui.neutral import neutralise


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
