"""What a manifest can say, as pydantic models: attribute names are the manifest's keys.

Limits and forms are those of the Lambda API (CreateFunction and its neighbours); a setting that
is left out has AWS's default. What concerns several fields is checked in checks.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, PrivateAttr

from lcli.manifest.building import Build, Model
from lcli.manifest.function_settings import (
    AsyncInvoke,
    Concurrency,
    FileSystem,
    Image,
    Log,
    Permission,
    Role,
    Url,
    Vpc,
)
from lcli.manifest.trigger_list import ByKind
from lcli.manifest.values import Account, Alias, Arn, Form, Late, Name, Region, Tags
from lcli.triggers import triggers
from lcli.triggers.base import Trigger
from lcli.triggers.scalars import Flag, Whole

Patterns = tuple[str, ...]
AnyTrigger = Annotated[Trigger, ByKind(triggers)]


class Function(Model):
    """One Lambda function with everything that belongs to it."""

    _key: str = PrivateAttr("")
    _where: str = PrivateAttr("")
    _handler_where: str = PrivateAttr("")
    _triggers_where: tuple[str, ...] = PrivateAttr(())
    _positions: tuple[int, ...] = PrivateAttr(())

    name: str = Field(default="", description="Name in AWS; from the top-level name when left out.")
    source: str = Field(
        min_length=1,
        description="A directory, a file, a .zip, s3://bucket/key or a container image's URI.",
    )
    build: Build = Field(default_factory=Build, description="How the source becomes a zip.")
    include: Patterns = Field(default=("**",), description="gitignore patterns of what is packed.")
    exclude: Patterns = Field(default=(), description="gitignore patterns of what is left out.")
    runtime: str | None = Field(default=None, description="Lambda's name of it: python3.13.")
    handler: Annotated[str, Form(r"\S{1,128}", "a handler without spaces")] | None = Field(
        default=None, description="What is called: file.function."
    )
    architecture: Literal["x86_64", "arm64"] = Field(default="x86_64", description="Processor.")
    description: str = Field(default="", max_length=256, description="For people.")
    memory: Whole = Field(default=128, ge=128, le=32768, description="MB.")
    timeout: Whole = Field(default=3, ge=1, le=5400, description="Seconds.")
    storage: Whole = Field(default=512, ge=512, le=32768, description="MB of /tmp.")
    environment: dict[
        Annotated[
            str,
            Form(
                r"[a-zA-Z][a-zA-Z0-9_]+",
                "a variable's name: a letter, then letters, digits and _ (two at least)",
            ),
        ],
        Late,
    ] = Field(default_factory=dict, description="Environment variables; masked in all output.")
    layers: tuple[Late, ...] = Field(
        default=(),
        max_length=5,
        description="Keys of the top-level layers, or ARNs of layer versions.",
    )
    role: str | Role = Field(
        default_factory=Role,
        description="An existing role's ARN or name, or the settings of one that lcli keeps.",
    )
    vpc: Vpc | None = Field(default=None, description="Network; none when left out.")
    tracing: Flag = Field(default=False, description="Trace with X-Ray.")
    alias: Alias = Field(
        default="live", description="What is published and called; false: nothing is published."
    )
    keep_versions: Whole = Field(
        default=10,
        ge=1,
        description="Published versions that are kept: the newest ones, and those in use.",
    )
    concurrency: Concurrency = Field(
        default_factory=Concurrency, description="Reserved and provisioned concurrency."
    )
    async_: AsyncInvoke | None = Field(
        default=None, alias="async", description="Asynchronous invocations."
    )
    log: Log = Field(default_factory=Log, description="Logging.")
    tags: Tags = Field(default_factory=dict, max_length=45, description="Tags.")
    dead_letter: Arn | None = Field(default=None, description="Queue or topic of failed events.")
    kms_key: Arn | None = Field(default=None, description="Key that encrypts the environment.")
    file_systems: tuple[FileSystem, ...] = Field(default=(), description="Mounted file systems.")
    image: Image | None = Field(default=None, description="Container images only.")
    ignore: tuple[str, ...] = Field(
        default=(), description="What somebody else owns: environment.NAME, layers, log.level."
    )
    permissions: tuple[Permission, ...] = Field(default=(), description="Who else may invoke it.")
    url: Url | None = Field(default=None, description="The function's own HTTPS address.")
    api: dict[str, Any] = Field(
        default_factory=dict, description="Any other CreateFunction parameter, by its API name."
    )
    triggers: tuple[AnyTrigger, ...] = Field(default=(), description="What invokes it.")

    @property
    def key(self) -> str:
        """The manifest's key of it."""
        return self._key

    @property
    def where(self) -> str:
        """Where the manifest says it: ``lcli.yaml:12:3``."""
        return self._where

    @property
    def handler_where(self) -> str:
        """Where the manifest names the handler."""
        return self._handler_where

    def trigger_where(self, index: int) -> str:
        """Where the manifest says a trigger."""
        return self._triggers_where[index] if index < len(self._triggers_where) else self._where

    @property
    def numbered_triggers(self) -> tuple[tuple[int, Trigger], ...]:
        """The triggers with their places in the manifest's list, of which wrong ones are missing
        while the manifest is checked."""
        return tuple(zip(self._positions or range(len(self.triggers)), self.triggers, strict=True))

    @property
    def is_image(self) -> bool:
        """Whether the source is a container image in a registry (PackageType Image)."""
        return ".dkr.ecr." in self.source.partition("/")[0]

    @property
    def qualifier(self) -> str:
        """The alias's name, empty where nothing is published."""
        return self.alias or ""


