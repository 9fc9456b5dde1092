"""Values from outside the manifest: one function a kind of reference, in `RESOLVERS`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, TypeAlias

from lcli.aws.clients import AwsError, Clients
from lcli.aws.texts import NO_STACK
from lcli.manifest import arguments
from lcli.manifest.lookup import among, dig, from_state
from lcli.manifest.references import Path, Unresolved
from lcli.manifest.source import MAX_BYTES

_MAX_STATE = 64 << 20
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure")
SECRET = frozenset({"ssm", "secret"})
"""Kinds whose values are masked in all output."""
NOT_ASKED = "aws-not-asked"
"""Code of an Unresolved where AWS cannot be asked."""
Asked: TypeAlias = tuple[str, str]
"""A reference by its kind and its argument."""


@dataclass
class Context:
    """What resolvers may look at, and what they leave behind."""

    environ: Mapping[str, str]
    directory: FilePath
    """The manifest's: relative paths start here."""
    clients: Clients | None = None
    """None: AWS cannot be asked (yet)."""
    is_local: bool = False
    local: Mapping[str, Any] = field(default_factory=dict)
    """The manifest's ``local:`` map."""
    secrets: set[str] = field(default_factory=set)
    """Values that no output may show."""
    secret_paths: set[Path] = field(default_factory=set)
    """Where the manifest refers to them."""
    placeholders: dict[Path, Asked] = field(default_factory=dict)
    """Where it refers to what has no value under --local, and to what there."""
    cache: dict[Asked, Any] = field(default_factory=dict)
    sensitive: set[Asked] = field(default_factory=set)
    """Of these the secrets,"""
    absent: set[Asked] = field(default_factory=set)
    """and those for which a placeholder stands."""


def resolve(kind: str, argument: str, context: Context, path: Path = ()) -> Any:
    """The value of ``${kind:argument}`` for that path, asked for once. Raises Unresolved.

    Under --local, ``ssm``, ``secret``, ``cfn`` and a state file on s3:// come from the manifest's
    ``local:`` map, then from the local services, else they are placeholders; AWS is never asked.
    """
    key = (kind, argument)
    if key not in context.cache:
        context.cache[key] = _resolve(kind, argument, context)
    value = context.cache[key]
    if key in context.absent:
        context.placeholders[path] = key
    elif key in context.sensitive:
        context.secrets.update(texts(value))
        context.secret_paths.add(path)
    return value


def _resolve(kind: str, argument: str, context: Context) -> Any:
    if kind in LIGHT:
        return LIGHT[kind](argument, context)
    read = REMOTE[kind]
    if kind in SECRET:
        context.sensitive.add((kind, argument))
    remote = kind != "tfstate" or argument.startswith("s3://")
    if not context.is_local:
        return read(argument, context)
    known = context.local.get(kind)
    if isinstance(known, Mapping):
        value = _known(kind, argument, known)
        if value is not None:
            return value
    try:
        return read(argument, context)
    except Unresolved as error:
        if not remote or error.code == "reference-malformed":
            raise
        context.absent.add((kind, argument))
        return f"local-placeholder-for-{kind}:{argument}"


def _known(kind: str, argument: str, known: Mapping[str, Any]) -> Any:
    """From the ``local:`` map: the whole argument as key, else its first part and a way in."""
    if argument in known:
        return known[argument]
    name, separator, rest = argument.rpartition(".") if kind == "cfn" else argument.partition("#")
    if not separator or name not in known:
        return None
    return dig(known[name], rest.split("."), f"local.{kind}.{name}")


def texts(value: Any) -> list[str]:
    """All that a value holds, as text."""
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [] if value is None or isinstance(value, bool) or value == "" else [str(value)]


def _env(argument: str, context: Context) -> str:
    name, comma, default = argument.partition(",")
    name = name.strip()
    if name in context.environ:
        return context.environ[name]
    if comma:
        return default.strip()
    raise Unresolved(
        "env-not-set",
        f"the environment variable {name} is not set",
        f"set it, or give a default: ${{env:{name}, DEFAULT}}",
    )


def _file(argument: str, context: Context) -> str:
    data = _read(context.directory / argument, argument, MAX_BYTES, "${file:…}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unresolved(
            "reference-malformed", f"the file {argument} is not UTF-8", "save it as UTF-8"
        ) from error
    return text.removesuffix("\n").removesuffix("\r")


def _read(path: FilePath, name: str, limit: int, what: str) -> bytes:
    try:
        if not path.is_file():
            reason = "it is not a file" if path.exists() else "no such file"
            raise OSError(0, reason)
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise Unresolved(
            "file-unreadable",
            f"cannot read the file {name}: {reason}",
            f"the path of {what} is relative to the manifest's folder",
        ) from error
    if len(data) > limit:
        raise Unresolved(
            "reference-malformed",
            f"the file {name} is longer than {limit >> 20} MiB",
            "refer to a smaller one",
        )
    return data


_GIT = {"sha": ["rev-parse", "HEAD"], "branch": ["symbolic-ref", "--short", "HEAD"]}


