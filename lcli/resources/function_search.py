"""Which functions may be ours though the manifest does not name them; GetFunction decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lcli.aws.clients import AwsError
from lcli.resources.model import Place, Reading
from lcli.resources.naming import function_of
from lcli.resources.role import role_path

INDEX_PAGE = 100
"""Resources that one GetResources gives at most (API reference); it gives 50 unasked."""


def candidates(reading: Reading) -> list[str]:
    """Names of functions that may be of this app and stage, sorted.

    From the tagging API, whose index is eventually consistent and which needs a permission of its
    own, and from the list of all functions: by the default name, and by a role of this app's, which
    must not go while a function has it.
    """
    return sorted({*_tagged(reading), *_listed(reading)})


def _tagged(reading: Reading) -> list[str]:
    place = reading.place
    try:
        pages = list(
            reading.clients.pages(
                "resourcegroupstaggingapi",
                "GetResources",
                ResourcesPerPage=INDEX_PAGE,
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


def has_own_role(configuration: Mapping[str, Any], place: Place) -> bool:
    """Whether a function, as Lambda lists it, runs with a role in the app's and stage's path."""
    path = str(configuration["Role"]).partition(":role")[2].rpartition("/")[0]
    return f"{path}/" == role_path(place)


def _listed(reading: Reading) -> list[str]:
    place = reading.place
    prefix = "-".join(filter(None, (place.app, place.stage))) + "-"
    return [
        one["FunctionName"]
        for page in reading.clients.pages("lambda", "ListFunctions")
        for one in page["Functions"]
        if one["FunctionName"].startswith(prefix) or has_own_role(one, place)
    ]
