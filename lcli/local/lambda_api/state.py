"""What one account holds in one region, as plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lcli.local.lambda_api.durable.execution import Execution

LATEST = "$LATEST"


@dataclass(frozen=True, slots=True)
class Code:
    """A zip in the code store, or an image's address."""

    sha256: str
    """Base64 SHA-256 of the zip: CodeSha256."""
    size: int = 0
    """Bytes of the zip."""
    unzipped: int = 0
    """Bytes of its files."""
    image: str = ""
    """ImageUri; then there is no zip."""
    source_key: str = ""
    """KMS key of the stored zip, where one was given."""

    @property
    def key(self) -> str:
        """Name of the zip and of its unpacked directory in the code store."""
        return self.sha256.replace("/", "_").replace("+", "-").rstrip("=")


@dataclass(frozen=True, slots=True)
class Change:
    """A change that Lambda carries out by itself and that settles at a point of time."""

    kind: Literal["create", "update"]
    due: float
    """Seconds since the epoch."""


@dataclass(slots=True)
class Version:
    """$LATEST or a published version: what is versioned of a function, and its state."""

    number: str
    settings: Mapping[str, Any]
    """The configuration by its API names, defaults included; never changed in place."""
    code: Code
    revision: str
    modified: str
    change: Change | None = None
    build: str = ""
    """Moves with code and configuration only: what execution environments are made of."""
    origin: tuple[Any, ...] = ()
    """Identity of the settings and code it was published from."""


@dataclass(slots=True)
class Alias:
    """A name for one version, or for two with a weight."""

    name: str
    version: str
    revision: str
    description: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Policy:
    """The resource policy of a function, version or alias."""

    revision: str
    statements: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Url:
    """A function URL of a function or of one of its aliases."""

    id: str
    address: str
    auth: str
    mode: str
    created: str
    modified: str
    cors: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Provisioned:
    """Provisioned concurrency of a version or an alias."""

    requested: int
    modified: str
    ready: float
    """Seconds since the epoch at which all of it is available."""


@dataclass(slots=True)
class Function:
    """A function with everything that ends with it."""

    name: str
    arn: str
    latest: Version
    tags: dict[str, str]
    versions: dict[str, Version] = field(default_factory=dict)
    next_number: int = 1
    aliases: dict[str, Alias] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    """By qualifier, "" for the function itself; likewise below."""
    urls: dict[str, Url] = field(default_factory=dict)
    event_invoke: dict[str, dict[str, Any]] = field(default_factory=dict)
    provisioned: dict[str, Provisioned] = field(default_factory=dict)
    reserved: int | None = None
    runtime_updates: dict[str, dict[str, Any]] = field(default_factory=dict)
    recursion: str = "Terminate"
    scaling: dict[str, dict[str, Any]] = field(default_factory=dict)
    signing: str = ""

    def arn_of(self, qualifier: str | None) -> str:
        """The function's ARN, qualified where there is a qualifier."""
        return f"{self.arn}:{qualifier}" if qualifier else self.arn


@dataclass(slots=True)
class EventSourceMapping:
    """An event source mapping."""

    uuid: str
    settings: dict[str, Any]
    """By its API names, in the form in which it is answered."""
    enabled: bool
    change: str
    """Transitional state: Creating, Updating, Enabling, Disabling, Deleting; "" when settled."""
    due: float
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class LayerVersion:
    """One version of a layer."""

    arn: str
    """With its number."""
    number: int
    code: Code
    created: str
    details: Mapping[str, Any]
    """Description, LicenseInfo, CompatibleRuntimes, CompatibleArchitectures where given."""
    policy: Policy | None = None
    deleted: bool = False
    """No longer to be found, but functions that use it keep it."""


@dataclass(slots=True)
class Layer:
    """A layer; its numbers are never used twice."""

    name: str
    arn: str
    versions: dict[int, LayerVersion] = field(default_factory=dict)
    next_number: int = 1


@dataclass(slots=True)
class Region:
    """Everything of Lambda's that one account holds in one region."""

    account: str
    name: str
    functions: dict[str, Function] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    mappings: dict[str, EventSourceMapping] = field(default_factory=dict)
    signing: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Code signing configurations by ARN."""
    executions: dict[str, Execution] = field(default_factory=dict)
    """Durable executions by ARN, in the order of their start."""

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn``, ``aws-us-gov`` …, by the region's name."""
        if self.name.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.name.startswith("us-gov-") else "aws"

    def arn(self, rest: str) -> str:
        """``arn:aws:lambda:REGION:ACCOUNT:rest``."""
        return f"arn:{self.partition}:lambda:{self.name}:{self.account}:{rest}"

    def function_arn(self, name: str, qualifier: str | None = None) -> str:
        """ARN of a function that need not exist."""
        return self.arn(f"function:{name}" + (f":{qualifier}" if qualifier else ""))