def _git(argument: str, context: Context) -> str:
    import subprocess

    if argument not in _GIT:
        raise Unresolved(
            "unknown-reference", f"git knows no {argument!r}", "use ${git:sha} or ${git:branch}"
        )
    command = ["git", "-C", str(context.directory), *_GIT[argument]]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unresolved(
            "git-failed", "git could not be run", "install git, or remove the reference"
        ) from error
    if done.returncode:
        told = done.stderr.strip().splitlines()[-1:] or ["no commit"]
        raise Unresolved(
            "git-failed",
            f"git has no {argument} here: {told[0].removeprefix('fatal: ')}",
            "run lcli in a checkout with a commit (and a branch, for ${git:branch})",
        )
    return done.stdout.strip()


def _call(context: Context, kind: str, what: str, **parameters: Any) -> Any:
    """One read of AWS; every refusal as Unresolved that names the reference."""
    service, operation = _CALLS[kind]
    if context.clients is None:
        raise Unresolved(
            NOT_ASKED,
            f"{what} is in AWS, which is not asked here",
            "app, region, regions, account, name, alias, architecture and log.group say where "
            "things are: they take ${env:…}, ${git:…}, ${file:…}, a Terraform state file on this "
            "machine, or a literal",
        )
    try:
        return context.clients.call(service, operation, **parameters)
    except AwsError as error:
        if error.code in _DENIED:
            key = "" if kind == "cfn" else " (and kms:Decrypt for its key)"
            raise Unresolved(
                "reference-denied",
                f"AWS does not let you read {what}: {error.message}",
                f"allow {service}:{operation}{key} for your credentials",
            ) from error
        missing = error.code in _ABSENT or NO_STACK.found(error) is not None
        if error.code in _MALFORMED and not missing:
            raise Unresolved(
                "reference-malformed",
                f"{what} is none that AWS takes: {error.message}",
                arguments.WRITE[kind],
            ) from error
        raise Unresolved(
            "reference-absent" if missing else "reference-failed",
            f"{what} does not exist" if missing else f"cannot read {what}: {error.message}",
            f"make it in {context.clients.region}, or correct the name"
            if missing
            else _MENDED.get(error.code, f"check credentials, region and network ({error.code})"),
        ) from error


_CALLS = {
    "ssm": ("ssm", "GetParameter"),
    "secret": ("secretsmanager", "GetSecretValue"),
    "cfn": ("cloudformation", "DescribeStacks"),
    "tfstate": ("s3", "GetObject"),
}
_MENDED = {
    "NoCredentials": "set AWS_PROFILE or give --profile, or sign in with `aws configure` or "
    "`aws sso login`; with --local the value comes from the manifest's `local`",
    "InvalidRequestException": "the secret is marked for deletion: restore it (`aws "
    "secretsmanager restore-secret`), or name another",
}
"""What to do, by AWS's code of the refusal."""
_ABSENT = ("ParameterNotFound", "ParameterVersionNotFound", "ResourceNotFoundException",
           "NoSuchKey", "NoSuchBucket", "404")  # fmt: skip
_MALFORMED = ("ValidationException", "ValidationError", "InvalidBucketName", "InvalidParameters")
"""AWS's codes ("Common errors" of each API; S3, "Error responses"), and the SDK's own refusal."""


def _ssm(argument: str, context: Context) -> str:
    what = f"the parameter {argument}"
    answer = _call(context, "ssm", what, Name=argument, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


def _secret(argument: str, context: Context) -> Any:
    name, way = arguments.secret(argument)
    what = f"the secret {name}"
    text = _call(context, "secret", what, SecretId=name).get("SecretString")
    if text is None:
        raise Unresolved("reference-malformed", f"{what} is binary", "store it as text")
    if not way:
        return text
    return dig(_json(text, what), way.split("."), what)


def _cfn(argument: str, context: Context) -> str:
    stack, output = arguments.stack_output(argument)
    what = f"the stack {stack}"
    answer = _call(context, "cfn", what, StackName=stack)
    found = answer["Stacks"][0].get("Outputs", [])
    outputs = {each["OutputKey"]: each["OutputValue"] for each in found}
    return str(among(outputs, output, f"an output of {what}"))


def _tfstate(argument: str, context: Context) -> Any:
    path, address = arguments.state_value(argument)
    what = f"the state {path}"
    if path.startswith("s3://"):
        bucket, key = arguments.bucket_and_key(path)
        answer = _call(context, "tfstate", what, Bucket=bucket, Key=key)
        data = answer["Body"].read(_MAX_STATE)
    else:
        data = _read(context.directory / path, path, _MAX_STATE, "${tfstate:…}")
    value, sensitive = from_state(_json(data, what), address, what)
    if sensitive:
        context.sensitive.add(("tfstate", argument))
    return value


def _json(text: str | bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unresolved(
            "reference-malformed", f"{what} is not JSON", "correct it, or leave out what follows #"
        ) from error


Resolver = Callable[[str, Context], Any]
LIGHT: dict[str, Resolver] = {"env": _env, "file": _file, "git": _git}
"""Allowed also in what decides where things are (app, region, name, alias, …)."""
REMOTE: dict[str, Resolver] = {
    "ssm": _ssm,
    "secret": _secret,
    "cfn": _cfn,
    "tfstate": _tfstate,
}
"""Asked lazily, only for what a command uses."""
