"""Which functions may be ours though the manifest does not name them; GetFunction decides."""

from __future__ import annotations

from lcli.aws.clients import AwsError
from lcli.resources.model import Reading
from lcli.resources.naming import function_of


def candidates(reading: Reading) -> list[str]:
    """Names of functions that may be of this app and stage, sorted.

    From the tagging API, whose index is eventually consistent and which needs a permission of its
    own, and from the names of all functions, which find those that have the default name.
    """
    return sorted({*_tagged(reading), *_named(reading)})


def _tagged(reading: Reading) -> list[str]:
    place = reading.place
    try:
        pages = list(
            reading.clients.pages(
                "resourcegroupstaggingapi",
                "GetResources",
                ResourceTypeFilters=["lambda:function"],
                TagFilters=[{"Key": "lcli:app", "Values": [place.app]}],
            )
        )
    except AwsError as error:
        if error.code.startswith("AccessDenied"):
            return []
        raise
    found = []
    for page in pages:
        for one in page["ResourceTagMappingList"]:
            tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
            if tags.get("lcli:stage") == place.stage:
                found.append(function_of(one["ResourceARN"])[0])
    return found


def _named(reading: Reading) -> list[str]:
    place = reading.place
    prefix = "-".join(filter(None, (place.app, place.stage))) + "-"
    return [
        one["FunctionName"]
        for page in reading.clients.pages("lambda", "ListFunctions")
        for one in page["Functions"]
        if one["FunctionName"].startswith(prefix)
    ]
