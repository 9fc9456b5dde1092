"""A loaded manifest → the resources that AWS must hold; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from lcli.deploy import settings
from lcli.deploy.expand_function import expand_function
from lcli.deploy.expanded import Expanded, Given, observed
from lcli.resources.code import Code
from lcli.resources.compare import leaves
from lcli.resources.layer import layer
from lcli.resources.model import Place, Resource, Text, Value

if TYPE_CHECKING:
    from lcli.manifest.models import App


def expand(
    app: App,
    place: Place,
    codes: Mapping[str, Code],
    layer_codes: Mapping[str, Code],
    lookups: Mapping[str, str | Text],
) -> Expanded:
    """All desired resources of the functions in `app`, with what needs what.

    `codes` is by the manifest's keys of functions, `layer_codes` by those of the layers that they
    use. Raises LcliError (USAGE) for what only shows now (an alias too long for a tag).
    """
    given, expanded = Given(app, place, lookups), Expanded()
    for key, code in layer_codes.items():
        made = app.layers[key]
        expanded.add(
            layer(
                place,
                key,
                code,
                runtimes=made.runtimes,
                architectures=made.architectures,
                license_info=made.license,
                where=made.where,
            )
        )
    for function in app.functions.values():
        shares_log = settings.log_group_name(function) in app.shared_log_groups
        expand_function(given, function, codes[function.key], expanded, shares_log=shares_log)
    if app.secret_texts:
        for one in list(expanded.resources.values()):
            expanded.resources[one.key] = _with_secrets(one, app.secret_texts)
    expanded.observed = observed(expanded.resources)
    return expanded


def _with_secrets(resource: Resource, secrets: Collection[str]) -> Resource:
    """The resource with those of its fields marked that hold one of the secrets, however short."""
    found = {path for path, value in leaves("", resource.fields) if _holds(value, secrets)}
    return replace(resource, secret=resource.secret | found)


def _holds(value: Value, secrets: Collection[str]) -> bool:
    if isinstance(value, Mapping):
        return any(_holds(one, secrets) for one in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(one, secrets) for one in value)
    return str(value) in secrets
