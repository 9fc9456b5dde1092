"""S3 buckets: pushed to the function by a bucket notification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import combinations
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from lcli.resources.bucket_notification import EXCLUDE, ONE_RULE, bucket_notification
from lcli.resources.bucket_rules import Rule
from lcli.resources.local_source import LocalSource
from lcli.resources.model import Place, Resource
from lcli.resources.permission import permission
from lcli.triggers.base import Clash, Expansion, Named, Target, Trigger
from lcli.triggers.key_patterns import Pattern, Wild, exactly, fitting, meet, wild
from lcli.triggers.scalars import Flag

Bucket = Annotated[str, Named("a bucket", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", r"s3:::[\w.-]+")]

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


def _list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _some(events: tuple[str, ...]) -> tuple[str, ...]:
    if not events:
        raise ValueError("name at least one event")
    return events


Event = Annotated[str, AfterValidator(_event)]


class S3(Trigger):
    """Objects that are created in, or removed from, a bucket."""

    kind: ClassVar[str] = "s3"
    short: ClassVar[str] = "bucket"

    bucket: Bucket = Field(description="Name or ARN of the bucket.")
    events: Annotated[
        tuple[Event, ...],
        BeforeValidator(_list, json_schema_input_type=str | list[str]),
        AfterValidator(_some),
    ] = Field(
        default=("s3:ObjectCreated:*",),
        description="What is notified: ObjectCreated:*, ObjectRemoved:Delete …",
    )
    prefix: str = Field(default="", max_length=1024, description="Only keys that begin with this.")
    suffix: str = Field(default="", max_length=1024, description="Only keys that end with this.")
    skip_validation: Flag = Field(
        default=False,
        description="Write the bucket's notifications even if somebody else's destination is dead.",
    )

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self.bucket.rpartition(":")[2]

    def expand(self, target: Target) -> Expansion:
        """One permission statement for the bucket, and one rule in it."""
        place = target.place
        allowed = permission(
            place,
            target.name,
            target.qualifier,
            principal="s3.amazonaws.com",
            source_arn=place.arn("s3", self.name, region="", account=""),
            source_account=place.account,
            function=target.function,
            where=target.where,
        )
        rule = bucket_notification(
            place,
            self.name,
            function=target.function,
            function_arn=target.arn,
            events=self.events,
            prefix=self.prefix,
            suffix=self.suffix,
            skip_validation=self.skip_validation,
            needs=(*target.needs, allowed.key),
            where=target.where,
        )
        return Expansion((allowed, rule), notices=self._loops(target))

    def _loops(self, target: Target) -> tuple[str, ...]:
        """A function that writes where it listens calls itself for ever.

        With a prefix, which is there to prevent it, a role for the whole bucket is no sign of it.
        """
        made = any(event.startswith("s3:ObjectCreated:") for event in self.events)
        bucket = target.place.arn("s3", f"{self.name}/", region="", account="")
        written = [one for each in target.statements for one in _put(each)]
        if self.prefix:
            written = [one for one in written if not _is_for_all(one, exactly(bucket))]
        keys = fitting(self.prefix, self.suffix)
        if not made or not any(meet(one, exactly(bucket) + key) for one in written for key in keys):
            return ()
        return (
            f"function {target.function} may write objects to the bucket {self.name} that trigger "
            "it: if it does, it calls itself for ever; give the trigger a prefix that it does not "
            "write to, or its role no more than it writes",
        )

    @classmethod
    def clashes(cls, together: Sequence[Trigger]) -> Iterator[Clash]:
        """Rules of one bucket that overlap."""
        buckets: dict[str, list[tuple[int, Rule]]] = {}
        for index, one in enumerate(together):
            if isinstance(one, S3):
                rule = Rule("", "", one.events, one.prefix, one.suffix)
                buckets.setdefault(one.name, []).append((index, rule))
        for name, rules in buckets.items():
            for (first, rule), (second, other) in combinations(rules, 2):
                if rule.overlaps(other):
                    what = f'two triggers overlap at the bucket "{name}": {rule}, and {other}; '
                    pair = (first, second)
                    yield Clash(pair, "notifications-overlap", what + ONE_RULE, EXCLUDE)

    @classmethod
    def traces(cls, place: Place, source: str) -> tuple[Resource, ...]:
        """A rule of no events: it lets the bucket be read."""
        try:
            name = cls(bucket=source).name
        except ValidationError:  # no bucket has such a name
            return ()
        return (bucket_notification(place, name, function="", function_arn="", events=()),)

    def local_sources(
        self, place: Place, settings: Mapping[str, Any], timeout: int
    ) -> tuple[LocalSource, ...]:
        """The bucket."""
        create: dict[str, Any] = {"Bucket": self.name}
        if place.region != "us-east-1":
            create["CreateBucketConfiguration"] = {"LocationConstraint": place.region}
        return (
            LocalSource(
                f"bucket {self.name}",
                ("s3", "HeadBucket", {"Bucket": self.name}),
                frozenset({"404", "NoSuchBucket", "NotFound"}),
                (("s3", "CreateBucket", create),),
            ),
        )


def _put(statement: Mapping[str, Any]) -> Iterator[Pattern]:
    """The ARNs on which a statement allows s3:PutObject."""
    actions, resources = _list(statement["Action"]), _list(statement["Resource"])
    put = exactly("s3:putobject")
    if statement["Effect"] == "Allow" and any(meet(wild(a.lower()), put) for a in actions):
        yield from map(wild, resources)


def _is_for_all(pattern: Pattern, folder: Pattern) -> bool:
    """Whether a pattern lets everything in a folder through."""
    return pattern[-1:] == (Wild.ANY,) and meet(pattern, folder)


TRIGGER = S3
