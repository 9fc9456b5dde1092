"""What may be imported before a command runs: start-up time is a feature."""

import json
import subprocess
import sys

import pytest

MANIFEST = """\
app: photos
functions:
  one: {source: src, runtime: python3.13, handler: app.handler, triggers: [{sqs: orders}]}
"""
HEAVY = {"boto3", "botocore", "rich", "yaml", "pydantic", "moto", "asyncio", "urllib3", "isal"}


def imported_by(code, cwd=None):
    script = f"import json, sys\n{code}\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=cwd
    )
    modules = json.loads(done.stdout.splitlines()[-1])
    return {*modules, *(name.partition(".")[0] for name in modules)}


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import lcli.cli.app", id="the root command"),
        pytest.param(
            "from lcli.cli import app\nfor name in app.COMMANDS: app.load(name)",
            id="every command, as for --help",
        ),
    ],
)
def test_nothing_heavy_is_imported_at_the_start(code):
    assert imported_by(code) & HEAVY == set()


RUN = """
import lcli.__main__
sys.argv = ["lcli", *{arguments}]
try:
    lcli.__main__.main()
except SystemExit as end:
    assert end.code == 0, end.code
"""


@pytest.mark.parametrize("arguments", [["validate"], ["build"], ["package"]], ids=" ".join)
def test_a_manifest_without_api_is_read_without_the_sdk(tmp_path, monkeypatch, arguments):
    monkeypatch.setenv("LCLI_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): ...\n")
    found = imported_by(RUN.format(arguments=arguments), cwd=tmp_path)
    assert "pydantic" in found
    assert found & {"botocore", "boto3", "urllib3", "moto", "asyncio"} == set()
    # Only a search through all installed packages would need it: pydantic's, for plugins.
    assert "importlib.metadata" not in found


COMPLETE = """
import os
os.environ |= {{"_LCLI_COMPLETE": "complete_bash", "COMP_WORDS": "{words}", "COMP_CWORD": "{at}"}}
"""


@pytest.mark.parametrize(
    ("words", "at"),
    [("lcli invoke o", 2), ("lcli invoke one --event s", 4), ("lcli event s", 2)],
)
def test_a_completion_reads_no_yaml(tmp_path, words, at):
    (tmp_path / "lcli.yaml").write_text(MANIFEST)
    code = COMPLETE.format(words=words, at=at) + RUN.format(arguments=[])
    assert imported_by(code, cwd=tmp_path) & (HEAVY | {"hashlib", "importlib.resources"}) == set()
