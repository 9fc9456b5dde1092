"""The settings of one function that have keys of their own, as pydantic models.

Limits and forms are those of the Lambda API (CreateFunction and its neighbours).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from lcli.manifest.building import Model
from lcli.manifest.values import Account, Arn, Form, Strings
from lcli.triggers.cors import Cors
from lcli.triggers.scalars import Flag, Whole, number_of

Retention = Annotated[
    Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
        3288, 3653,
    ],
    BeforeValidator(number_of),
]  # fmt: skip
"""Days that CloudWatch Logs keeps events (PutRetentionPolicy)."""
_WILDCARDS = frozenset("*?")


class Log(Model):
    """Where and how the function logs (LoggingConfig), and for how long it is kept."""

    retention_days: Retention | None = Field(
        default=None, description="Days that events are kept; for ever when left out."
    )
    format: Literal["text", "json"] = Field(default="text", description="Form of the log lines.")
    level: Literal["trace", "debug", "info", "warn", "error", "fatal"] | None = Field(
        default=None, description="Least level of the function's own lines (format json)."
    )
    system_level: Literal["debug", "info", "warn"] | None = Field(
        default=None, description="Least level of Lambda's own lines (format json)."
    )
    group: (
        Annotated[
            str,
            Form(r"[.\-_/#A-Za-z0-9]{1,512}", "a log group's name (letters, digits, . - _ / #)"),
        ]
        | None
    ) = Field(default=None, description="Log group; /aws/lambda/NAME when left out.")


class Statement(Model):
    """One statement of the managed role's policy."""

    effect: Literal["allow", "deny"] = Field(default="allow", description="Allow or deny.")
    actions: Strings = Field(min_length=1, description="Actions: s3:GetObject.")
    resources: Strings = Field(min_length=1, description="ARNs, or *.")
    conditions: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Condition block, as IAM writes it."
    )


class Role(Model):
    """An execution role that lcli makes and keeps least-privileged."""

    name: Annotated[str, Form(r"[\w+=,.@-]{1,64}", "a role's name")] | None = Field(
        default=None, description="Name; derived when left out."
    )
    path: (
        Annotated[str, Form(r"/([\x21-\x7e]+/)?", "a path that begins and ends with /")] | None
    ) = Field(default=None, description="Path; /lcli/APP/STAGE/ when left out.")
    boundary: Arn | None = Field(default=None, description="ARN of a permissions boundary.")
    policies: tuple[Arn, ...] = Field(default=(), description="ARNs of policies to attach.")
    statements: tuple[Statement, ...] = Field(default=(), description="What else it may do.")


class Vpc(Model):
    """The network that the function is attached to (VpcConfig)."""

    subnets: tuple[Annotated[str, Form(r"subnet-[0-9a-z]+", "a subnet's id (subnet-…)")], ...] = (
        Field(min_length=1, max_length=16, description="Subnet ids.")
    )
    security_groups: tuple[
        Annotated[str, Form(r"sg-[0-9a-zA-Z]+", "a security group's id (sg-…)")], ...
    ] = Field(min_length=1, max_length=5, description="Security group ids.")
    ipv6: Flag = Field(default=False, description="Allow IPv6 through dual-stack subnets.")


class Concurrency(Model):
    """How many executions at once."""

    reserved: Whole | None = Field(
        default=None,
        ge=0,
        description="At most and at least reserved for this function; 0 stops it.",
    )
    provisioned: Whole | None = Field(
        default=None, ge=1, description="Environments kept ready behind the alias."
    )


class AsyncInvoke(Model):
    """Asynchronous invocations (PutFunctionEventInvokeConfig)."""

    retries: Whole = Field(
        default=2, ge=0, le=2, description="Times that a failed event is retried."
    )
    max_age: Whole = Field(
        default=21600, ge=60, le=21600, description="Seconds that an event may wait."
    )
    on_success: Arn | None = Field(default=None, description="Destination of results.")
    on_failure: Arn | None = Field(default=None, description="Destination of failed events.")


class FileSystem(Model):
    """An EFS or S3 Files access point (FileSystemConfigs)."""

    arn: Arn = Field(description="ARN of the access point.")
    path: Annotated[str, Form(r"/mnt/[a-zA-Z0-9_.-]+", "a path such as /mnt/data")] = Field(
        description="Where it is mounted, below /mnt/."
    )


class Image(Model):
    """What a container image runs (ImageConfig)."""

    command: Strings = Field(default=(), description="Overrides CMD.")
    entrypoint: Strings = Field(default=(), description="Overrides ENTRYPOINT.")
    workdir: str | None = Field(default=None, description="Overrides WORKDIR.")


class Permission(Model):
    """Who else may invoke the function (AddPermission)."""

    principal: str = Field(
        min_length=1, description="A service (events.amazonaws.com), an account, an ARN or *."
    )
    action: str = Field(
        default="lambda:InvokeFunction",
        pattern=r"^lambda:(\*|[a-zA-Z]+)$",
        description="What it may do.",
    )
    source_arn: str | None = Field(
        default=None,
        description="Only on behalf of this ARN; as a bound it must name an account, or a bucket.",
    )
    source_account: Account | None = Field(
        default=None, description="Only on behalf of this account."
    )
    organization: str | None = Field(default=None, description="Only from this organization's id.")
    anybody: Flag = Field(
        default=False,
        description="Wanted where it is * or a service, and no key above says on whose behalf.",
    )

    @property
    def unbounded(self) -> bool:
        """Whether anybody may have it invoked: everybody, or any customer of a service."""
        service = "." in self.principal and not self.principal.startswith("arn:")
        by_arn = self.source_arn and _says_whose(self.source_arn)
        bounded = by_arn or self.source_account or self.organization
        return not bounded and (self.principal == "*" or service)


def _says_whose(arn: str) -> bool:
    """Whether what an ARN with wildcards fits is somebody's: of an account, or, where ARNs have
    none (S3), of who has the name that it begins with.

    ArnLike compares part by part ("IAM JSON policy elements: Condition operators", IAM guide).
    A reference that is known only later stands for one of these.
    """
    parts = arn.split(":", 5)
    account, name = parts[4:] if len(parts) == 6 else (arn, "")
    return _WILDCARDS.isdisjoint(account or name[:1])


class Url(Model):
    """The function's own HTTPS address (CreateFunctionUrlConfig)."""

    auth: Literal["iam", "none"] = Field(
        default="iam", description="iam: signed requests only; none: anybody."
    )
    cors: Cors | None = Field(default=None, description="What browsers of other origins may do.")
    stream: Flag = Field(default=False, description="Stream the response (InvokeMode).")
