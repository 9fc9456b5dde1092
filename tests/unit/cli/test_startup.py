"""What may be imported before a command runs: start-up time is a feature."""

import json
import subprocess
import sys

import pytest

HEAVY = {"boto3", "botocore", "rich", "yaml", "pydantic", "moto", "asyncio", "urllib3", "isal"}


def imported_by(code):
    script = f"import json, sys\n{code}\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


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
