"""Tags of log groups: which groups are ours though nothing leads to them, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.aws.expected import expecting
from lcli.resources.function_search import INDEX_PAGE
from lcli.resources.function_tags import are_ours, governed
from lcli.resources.model import Reading, Resource
from lcli.resources.naming import default_log_group
from lcli.resources.owners import owners

_GROUP = ":log-group:"


def wanted_tags(
    reading: Reading, arns: Mapping[str, str], wanted: Iterable[Resource]
) -> dict[str, dict[str, str]] | None:
    """The tags of the wanted groups that exist (`arns` by name); None where they are not to be had.

    The tagging API tells those of all groups in a few calls, but its index lags behind: where it
    disagrees with what is wanted, ListTagsForResource has the last word.
    """
    asked = [one for one in wanted if one.key.name in arns]
    if not asked:
        return {}
    index = indexed(reading)
    if index is None:
        return None
    found: dict[str, dict[str, str]] = {}
    doubtful = []
    for one in asked:
        tags = governed(index.get(one.key.name, {}), one.fields["Tags"])
        if tags == one.fields["Tags"]:
            found[one.key.name] = tags
        else:
            doubtful.append(one)
    answers = reading.each(lambda one: tags_of(reading.clients, arns[one.key.name]), doubtful)
    for one, answer in zip(doubtful, answers, strict=True):
        found[one.key.name] = governed(answer, one.fields["Tags"])
    return found


def asked(reading: Reading, groups: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """The tags of these `groups`, in DescribeLogGroups' form, by name: a call each.

    Raises AwsError.
    """
    arns = {group["logGroupName"]: group["arn"].removesuffix(":*") for group in groups}
    answers = reading.each(lambda arn: tags_of(reading.clients, arn), arns.values())
    return dict(zip(arns, answers, strict=True))


def owners_of(reading: Reading, tags: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Of groups with these tags those that are ours, each with the manifest's key of its function.

    That is the one that the group is called after, whose key may have been another, else the one
    in its tags.
    """
    called = {default_log_group(name): key for name, key in owners(reading).items()}
    return {
        name: called.get(name) or one.get("lcli:function", "")
        for name, one in tags.items()
        if are_ours(one, reading.place)
    }


def indexed(reading: Reading) -> dict[str, dict[str, str]] | None:
    """This app's groups with their tags as the tagging API's index has them; None if denied."""
    filters = [{"Key": "lcli:app", "Values": [reading.place.app]}]
    try:
        return {
            one["ResourceARN"].partition(_GROUP)[2].removesuffix(":*"): {
                tag["Key"]: tag["Value"] for tag in one["Tags"]
            }
            for page in reading.clients.pages(
                "resourcegroupstaggingapi",
                "GetResources",
                ResourcesPerPage=INDEX_PAGE,
                ResourceTypeFilters=["logs"],
                TagFilters=filters,
            )
            for one in page["ResourceTagMappingList"]
            if _GROUP in one["ResourceARN"]
        }
    except AwsError as error:
        if error.status == 403 or error.code.startswith("AccessDenied"):
            return None
        raise


def tags_of(clients: Clients, arn: str) -> dict[str, str]:
    """The tags of one group; none where it is gone, or where AWS does not show them."""
    with expecting("ResourceNotFoundException"):
        answer = clients.call("logs", "ListTagsForResource", resourceArn=arn)
        return dict(answer.get("tags", {}))
    return {}
