"""Bucket notifications: single rules, written together, everybody else's rules kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.texts import DESTINATION_REFUSED
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources.bucket_rules import (
    Configuration,
    Rule,
    holds,
    is_own,
    mark,
    merge,
    rules_of,
)
from lcli.resources.kind import Applying, Kind
from lcli.resources.model import Action, Actual, Key, Outputs, Place, Reading, Resource, Verb
from lcli.resources.naming import function_of, short_hash, unqualified
from lcli.resources.owners import led_to, owners

ONE_RULE = "S3 allows one rule for an object's event"
EXCLUDE = "give them prefixes or suffixes that exclude each other"
_PRUNE = "that rule is this app's: `lcli deploy --prune` removes it"
_SETTLES = 60.0
"""Seconds for S3 to show what was written."""


def bucket_notification(
    place: Place,
    bucket: str,
    *,
    function: str,
    function_arn: str,
    events: Iterable[str],
    prefix: str = "",
    suffix: str = "",
    skip_validation: bool = False,
    needs: tuple[Key, ...] = (),
    where: str = "",
) -> Resource:
    """One rule of `bucket` (a name): these events of these keys go to `function_arn`.

    `function` is the manifest's key; the rule's id is derived from all but the ARN, so another
    alias changes the rule and another prefix makes a new one. `skip_validation` makes S3 accept
    destinations that do not answer, in the one write of the bucket's rules.
    """
    sorted_events = tuple(sorted(set(events)))
    rule_id = mark(place) + f"{function}.{short_hash(bucket, *sorted_events, prefix, suffix)}"
    return Resource(
        Key("bucket_notification", f"{bucket}/{rule_id}"),
        {
            "LambdaFunctionArn": function_arn,
            "Events": sorted_events,
            "Filter": {"Prefix": prefix, "Suffix": suffix},
        },
        needs=needs,
        shared=f"bucket {bucket}",
        function=function,
        where=where,
        payload=skip_validation,
    )


class BucketNotification(Kind):
    """One Lambda rule of a bucket's notification configuration."""

    name = "bucket_notification"
    title = "bucket notification"
    reads_after = ("function", "permission")
    derived = frozenset({"LambdaFunctionArn"})

    def read(self, reading: Reading) -> Iterable[Actual]:
        """The rules with our ids, of the buckets that are wanted or that may call our functions.

        A rule that another app's lcli made for a function that is ours by now is the function's.
        Raises LcliError (USAGE) where the rules that are wanted could not be written: the bucket
        does not exist, or rules of others overlap with them. (The manifest's own are compared when
        it is checked, the app's in the plan: `excludes`.)
        """
        wanted: dict[str, list[Resource]] = {}
        for one in reading.wanted("bucket_notification"):
            wanted.setdefault(_bucket(one.key), []).append(one)
        buckets = sorted(wanted.keys() | set(_pushing(reading)))
        answers = reading.each(lambda bucket: _configuration(reading, bucket), buckets)
        keys, mine = owners(reading), _ours(reading)
        problems: list[Problem] = []
        found: list[Actual] = []
        for bucket, answer in zip(buckets, answers, strict=True):
            problems += _refusals(reading, keys, bucket, answer, wanted.get(bucket, []))
            found += [
                _actual(reading, keys, bucket, rule)
                for rule in rules_of(answer or {})
                if is_own(rule, reading.place, mine)
            ]
        if problems:
            raise LcliError(problems, ExitCode.USAGE)
        return found

    def excludes(self, wanted: Resource, other: Resource) -> Problem | None:
        """Rules that overlap."""
        one, two = _rule(wanted.key, wanted.fields), _rule(other.key, other.fields)
        return _overlap(_bucket(wanted.key), one, two, wanted.where) if one.overlaps(two) else None

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """Write this one rule into the bucket's configuration."""
        return self.merge([Action(Verb.CREATE, wanted)], applying)[wanted.key]

    def delete(self, actual: Actual, applying: Applying) -> None:
        """Take this one rule out of the bucket's configuration."""
        self.merge([Action(Verb.DELETE, actual.resource, actual)], applying)

    def merge(self, actions: Sequence[Action], applying: Applying) -> Mapping[Key, Outputs]:
        """Read, merge, write and read back one bucket's configuration.

        What others write meanwhile is merged again, since S3 has no conditional write here.
        Raises LcliError naming the destination that S3 could not validate.
        """
        bucket = _bucket(actions[0].resource.key)
        changed = [a for a in actions if a.verb is not Verb.NONE]
        put = [
            _rule(a.resource.key, applying.settle(a.resource.fields))
            for a in changed
            if a.verb is not Verb.DELETE
        ]
        drop = {_rule_id(a.resource.key) for a in changed if a.verb is Verb.DELETE}
        # Where nothing is added, no destination is new; and a bucket is asked for as a whole.
        skip = not put or any(a.resource.payload is True for a in actions)
        where = next((a.resource.where for a in changed if a.resource.where), "")
        clients, place, account = applying.clients, applying.place, applying.place.account

        def settled() -> bool | None:
            try:
                now = _get(clients, bucket, account)
            except AwsError as error:
                if error.code == "NoSuchBucket" and not put:
                    return True
                raise
            target = merge(now, put, drop)
            if holds(now, target):
                return True
            request = {"SkipDestinationValidation": True} if skip else {}
            try:
                clients.call(
                    "s3",
                    "PutBucketNotificationConfiguration",
                    Bucket=bucket,
                    ExpectedBucketOwner=account,
                    NotificationConfiguration=target,
                    **request,
                )
            except AwsError as error:
                if DESTINATION_REFUSED.found(error):
                    problem = _unvalidated(clients, place, bucket, target, where)
                    raise LcliError(problem) from error
                raise
            return True if holds(_get(clients, bucket, account), target) else None

        applying.poll(settled, f"writing the notifications of bucket {bucket}", _SETTLES)
        return {action.resource.key: {} for action in changed}