class Layer(Model):
    """A layer that lcli publishes from a source."""

    _key: str = PrivateAttr("")
    _name: str = PrivateAttr("")
    _where: str = PrivateAttr("")

    source: str = Field(min_length=1, description="A directory or a .zip, laid out as in /opt.")
    build: Build = Field(default_factory=Build, description="How the source becomes a zip.")
    include: Patterns = Field(default=("**",), description="gitignore patterns of what is packed.")
    exclude: Patterns = Field(default=(), description="gitignore patterns of what is left out.")
    runtimes: tuple[str, ...] = Field(default=(), max_length=15, description="Runtimes it is for.")
    architectures: tuple[Literal["x86_64", "arm64"], ...] = Field(
        default=(), max_length=2, description="Processors it is for."
    )
    license: str = Field(default="", max_length=512, description="Licence: an SPDX name or a URL.")

    @property
    def key(self) -> str:
        """The manifest's key of it."""
        return self._key

    @property
    def name(self) -> str:
        """The layer's name in AWS: APP-STAGE-KEY."""
        return self._name

    @property
    def where(self) -> str:
        """Where the manifest says its source."""
        return self._where


class Artifacts(Model):
    """Where zips over Lambda's direct limit (50 MB) go."""

    bucket: Annotated[str, Form(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "a bucket's name")] | None = (
        Field(default=None, description="Bucket; one that lcli makes if left out.")
    )
    prefix: str = Field(default="", description="Beginning of the keys.")


class LocalSettings(Model):
    """Values and settings under --local only."""

    ssm: dict[str, Any] = Field(default_factory=dict, description="Values of ${ssm:…}.")
    secret: dict[str, Any] = Field(default_factory=dict, description="Values of ${secret:…}.")
    cfn: dict[str, Any] = Field(default_factory=dict, description="Values of ${cfn:…}.")
    tfstate: dict[str, Any] = Field(default_factory=dict, description="Values of ${tfstate:…}.")
    strict: Flag = Field(
        default=False, description="Refuse a runtime that is not exactly installed."
    )
    tables: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="CreateTable parameters of tables that triggers name."
    )


class App(Model):
    """A whole manifest, stage merged and values resolved, for one place."""

    _names: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _shared_log_groups: frozenset[str] = PrivateAttr(frozenset())
    _notices: tuple[str, ...] = PrivateAttr(())
    _settings: Mapping[str, BaseModel] = PrivateAttr(default_factory=dict)
    _settings_where: Mapping[str, Mapping[str, str]] = PrivateAttr(default_factory=dict)
    _secret_texts: frozenset[str] = PrivateAttr(frozenset())

    app: Annotated[
        str, Form(r"[a-z][a-z0-9-]{0,49}", "a name such as photos ([a-z][a-z0-9-]*)")
    ] = Field(description="The app's name.")
    region: Region | None = Field(default=None, description="Region; else the SDK's usual chain.")
    regions: tuple[Region, ...] = Field(default=(), description="Several regions, one plan each.")
    account: Account | None = Field(
        default=None, description="Any other account is refused before anything is touched."
    )
    name: str | None = Field(
        default=None, description="Functions' names in AWS: ${app}-${stage}-${function}."
    )
    tags: Tags = Field(default_factory=dict, max_length=45, description="Tags of all.")
    artifacts: Artifacts = Field(default_factory=Artifacts, description="Where large zips go.")
    local: LocalSettings = Field(
        default_factory=LocalSettings, description="Values and settings under --local only."
    )
    layers: dict[Name, Layer] = Field(default_factory=dict, description="Layers of this app.")
    functions: dict[Name, Function] = Field(description="The functions, by their keys.")

    @property
    def names(self) -> Mapping[str, str]:
        """AWS names of all the manifest's functions by key, also of those that were not loaded."""
        return self._names

    @property
    def shared_log_groups(self) -> frozenset[str]:
        """Log groups that several of all the manifest's functions write to."""
        return self._shared_log_groups

    def settings(self, kind: str) -> Mapping[str, Any]:
        """What the top level says of all triggers of a kind, by its `settings_model`."""
        return self._settings[kind].model_dump() if kind in self._settings else {}

    def settings_where(self, kind: str) -> Mapping[str, str]:
        """Where the top level says each of them."""
        return self._settings_where.get(kind, {})

    @property
    def notices(self) -> tuple[str, ...]:
        """What the user should be told: placeholders used under --local."""
        return self._notices

    @property
    def secret_texts(self) -> frozenset[str]:
        """Whole values of settings in which ``ssm`` or ``secret`` is referred to, but for
        environment variables."""
        return self._secret_texts

    def model_post_init(self, context: Any, /) -> None:
        """Tell functions and layers the keys under which they stand."""
        for key, function in self.functions.items():
            function._key = key
        for key, layer in self.layers.items():
            layer._key = key
