"""A new event source is one new file: here one is put into the package from outside."""

import json
import subprocess
import sys

import pytest

TOY = '''
from typing import ClassVar
from pydantic import BaseModel, ConfigDict, Field
from lcli.resources.permission import permission
from lcli.triggers.base import Expansion, Target, Trigger

class ToySettings(BaseModel):
    """Settings of all toys."""
    model_config = ConfigDict(extra="forbid")
    loud: bool = Field(default=False, description="Whether they make a noise.")

class Toy(Trigger):
    """A toy that calls."""
    kind: ClassVar[str] = "toy"
    short: ClassVar[str] = "box"
    settings_model: ClassVar[type[BaseModel] | None] = ToySettings
    box: str = Field(description="Where it is.")

    def expand(self, target: Target) -> Expansion:
        loud = ToySettings.model_validate(target.settings).loud
        allowed = permission(
            target.place, target.name, target.qualifier, principal="toys.amazonaws.com",
            function=target.function, where=target.where,
        )
        return Expansion((allowed,), notices=(f"{self.box} is {'loud' if loud else 'quiet'}",))

TRIGGER = Toy
'''
PROGRAM = """
import json, sys
from pathlib import Path
import lcli.triggers
lcli.triggers.__path__.append(sys.argv[1])
from lcli.deploy.expand import expand
from lcli.errors import LcliError
from lcli.manifest.document import read
from lcli.manifest.loading import load
from lcli.manifest.schema import schema
from lcli.resources.code import Code
from lcli.resources.model import Place

place = Place("photos", "", "eu-west-1", "123456789012")
try:
    app = load(read(Path(sys.argv[2]), environ={}), place)
except LcliError as error:
    print(json.dumps([[one.where, one.what, one.next_step] for one in error.problems]))
    sys.exit()
made = expand(app, place, {key: Code(s3_bucket="b", s3_key="k") for key in app.functions}, {}, {})
print(json.dumps({
    "notices": made.notices,
    "principals": [
        one.fields["Principal"] for one in made.resources.values() if one.key.kind == "permission"
    ],
    "schema": schema()["properties"]["toy"]["description"],
}))
"""


@pytest.fixture
def with_toys(tmp_path):
    """Loads and expands a manifest where toys are an event source."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "toy.py").write_text(TOY)
    (tmp_path / "app.py").write_text("")

    def with_toys(toy):
        (tmp_path / "lcli.yaml").write_text(
            f"app: photos\n{toy}\nfunctions:\n  one: {{source: app.py, runtime: python3.13, "
            "handler: app.handler, triggers: [toy: shelf]}\n"
        )
        arguments = [sys.executable, "-c", PROGRAM, "package", "lcli.yaml"]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    return with_toys


@pytest.mark.parametrize(("toy", "how"), [("toy: {loud: true}", "loud"), ("", "quiet")])
def test_a_new_kind_of_triggers_and_its_settings_need_no_other_file(with_toys, toy, how):
    assert with_toys(toy) == {
        "notices": [f"shelf is {how}"],
        "principals": ["toys.amazonaws.com"],
        "schema": "Settings of all toys.",
    }


def test_its_settings_are_checked_like_any_others(with_toys):
    assert with_toys("toy: {luod: true}") == [
        ["lcli.yaml:2:7", "toy has no key 'luod'", "did you mean loud?"]
    ]


def test_its_settings_key_is_known(with_toys):
    assert with_toys("toi: {loud: true}") == [
        ["lcli.yaml:2:1", "the manifest has no key 'toi'", "did you mean toy?"]
    ]
