"""Everything that an account of the local cloud holds, so that two accounts can be compared.

It is read out of the cloud's own records, not asked for call by call: what nobody thinks of asking
for is there too, and it takes milliseconds, after every one of a thousand killed runs.

Ids, addresses and times that AWS chooses are left out; what they belong to, and what refers to
them, is not.
"""

from __future__ import annotations

import asyncio
import copy
import copyreg
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from threading import Condition
from typing import Any

from lcli.local.lambda_api.state import EventSourceMapping, Layer, LayerVersion, Region
from lcli.local.server import Cloud

MAY_LACK = "digest "
"""Begins the lines of ``lcli:digest``: a killed run may end without it, never with a false one."""

_CHOSEN = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"  # UUIDs
    r"|\b(?:19|20)\d\d-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?"  # times: labels of streams
    r"|127\.0\.0\.1:\d+|\bA[0-9A-Z]{20}\b"  # addresses; ids of roles and policies
)
_TAGS = re.compile(r"» tagger of (\S.*?) \{")
_HASH = re.compile(r"\b[0-9a-f]{16}\b")
_NOTHING = frozenset({"resourcegroupstaggingapi", "sts", "moto_api", "cloudwatch"})
"""Backends that hold nothing of their own, or measurements."""
# When, and how often, something was changed; what refers back; and what AWS chooses and nothing
# refers to.
_LEFT_OUT = frozenset(
    """
    modified created due ready revision build origin change last_modified create_date created_date
    created_at created_timestamp last_modified_timestamp creation_time created_on last_used
    last_ingestion_time creation_date LastModified RevisionId StateReason next_number
    deployment_id backend account_summary aws_managed_policies _pagination_tokens queries table
    upload_token table_id _messages_lock region_name account_id partition lcli:digest
    etag last_modified_rfc1123 version_id _version_id starting_sequence_number
    attachment_count latest_sequence_number _tick _transitions disposed
    """.split()  # noqa: SIM905
)


_EMPTY: tuple[Any, ...] = (None, "", [], {})


def everything(cloud: Cloud, account: str) -> list[str]:
    """A sorted line for each thing that there is; equal things give equal lines.

    The hashes in ids that lcli derives are left out: what is hashed may name the account.
    """
    held = _held(cloud, account)
    chosen = _chosen(held)
    lines: list[str] = []
    for where, content in held.items():
        for line in _things(where, content):
            for identity, name in chosen.items():
                line = line.replace(identity, name)
            line = line.replace(account, "ACCOUNT")
            lines.append(_HASH.sub("HASH", _CHOSEN.sub("CHOSEN", line)))
    return sorted([*_tagged(lines), *_digests(held)])


@dataclass(frozen=True)
class Kept:
    """What an account held, to be put back as often as wanted."""

    cloud: Cloud
    account: str
    held: dict[str, Any]

    def restore(self) -> None:
        """Empty the account, then put all of it back."""
        forgetting = self.cloud.forget(self.account)
        asyncio.run_coroutine_threadsafe(forgetting, self.cloud.loop).result(10)
        for where, content in copy.deepcopy(self.held).items():
            service, _, region = where.partition(" ")
            if service == "lambda":
                _put(self.cloud.functions.region(self.account, region), content)
            else:
                _backends()[service][self.account][region] = content
        buckets = self.held.get("s3 aws")
        for name in buckets.buckets if buckets else ():  # their names are the whole world's
            _backends()["s3"].bucket_accounts[name] = ("aws", self.account)


def keep(cloud: Cloud, account: str) -> Kept:
    """What an account holds, once moto has been loaded."""
    reading = cloud.services.run(lambda: copy.deepcopy(_held(cloud, account)))
    held = asyncio.run_coroutine_threadsafe(reading, cloud.loop).result(30)
    return Kept(cloud, account, held)


# A copy has a lock of its own.
copyreg.pickle(Condition, lambda _: (Condition, ()))


def _put(region: Region, content: Region) -> None:
    for one in ("functions", "layers", "mappings", "signing"):
        there = getattr(region, one)
        there.clear()
        there.update(getattr(content, one))


def _backends() -> dict[str, Any]:
    from moto.core.base_backend import BackendDict

    return {one.service_name: one for one in BackendDict._instances}


def _held(cloud: Cloud, account: str) -> dict[str, Any]:
    """The records, by ``SERVICE REGION``."""
    held: dict[str, Any] = {
        f"lambda {one.name}": one for one in cloud.functions.regions() if one.account == account
    }
    for service, accounts in _backends().items():
        if account in accounts and service not in _NOTHING:
            for region, backend in list(accounts[account].items()):
                held[f"{service} {region}"] = backend
    return held


