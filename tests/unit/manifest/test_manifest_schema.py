import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from lcli.manifest import models
from lcli.manifest.document import read
from lcli.manifest.loading import load
from lcli.manifest.schema import schema
from lcli.resources.model import Place
from lcli.triggers import settings_models, triggers
from lcli.triggers.cors import Cors
from lcli.triggers.http import Jwt

FULL = Path(__file__).with_name("full.yaml")
DOCS = Path(__file__).parents[3] / "docs" / "manifest.md"
EXAMPLE = DOCS.parents[1] / "lcli.example.yaml"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
MODELS = [
    *(
        each
        for each in vars(models).values()
        if isinstance(each, type)
        and issubclass(each, models.Model)
        and each is not models.Model
    ),
    Cors,
    Jwt,
    *settings_models().values(),
    *triggers().values(),
]  # fmt: skip


@pytest.fixture(scope="module")
def validator():
    made = schema()
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


@pytest.mark.parametrize(
    "text", [FULL.read_text(), EXAMPLE.read_text(), *EXAMPLES], ids=lambda text: text[:20]
)
def test_good_manifests_satisfy_the_schema(validator, text):
    assert [each.message for each in validator.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"app": "a", "regin": "x"},
        {"app": "a", "functions": {"one": {"memroy": 1}}},
        {"app": "a", "functions": {"one": {"memory": "many"}}},
        {"app": "a", "functions": {"one": {"memory": 12}}},
        {"app": "a", "functions": {"one": {"triggers": [{"sqss": "x"}]}}},
        {"app": "a", "functions": {"one": {"triggers": [{"sqs": {"bach": 1}}]}}},
        {"app": "a", "functions": {"one": {"vpc": {"subnets": "x"}}}},
        {"app": "a", "defaults": {"alias": True}},
        {"app": "a", "functions": {"1st": {}}},
        {"app": "a", "functions": {"one": {"environment": {"NO-NAME": "x"}}}},
        {"app": "a", "functions": {"one": {"environment": {"LIST": ["x"]}}}},
        {"app": "a", "stages": {"prod": {"functions": {"one": {"timeout": []}}}}},
    ],
    ids=repr,
)
def test_bad_manifests_do_not(validator, wrong):
    assert not validator.is_valid(wrong)


@pytest.mark.parametrize(
    "good",
    [
        {"app": "a", "functions": {"one": {"memory": "${env:MEMORY}", "tracing": "${env:T}"}}},
        {"app": "a", "stages": {"prod": {"functions": {"one": None, "two": {"memory": None}}}}},
        {
            "app": "a",
            "stages": {"prod": {"functions": {"one": {"vpc": {"subnets": ["subnet-1"]}}}}},
        },
        {"app": "a", "functions": {"one": {"triggers": [{"http": "GET /"}, {"sqs": "q"}]}}},
    ],
    ids=repr,
)
def test_references_partial_stages_and_short_forms_are_fine(validator, good):
    assert [each.message for each in validator.iter_errors(good)] == []


@pytest.mark.parametrize("stage", ["", "prod"])
@pytest.mark.parametrize("text", [FULL.read_text(), *EXAMPLES], ids=lambda text: text[:20])
def test_good_manifests_load(tmp_path, text, stage):
    (tmp_path / "src").mkdir()
    # A container image is refused under --local, where references have placeholders.
    image = r"\S+\.dkr\.ecr\.\S+\n +runtime: null\n.*\n"
    text = re.sub(image, "src\n    handler: app.handler\n", text)
    (tmp_path / "lcli.yaml").write_text(text)
    place = Place("photos", stage, "eu-west-1", "123456789012", local=True)
    stage = stage if "stages:" in text else ""
    assert load(read(tmp_path / "lcli.yaml", stage=stage, environ={}), place).functions


def test_the_example_loads():
    place = Place("thumbnails", "", "eu-west-1", "123456789012", local=True)
    assert load(read(EXAMPLE, environ={}), place).functions


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_in_the_reference(model: type[BaseModel]):
    rows = set(re.findall(r"^\| `(\w+)` \|.*\| \S.* \|$", DOCS.read_text(), re.MULTILINE))
    assert {field.alias or name for name, field in model.model_fields.items()} <= rows


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_meaning_in_the_reference_is_the_models(model: type[BaseModel]):
    text = DOCS.read_text()
    for name, field in model.model_fields.items():
        row = rf"^\| `{field.alias or name}` \|.*\| {re.escape(str(field.description))} \|$"
        assert re.search(row, text, re.MULTILINE), f"{name}: {field.description}"


@pytest.mark.parametrize(("kind", "model"), settings_models().items(), ids=lambda one: str(one))
def test_top_level_settings_of_a_kind_of_triggers_are_in_the_reference(kind, model):
    row = rf"^\| `{kind}` \|.*\| {re.escape(model.__doc__)} \|$"
    assert re.search(row, DOCS.read_text(), re.MULTILINE)
    assert schema()["properties"][kind]["description"] == model.__doc__
