"""Writes what is derived from the program: docs/commands.md and completions/ (`make docs`).

tests/unit/cli/test_docs.py compares; only this script writes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from lcli.cli.app import COMMANDS, command, load
from lcli.cli.completion_command import Shell, script
from lcli.cli.run import Run

ROOT = Path(__file__).parent.parent
HEAD = """# Commands

Made from `--help` by `make docs`; a test keeps it current.

## Exit codes
| code | meaning |
|---|---|
| 0 | done |
| 1 | it failed: AWS, the network, a build, some of the functions |
| 2 | usage or manifest is wrong; nothing was touched |
| 3 | `plan --exit-code`: there are changes |
| 4 | `invoke`: the function returned an error |
| 130 | interrupted by Ctrl-C or SIGTERM; what was done is reported, and a re-run continues |

Where there is no connection a command ends after 10 seconds, where AWS gives no answer to anything
after a minute; slow work is no silence. The first Ctrl-C gives a change that is in flight ten
seconds, the second ends everything at once. After the first, after a refusal of the credentials,
and with `--fail-fast` after any failure, nothing more is begun, in no other region either.

"""
COMPLETIONS = {Shell.BASH: "lcli.bash", Shell.ZSH: "_lcli", Shell.FISH: "lcli.fish"}


def pages() -> dict[Path, str]:
    """Every derived file and what it should hold."""
    found = {ROOT / "docs" / "commands.md": commands_page()}
    for shell, name in COMPLETIONS.items():
        found[ROOT / "completions" / name] = script(shell) + "\n"
    return found


def commands_page() -> str:
    """The reference: the help of the root and of every command, in the order of the help page."""
    sections = [_section("lcli", command(Run()))]
    for name in COMMANDS:
        built = load(name)
        sections.append(_section(f"lcli {name}", built))
        for member, each in getattr(built, "commands", {}).items():
            sections.append(_section(f"lcli {name} {member}", each))
    return HEAD + "\n".join(sections)


def _section(path: str, built: Any) -> str:
    settings = {"help_option_names": ["-h", "--help"]}
    context = typer.Context(
        built, info_name=path, terminal_width=90, max_content_width=90, **settings
    )
    text = "\n".join(line.rstrip() for line in built.get_help(context).splitlines())
    return f"## {path}\n```text\n{text}\n```\n"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