def _chosen(held: Mapping[str, Any]) -> dict[str, str]:
    """What stands for the ids of things that others refer to."""
    names = {}
    for where, backend in held.items():
        if where.startswith("apigatewayv2 "):
            for api in list(backend.apis.values()):
                names[api.api_id] = f"API {api.name}"
                for one in list(api.integrations.values()):
                    names[one.id] = f"INTEGRATION {one.integration_uri}"
                for one in list(api.authorizers.values()):
                    names[one.id] = f"AUTHORIZER {one.name}"
                names |= {one.route_id: "ROUTE" for one in list(api.routes.values())}
            names |= dict.fromkeys(list(backend.api_mappings), "MAPPING")
        if where.startswith("apigateway "):
            names |= {one.id: f"API {one.name}" for one in list(backend.apis.values())}
        if where.startswith("dynamodb "):
            for table in list(backend.tables.values()):
                if table.latest_stream_label:
                    names[table.latest_stream_label] = f"STREAM of {table.name}"
        if where.startswith("lambda "):
            for function in list(backend.functions.values()):
                for one in list(function.urls.values()):
                    names |= {one.address: f"URL of {function.name}", one.id: "URL"}
    return names


def _tagged(lines: list[str]) -> list[str]:
    """All but the tags of what is gone: moto keeps those."""
    tags, things = [], []
    for line in lines:
        (tags if _TAGS.search(line) else things).append(line)
    there = "\n".join(things)
    arns = {one: _TAGS.findall(one)[0] for one in tags}
    named = {one: (f'"{arn}"', f'"{arn.rpartition(":")[2]}"') for one, arn in arns.items()}
    return things + [one for one in tags if any(name in there for name in named[one])]


def _digests(held: Mapping[str, Any]) -> Iterator[str]:
    for where, content in held.items():
        if where.startswith("lambda "):
            for name, function in list(content.functions.items()):
                if digest := function.tags.get("lcli:digest"):
                    yield f"{MAY_LACK}{name} {digest}"


def _things(path: str, thing: Any) -> Iterator[str]:
    """A line for an object and for each that it holds; what is plain of it stands in its line."""
    if isinstance(thing, Mapping):
        yield f"{path} {_text(_plain(thing))}"
        return
    plain = {}
    for name, value in _members(thing).items():
        below = _below(value)
        for label, one in below:
            if not _gone(one):
                yield from _things(f"{path} » {name} {label}".rstrip(), one)
        if not below and (shown := _plain(value)) not in _EMPTY:
            plain[name] = shown
    if plain or "»" in path:
        yield f"{path} {_text(plain)}"


def _text(plain: Mapping[str, Any]) -> str:
    return json.dumps(plain, sort_keys=True, ensure_ascii=False)


def _gone(thing: Any) -> bool:
    """A mapping that is being deleted ends within a moment; a layer goes with its last version."""
    if isinstance(thing, Layer):
        return all(one.deleted for one in thing.versions.values())
    if isinstance(thing, LayerVersion):
        return thing.deleted
    return isinstance(thing, EventSourceMapping) and thing.change == "Deleting"


def _members(thing: Any) -> dict[str, Any]:
    if is_dataclass(thing):
        members = {one.name: getattr(thing, one.name) for one in fields(thing)}
    else:
        members = dict(vars(thing))
    return {name: one for name, one in members.items() if name not in _LEFT_OUT}


def _below(value: Any) -> list[tuple[str, Any]]:
    """The objects that a member is or holds, with their names."""
    if type(value).__name__ == "TaggingService":
        return [(f"of {arn} ", tags) for arn, tags in list(value.tags.items())]
    if _is_object(value):
        return [("", value)]
    if isinstance(value, Mapping):
        found = [(str(label), one) for label, one in list(value.items()) if _is_object(one)]
    elif isinstance(value, list | tuple | set):
        found = [("", one) for one in list(value) if _is_object(one) or isinstance(one, dict)]
    else:
        found = []
    return found


def _is_object(value: Any) -> bool:
    module = type(value).__module__
    if isinstance(value, Mapping | list):  # moto has its own kinds of them
        return False
    return is_dataclass(value) or (module.startswith("moto.") and hasattr(value, "__dict__"))


def _plain(value: Any) -> Any:
    """As JSON has it, but for what is empty: nothing and an empty list mean the same. The order of
    lists of objects, which AWS does not keep, is left out."""
    if isinstance(value, Mapping):
        pairs = ((str(name), _plain(one)) for name, one in list(value.items()))
        return {n: one for n, one in pairs if n not in _LEFT_OUT and one not in _EMPTY}
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        found = [_plain(one) for one in value]
        return sorted(found, key=str) if any(isinstance(one, dict) for one in found) else found
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.decode("latin-1") if isinstance(value, bytes) else ""
