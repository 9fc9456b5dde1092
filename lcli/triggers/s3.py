"""S3 buckets: pushed to the function by a bucket notification."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from lcli.triggers.base import Trigger, named

Bucket = Annotated[
    str, AfterValidator(named("a bucket", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", r"s3:::[\w.-]+"))
]

_EVENTS = {
    "ReducedRedundancyLostObject": (),
    "ObjectCreated": ("*", "Put", "Post", "Copy", "CompleteMultipartUpload"),
    "ObjectRemoved": ("*", "Delete", "DeleteMarkerCreated"),
    "ObjectRestore": ("*", "Post", "Completed", "Delete"),
    "Replication": (
        "*",
        "OperationFailedReplication",
        "OperationNotTracked",
        "OperationMissedThreshold",
        "OperationReplicatedAfterThreshold",
    ),
    "LifecycleTransition": (),
    "IntelligentTiering": (),
    "ObjectAcl": ("Put",),
    "LifecycleExpiration": ("*", "Delete", "DeleteMarkerCreated"),
    "ObjectTagging": ("*", "Put", "Delete"),
    "ObjectAnnotation": ("*", "Put", "Delete"),
    "ObjectRetention": ("Put",),
}
EVENTS = frozenset(
    f"s3:{group}:{one}" if one else f"s3:{group}"
    for group, ones in _EVENTS.items()
    for one in ones or ("",)
)
"""Every event that PutBucketNotificationConfiguration takes, by its API name."""


def _event(value: str) -> str:
    event = value if value.startswith("s3:") else f"s3:{value}"
    if event not in EVENTS:
        close = get_close_matches(event, sorted(EVENTS), n=1, cutoff=0.0)
        raise ValueError(f"{value!r} is not an event of S3; did you mean {close[0][3:]!r}?")
    return event


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Event = Annotated[str, AfterValidator(_event)]


class S3(Trigger):
    """Objects that are created in, or removed from, a bucket."""

    kind: ClassVar[str] = "s3"
    short: ClassVar[str] = "bucket"

    bucket: Bucket = Field(description="Name or ARN of the bucket.")
    events: Annotated[
        tuple[Event, ...], BeforeValidator(_list, json_schema_input_type=str | list[str])
    ] = Field(
        default=("s3:ObjectCreated:*",),
        min_length=1,
        description="What is notified: ObjectCreated:*, ObjectRemoved:Delete …",
    )
    prefix: str = Field(default="", max_length=1024, description="Only keys that begin with this.")
    suffix: str = Field(default="", max_length=1024, description="Only keys that end with this.")
    skip_validation: bool = Field(
        default=False,
        description="Write the bucket's notifications even if somebody else's destination is dead.",
    )


TRIGGER = S3