def _bucket(key: Key) -> str:
    return key.name.partition("/")[0]


def _rule_id(key: Key) -> str:
    return key.name.partition("/")[2]


def _rule(key: Key, fields: Any) -> Rule:
    return Rule(
        _rule_id(key),
        str(fields["LambdaFunctionArn"]),
        tuple(fields["Events"]),
        fields["Filter"]["Prefix"],
        fields["Filter"]["Suffix"],
    )


def _pushing(reading: Reading) -> Iterable[str]:
    """Buckets that our functions' policies name: what a killed run or an old manifest left."""
    for permission in reading.existing("permission"):
        fields = permission.resource.fields
        source = str(fields.get("SourceArn", ""))
        if permission.ours and fields.get("Principal") == "s3.amazonaws.com" and ":s3:::" in source:
            yield source.rpartition(":")[2]


def _configuration(reading: Reading, bucket: str) -> Configuration | None:
    try:
        return _get(reading.clients, bucket, reading.place.account)
    except AwsError as error:
        if error.code == "NoSuchBucket":
            return None
        raise


def _ours(reading: Reading) -> set[str]:
    """The AWS names of the functions that are ours by now."""
    return {one.resource.key.name for one in reading.existing("function") if one.ours}


def _refusals(
    reading: Reading,
    functions: Collection[str],
    bucket: str,
    answer: Configuration | None,
    wanted: list[Resource],
) -> Iterable[Problem]:
    """`functions` are the AWS names of those that are ours or will be."""
    where = wanted[0].where if wanted else ""
    if answer is None:
        # The local cloud makes it when the manifest is deployed.
        if any(one.fields["Events"] for one in wanted) and not reading.place.local:
            yield Problem(
                "bucket-not-found",
                f'the bucket "{bucket}" does not exist',
                where,
                "make it first, or correct the trigger's bucket",
            )
        return
    theirs = [one for one in rules_of(answer) if not is_own(one, reading.place, functions)]
    for one, two in product(wanted, theirs):
        mine = _rule(one.key, one.fields)
        if mine.overlaps(two):
            yield _overlap(bucket, mine, two, one.where)


def _overlap(bucket: str, one: Rule, two: Rule, where: str) -> Problem:
    return Problem(
        "notifications-overlap",
        f'the bucket "{bucket}" cannot notify {one.destination} of {one}: the rule '
        f'"{two.id}" for {two.destination} takes {two}, and {ONE_RULE}',
        where,
        EXCLUDE,
    )


def _function(place: Place, rule_id: str) -> str:
    """The manifest's key of the function in one of our ids."""
    return rule_id.removeprefix(mark(place)).rpartition(".")[0]


def _actual(reading: Reading, keys: Mapping[str, str], bucket: str, rule: Rule) -> Actual:
    """`keys` are the manifest's of the functions (`owners`): in an id stands what it was once."""
    name = led_to(rule.destination)
    arn = reading.place.arn("s3", bucket, region="", account="")
    needs = tuple(
        permission.resource.key
        for permission in reading.existing("permission")
        if permission.resource.fields.get("SourceArn") == arn
        and unqualified(permission.resource.key.name.partition("/")[0])[0] == name
    )
    return Actual(
        Resource(
            Key("bucket_notification", f"{bucket}/{rule.id}"),
            {
                "LambdaFunctionArn": rule.destination,
                "Events": rule.events,
                "Filter": {"Prefix": rule.prefix, "Suffix": rule.suffix},
            },
            needs=needs,
            shared=f"bucket {bucket}",
            function=keys.get(name) or _function(reading.place, rule.id),
        )
    )


def _get(clients: Clients, bucket: str, account: str) -> dict[str, Any]:
    return clients.call(
        "s3", "GetBucketNotificationConfiguration", Bucket=bucket, ExpectedBucketOwner=account
    )


def _unvalidated(
    clients: Clients, place: Place, bucket: str, target: Configuration, where: str
) -> Problem:
    """S3 tries every destination of a bucket whenever one rule changes; name the dead one."""
    for rule in rules_of(target):
        if rule.destination.split(":")[2] == "lambda" and not _exists(clients, rule.destination):
            name = function_of(rule.destination)[0]
            is_ours = rule.id.startswith(mark(place))
            return Problem(
                "notification-destination-dead",
                f'S3 refuses to change the notifications of "{bucket}": its rule "{rule.id}" goes '
                f'to the function "{name}", which does not exist',
                where or rule.destination,
                f"{_PRUNE if is_ours else 'remove that rule'}, or set skip_validation: true on the "
                "s3 trigger",
            )
    destinations = ", ".join(sorted({rule.destination for rule in rules_of(target)}))
    return Problem(
        "notification-destination-refused",
        f'S3 may not call all destinations of the bucket "{bucket}": {destinations}',
        where,
        "see that each allows s3.amazonaws.com (function policy, queue policy, topic policy), or "
        "set skip_validation: true on the s3 trigger",
    )


def _exists(clients: Clients, function_arn: str) -> bool:
    try:
        clients.call("lambda", "GetFunction", FunctionName=function_arn)
    except AwsError as error:
        return error.code != "ResourceNotFoundException"
    return True


KINDS = (BucketNotification(),)
