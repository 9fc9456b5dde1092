"""PublishVersion and ListVersionsByFunction."""

from __future__ import annotations

from lcli.local.lambda_api.configuration import full, listed
from lcli.local.lambda_api.context import Call, Operation, Parameters, new_revision, settle
from lcli.local.lambda_api.errors import conflict, function_not_found, invalid, stale
from lcli.local.lambda_api.names import function_of, target
from lcli.local.lambda_api.paging import page
from lcli.local.lambda_api.state import LATEST, Change, Function, Version


def publish_version(call: Call, parameters: Parameters) -> Parameters:
    """PublishVersion: a new number, or the last one when nothing changed since."""
    wanted = target(call.region, parameters)
    function = function_of(call.region, wanted)
    settle(function.latest, call.now)
    latest = function.latest
    if latest.change is not None:
        state = "Pending" if latest.change.kind == "create" else ""
        raise conflict(
            "The operation cannot be performed at this time. "
            + (
                f"The function is currently in the following state: {state}"
                if state
                else f"An update is in progress for resource: {function.arn}"
            )
        )
    digest = parameters.get("CodeSha256")
    if digest and digest != latest.code.sha256:
        raise invalid(
            f"CodeSHA256 ({digest}) is different from current CodeSHA256 in $LATEST "
            f"({latest.code.sha256}). Please try again with the CodeSHA256 in $LATEST."
        )
    revision = parameters.get("RevisionId")
    if revision and revision != latest.revision:
        raise stale()
    version = publish(call, function, parameters)
    settle(version, call.now)
    return full(call, function, version, function.arn_of(version.number))


def publish(call: Call, function: Function, parameters: Parameters) -> Version:
    """Freeze $LATEST as a version, unless the last version is just that."""
    latest = function.latest
    origin = (latest.settings, latest.code)
    last = next(reversed(function.versions.values()), None)
    if last is not None and last.origin == origin:
        return last
    number = str(function.next_number)
    function.next_number += 1
    settings = dict(latest.settings)
    if parameters.get("Description") is not None:
        settings["Description"] = parameters["Description"]
    change = None
    if latest.change is not None:
        change = Change("create", latest.change.due)
    if settings["SnapStart"]["ApplyOn"] == "PublishedVersions":
        settings["SnapStart"] = {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
        start = change.due if change is not None else call.now
        change = Change("create", start + call.shared.delays.snapstart)
    version = Version(
        number,
        settings,
        latest.code,
        revision=new_revision(),
        modified=call.stamp(),
        change=change,
        build=new_revision(),
        origin=origin,
    )
    function.versions[number] = version
    latest.revision = new_revision()
    return version


def list_versions_by_function(call: Call, parameters: Parameters) -> Parameters:
    """ListVersionsByFunction: $LATEST first, then the versions as they came."""
    function, wanted = call.function(parameters)
    if wanted.qualifier:
        raise function_not_found(function.arn_of(wanted.qualifier))
    rows = [(LATEST, function.latest), *function.versions.items()]
    shown, marker = page(rows, parameters)
    for _, version in shown:
        settle(version, call.now)
    return {
        "Versions": [
            listed(call, function, version, function.arn_of(number)) for number, version in shown
        ],
        "NextMarker": marker,
    }


OPERATIONS: dict[str, Operation] = {
    "PublishVersion": publish_version,
    "ListVersionsByFunction": list_versions_by_function,
}
