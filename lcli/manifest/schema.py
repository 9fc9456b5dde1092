"""The manifest's JSON Schema, for editors; made from the models."""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic.json_schema import models_json_schema

from lcli.manifest.models import App
from lcli.triggers import settings_models

Schema: TypeAlias = dict[str, Any]

_REFERENCE: Schema = {"type": "string", "pattern": r"\$\{"}
_ANY = ("anyOf", "oneOf", "allOf")


def schema() -> Schema:
    """JSON Schema (draft 2020-12) of a whole lcli.yaml, stages and defaults included.

    A text with ``${…}`` is allowed wherever a value is. What may be spread over defaults,
    functions and stages requires nothing and takes null, which removes.
    """
    settings = settings_models()
    wanted = [(model, "validation") for model in (App, *settings.values())]
    _, whole = models_json_schema(wanted, by_alias=True)  # type: ignore[arg-type]
    made = whole["$defs"].pop("App")
    for kind, model in settings.items():
        told = {"description": model.__doc__, "$ref": f"#/$defs/{model.__name__}"}
        made["properties"][kind] = told
    defs: Schema = {name: _referable(each) for name, each in whole["$defs"].items()}
    app = _referable(made)
    overlays = _Overlays(defs)
    overlay = overlays.of(app)
    defaults: Schema = {"anyOf": [overlays.of({"$ref": "#/$defs/Function"}), {"type": "null"}]}
    defaults["description"] = "Merged under every function."
    stage = {**overlay, "properties": {**overlay["properties"], "defaults": defaults}}
    stage.pop("title")
    app["properties"] = {
        **overlay["properties"],
        "app": app["properties"]["app"],
        "defaults": defaults,
        "stages": {
            "type": ["object", "null"],
            "additionalProperties": {"anyOf": [stage, {"type": "null"}]},
            "description": "Merged over everything else when --stage NAME is given.",
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **app,
        "title": "lcli.yaml",
        "required": ["app"],
        "$defs": {**defs, **overlays.made},
    }


def _referable(node: Any, *, is_value: bool = False) -> Any:
    """The schema with ``${…}`` allowed for every value; titles that repeat the key left out."""
    if isinstance(node, list):
        return [_referable(each) for each in node]
    if not isinstance(node, dict):
        return node
    made: Schema = {}
    for key, value in node.items():
        if key == "patternProperties":
            made["additionalProperties"] = False
        if key in ("properties", "patternProperties"):
            made[key] = {
                name: _referable({k: v for k, v in each.items() if k != "title"}, is_value=True)
                for name, each in value.items()
            }
        elif key in ("items", "additionalProperties"):
            made[key] = _referable(value, is_value=True)
        elif key in ("default", "enum", "const", "required", "examples"):
            made[key] = value
        else:
            made[key] = _referable(value)
    plain = made.get("type") == "string" and not {"pattern", "enum", "const"} & set(made)
    if not is_value or not made:
        return made
    if plain:
        return {**made, "type": ["string", "number"]}
    told = {key: made.pop(key) for key in ("description", "default") if key in made}
    return {**told, "anyOf": [made, _REFERENCE]} if made else told


class _Overlays:
    """Forms of the definitions in which nothing is required and null removes."""

    def __init__(self, defs: Schema) -> None:
        self.defs = defs
        self.made: Schema = {}

    def of(self, node: Schema) -> Schema:
        """A schema as it may stand in a stage. Lists replace, so what is in them stays whole."""
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            if f"{name}Part" not in self.made:
                self.made[f"{name}Part"] = {}
                self.made[f"{name}Part"] = self.of(self.defs[name])
            return {**node, "$ref": f"#/$defs/{name}Part"}
        made = {key: value for key, value in node.items() if key != "required"}
        for key in _ANY:
            if key in node:
                made[key] = [self.of(each) for each in node[key]]
        if "properties" in node:
            made["properties"] = {k: self._or_null(v) for k, v in node["properties"].items()}
        if "patternProperties" in node:
            made["patternProperties"] = {
                k: self._or_null(v) for k, v in node["patternProperties"].items()
            }
        if isinstance(node.get("additionalProperties"), dict):
            made["additionalProperties"] = self._or_null(node["additionalProperties"])
        return made

    def _or_null(self, node: Schema) -> Schema:
        told: Schema = {key: node[key] for key in ("description", "default") if key in node}
        rest = self.of({key: value for key, value in node.items() if key not in told})
        return {**told, "anyOf": [rest, {"type": "null"}]} if rest else told
