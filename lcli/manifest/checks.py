"""What one field alone cannot tell: checks over whole functions and over all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path as FilePath

from lcli.manifest import api, code_checks, trigger_checks
from lcli.manifest.document import Named
from lcli.manifest.explain import Fault
from lcli.manifest.ignoring import NAMED, WORDS, is_known
from lcli.manifest.models import Function
from lcli.manifest.nearest import nearest
from lcli.manifest.nodes import Map, Scalar, Sequence
from lcli.manifest.references import Path
from lcli.resources.model import Place

MAX_NAME = 64
_NAME = re.compile(r"[a-zA-Z0-9_-]+\Z")
_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,63}\Z")
_ROLE = re.compile(r"(?:arn:[a-z0-9-]+:iam::[0-9]{12}:role/\S+|[\w+=,.@-]{1,64})\Z", re.ASCII)
_BOUND = "source_account or organization, or anybody: true if it is meant"
_MAX_ENVIRONMENT = 4096
"""Bytes of all environment variables ("Lambda quotas")."""
_ANY = ""
"""Stands for those variables whose values are right and known."""
_RESERVED = frozenset((
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
))  # fmt: skip
"""Names that Lambda sets itself (developer guide, "Defined runtime environment variables")."""
_WHO = ("principal", "source_arn", "source_account", "organization", "anybody")
"""What of a permission says who has it."""
_LARGEST = {"memory": (10240, "MB"), "storage": (10240, "MB"), "timeout": (900, "seconds")}
"""Without a capacity provider; with one the SDK's limits hold (RULES of the Lambda API)."""


def names(functions: Iterable[Named], unnamed: Collection[str]) -> Iterator[Fault]:
    """Keys and AWS names: their form, their length, and that no two are one.

    `unnamed` are keys of functions whose AWS names are not known.
    """
    first: dict[str, str] = {}
    for each in functions:
        path: Path = ("functions", each.key)
        if not _KEY.match(each.key):
            yield _at_key(
                path,
                "wrong-name",
                f"{each.key[:MAX_NAME]!r} is not a function's key",
                "use letters, digits, - and _, a letter first, 64 characters at most",
            )
        elif each.key in unnamed:
            continue
        elif len(each.name) > MAX_NAME:
            yield _at_key(
                path,
                "name-too-long",
                f"the AWS name {each.name} has {len(each.name)} characters",
                f"Lambda takes {MAX_NAME}: shorten the app, the stage or the key, or set name:",
            )
        elif not _NAME.match(each.name):
            yield _at_key(
                path,
                "wrong-name",
                f"{each.name!r} cannot be a function's name in AWS",
                "use letters, digits, - and _ in name:",
            )
        elif each.name in first:
            yield _at_key(
                path,
                "name-twice",
                f"{first[each.name]} and {each.key} have one AWS name: {each.name}",
                "use ${function} in the top-level name:, or give one of them a name:",
            )
        if each.key not in unnamed:
            first.setdefault(each.name, each.key)


def app(root: Map) -> Iterator[Fault]:
    """The top level."""
    if "region" in root.entries and "regions" in root.entries:
        yield _at_key(("regions",), "two-regions", "region and regions are both set", "keep one")
    regions = root.entries.get("regions")
    if isinstance(regions, Sequence):
        texts = [one.text for one in regions.items if isinstance(one, Scalar)]
        for index, text in enumerate(texts):
            if text in texts[:index]:
                yield Fault(
                    ("regions", index), "region-twice", f"{text} is there twice", "keep one"
                )


def function(
    key: str,
    function: Function,
    directory: FilePath,
    layers: Collection[str],
    place: Place,
    *,
    unknown: Collection[Path] = (),
) -> Iterator[Fault]:
    """One function, with the manifest's folder and the keys of its layers.

    `unknown` are the parts of it whose references have no value yet.
    """
    path: Path = ("functions", key)
    if ("source",) not in unknown:
        yield from code_checks.code(path, function, directory, any_runtime=("runtime",) in unknown)
    yield from _sizes(path, function)
    yield from _publishing(path, function)
    yield from _environment(path, function, unknown)
    yield from _permissions(path, function)
    yield from code_checks.layers(path, function, layers, place)
    yield from _names_inside(path, function)
    if function.log.format == "text":
        for level in ("level", "system_level"):
            if getattr(function.log, level):
                yield Fault(
                    (*path, "log", level),
                    "level-without-json",
                    f"log.{level} needs log.format: json",
                    "add format: json, or leave the level out",
                    uses=(("log", "format"), ("log", level)),
                )
    yield from api.check_function(function.api, (*path, "api"))
    if function.is_image and "Code" in function.api:
        yield _at_key(
            (*path, "api", "Code"),
            "not-for-images",
            "a container image takes no api.Code",
            "remove it; it is about zips",
        )
    for index, trigger in function.numbered_triggers:
        yield from trigger_checks.each((*path, "triggers", index, trigger.kind), trigger)


def local(key: str, function: Function) -> Iterator[Fault]:
    """What the local cloud cannot run."""
    if function.is_image:
        yield Fault(
            ("functions", key, "source"),
            "image-under-local",
            f"the function {key} is a container image, which the local cloud does not run",
            "name the other functions, or leave out --local",
        )


def _sizes(path: Path, function: Function) -> Iterator[Fault]:
    if "CapacityProviderConfig" in function.api:
        return
    for key, (largest, unit) in _LARGEST.items():
        value = getattr(function, key)
        if value > largest:
            yield Fault(
                (*path, key),
                "wrong-value",
                f"{key}: expected at most {largest} {unit}, not {value}",
                "only functions with a capacity provider can have more",
            )


