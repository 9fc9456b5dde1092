"""The README's tour, typed as it stands in an empty directory, says what the README shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from lcli.local import daemon

README = (Path(__file__).parents[2] / "README.md").read_text()
TOUR = README[README.index("## A tour") : README.index("## Where to find what")]
ENDLESS = " --follow"


@pytest.fixture
def empty(project, tmp_path):
    project.directory = tmp_path / "empty"
    project.directory.mkdir()
    project.environ |= {"LCLI_LOCAL_DIR": str(tmp_path / "local")}
    del project.environ["LCLI_LOCAL"]
    yield project
    daemon.stop(project.environ)


def block(language):
    return re.search(rf"```{language}\n(.*?)```", TOUR, re.DOTALL)[1]


def steps():
    """Each command of the tour with the lines that it is said to print."""
    consoles = "".join(re.findall(r"```console\n(.*?)```", TOUR, re.DOTALL))
    for step in re.split(r"^\$ lcli ", consoles, flags=re.MULTILINE)[1:]:
        command, *lines = step.splitlines()
        yield command, [line for line in lines if line != "…"]


def measured(text):
    """Without what differs from run to run: times, sizes, memory."""
    return re.sub(r"\d+\.\d+|\d+(?= (?:ms|of|B))", "N", text).rstrip()


def test_the_tour(empty):
    empty.write("lcli.yaml", block("yaml"))
    empty.write("src/app.py", block("python"))
    for command, lines in steps():
        if command == "--local plan":
            empty.write("lcli.yaml", block("yaml").replace("memory: 256", "memory: 512"))
        done = empty.run(*shlex.split(command.removesuffix(ENDLESS)))
        said = (done.stdout + "\n" + done.stderr).splitlines()
        assert done.returncode == 0, (command, said)
        missing = {*map(measured, lines)} - {*map(measured, said)}
        assert not missing, (command, said)
