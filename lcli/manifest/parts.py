"""What references to other parts of the manifest (``${function:X.arn}``) stand for; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from lcli.manifest.document import Document, Named
from lcli.manifest.nodes import Map
from lcli.resources.model import Key, Place, Ref


def variables(place: Place) -> dict[str, str]:
    """What ``${app}`` and its like stand for."""
    return {
        "app": place.app,
        "stage": place.stage,
        "region": place.region,
        "account": place.account,
        "partition": place.partition,
    }


def keys(document: Document, part: str) -> frozenset[str]:
    """The keys of a map at the top of the manifest; none where it is missing or no map."""
    node = document.root.entries.get(part)
    return frozenset(node.entries) if isinstance(node, Map) else frozenset()


def layer_name(place: Place, key: str) -> str:
    """A layer's name in AWS."""
    return "-".join(filter(None, (place.app, place.stage, key)))


def parts(
    document: Document, place: Place, named: Mapping[str, Named]
) -> dict[str, Callable[[], Mapping[str, Mapping[str, object]]]]:
    """By kind (function, layer): the attributes of each part by its key, made when asked for."""

    @cache
    def functions() -> Mapping[str, Mapping[str, object]]:
        return {key: _attributes(document, place, each) for key, each in named.items()}

    @cache
    def layers() -> Mapping[str, Mapping[str, object]]:
        return {
            key: {"arn": Ref(Key("layer", layer_name(place, key)), "arn")}
            for key in keys(document, "layers")
        }

    return {"function": functions, "layer": layers}


def _attributes(document: Document, place: Place, named: Named) -> Mapping[str, object]:
    """What other parts can say of a function; only its URL is AWS's to choose."""
    arn = place.arn("lambda", f"function:{named.name}")
    found: dict[str, object] = {"name": named.name, "arn": arn}
    qualified = f"{named.name}:{named.alias}" if named.alias else named.name
    if named.alias:
        found["alias_arn"] = f"{arn}:{named.alias}"
    node = document.function_nodes()[named.key]
    if isinstance(node, Map) and "url" in node.entries:
        found["url"] = Ref(Key("function_url", qualified), "url")
    return found