def _durable(path: Path, function: Function) -> Iterator[Fault]:
    durable = function.api.get("DurableConfig")
    if not isinstance(durable, Mapping):
        return
    if "ExecutionTimeout" not in durable:
        yield Fault(
            (*path, "api", "DurableConfig"),
            "missing-key",
            "a durable function needs an ExecutionTimeout",
            "add ExecutionTimeout, in seconds: at most 31622400, and 900 if callers are to wait",
        )
    if function.alias is False:
        yield Fault(
            (*path, "api", "DurableConfig"),
            "needs-alias",
            "a durable function is invoked by a version or an alias, and alias is false",
            "give it an alias, or remove DurableConfig",
        )


def _publishing(path: Path, function: Function) -> Iterator[Fault]:
    snap = function.api.get("SnapStart")
    snap_start = isinstance(snap, Mapping) and snap.get("ApplyOn") == "PublishedVersions"
    provisioned = function.concurrency.provisioned
    its_path, snap_path = ("concurrency", "provisioned"), ("api", "SnapStart")
    if function.alias is False and provisioned:
        yield Fault(
            (*path, "concurrency", "provisioned"),
            "needs-alias",
            "provisioned concurrency needs an alias, and alias is false",
            "give it an alias, or remove provisioned",
            uses=(("alias",), its_path),
        )
    if function.alias is False and snap_start:
        yield Fault(
            (*path, "api", "SnapStart"),
            "needs-alias",
            "SnapStart works on published versions, and with alias: false nothing is published",
            "give it an alias, or remove SnapStart",
            uses=(("alias",), snap_path),
        )
    yield from _durable(path, function)
    if provisioned and snap_start:
        yield Fault(
            (*path, "concurrency", "provisioned"),
            "snapstart-and-provisioned",
            "a function has either SnapStart or provisioned concurrency",
            "remove one of them",
            uses=(its_path, snap_path),
        )
    reserved = function.concurrency.reserved
    if reserved is not None and provisioned and provisioned > reserved:
        yield Fault(
            (*path, "concurrency", "provisioned"),
            "wrong-value",
            f"provisioned ({provisioned}) is more than reserved ({reserved})",
            "reserve at least as many",
            uses=(its_path, ("concurrency", "reserved")),
        )


def _environment(path: Path, function: Function, unknown: Collection[Path]) -> Iterator[Fault]:
    for name in function.environment:
        if name in _RESERVED:
            yield _at_key(
                (*path, "environment", name),
                "reserved-variable",
                f"Lambda sets the environment variable {name} itself",
                "use another name",
                uses=(("environment", name),),
            )
    # As AWS measures it: compact JSON in UTF-8. What AWS has yet to choose, or to be asked for, is
    # left out.
    known = {
        name: value
        for name, value in function.environment.items()
        if isinstance(value, str) and ("environment", name) not in unknown
    }
    measured = json.dumps(known, separators=(",", ":"), ensure_ascii=False)
    size = len(measured.encode(errors="replace"))
    if size > _MAX_ENVIRONMENT:
        biggest = sorted(known, key=lambda name: -len(known[name]))[:3]
        yield _at_key(
            (*path, "environment"),
            "environment-too-large",
            f"the environment has {size:,} bytes; Lambda takes {_MAX_ENVIRONMENT:,}",
            f"shorten it (the largest: {', '.join(biggest)}), or keep large values in Parameter "
            "Store, S3 or a file of the source, and read them in the function",
            uses=(("environment", _ANY),),
        )


def _permissions(path: Path, function: Function) -> Iterator[Fault]:
    for index, permission in enumerate(function.permissions):
        if permission.unbounded and not permission.anybody:
            who = "everybody" if permission.principal == "*" else permission.principal
            what = f"{who[:MAX_NAME]} may invoke {path[-1]} on anybody's behalf"
            key, next_step = "principal", f"add source_arn, {_BOUND}"
            if permission.source_arn:
                key, what = "source_arn", f"{what}: source_arn does not say whose"
                next_step = (
                    "write the account's twelve digits into it, for S3 the bucket's name, or add "
                    f"{_BOUND}"
                )
            used = tuple(("permissions", index, one) for one in _WHO)
            at = (*path, "permissions", index, key)
            yield Fault(at, "open-to-anybody", what, next_step, uses=used)


def _names_inside(path: Path, function: Function) -> Iterator[Fault]:
    if isinstance(function.role, str) and not _ROLE.match(function.role):
        yield Fault(
            (*path, "role"),
            "wrong-value",
            f"{function.role[:MAX_NAME]!r} is neither a role's ARN nor its name",
            "leave role out for one that lcli makes and keeps",
        )
    for index, ignored in enumerate(function.ignore):
        if not is_known(ignored):
            near = nearest(ignored, WORDS)
            known = sorted({*(word for word in WORDS if "." not in word), *NAMED})
            all_known = f"known: {', '.join(known)}, and their members"
            yield Fault(
                (*path, "ignore", index),
                "unknown-field",
                f"ignore: {ignored[:MAX_NAME]!r} is nothing that can be left to others",
                f"did you mean {near}?" if near else all_known,
            )


def _at_key(
    path: Path, code: str, what: str, next_step: str, *, uses: tuple[Path, ...] = ()
) -> Fault:
    return Fault(path, code, what, next_step, at_key=True, uses=uses)
