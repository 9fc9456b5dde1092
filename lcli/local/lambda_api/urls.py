"""Function URLs of functions and aliases."""

from __future__ import annotations

import hashlib

from lcli.local.lambda_api.context import Call, Operation, Parameters
from lcli.local.lambda_api.errors import conflict, not_found
from lcli.local.lambda_api.names import Target, target
from lcli.local.lambda_api.paging import page
from lcli.local.lambda_api.state import Function, Url

_ABSENT = "The resource you requested does not exist."


def create_function_url_config(call: Call, parameters: Parameters) -> Parameters:
    """CreateFunctionUrlConfig: one URL a function and one an alias."""
    function, wanted = _function(call, parameters)
    qualifier = wanted.qualifier or ""
    if qualifier in function.urls:
        raise conflict(
            "Failed to create function url config for "
            f"[functionArn = {function.arn_of(qualifier)}]. "
            "Error message:  FunctionUrlConfig exists for this Lambda function"
        )
    now = _stamp(call)
    url_id = _id(call, function, qualifier)
    url = Url(
        id=url_id,
        address=_address(call, function, qualifier, url_id),
        auth=parameters["AuthType"],
        mode=parameters.get("InvokeMode", "BUFFERED"),
        created=now,
        modified=now,
        cors=parameters.get("Cors") or {},
    )
    function.urls[qualifier] = url
    call.shared.changed()
    return _answer(function, qualifier, url, parameters, without=("LastModifiedTime",))


def get_function_url_config(call: Call, parameters: Parameters) -> Parameters:
    """GetFunctionUrlConfig."""
    function, qualifier, url = _found(call, parameters)
    return _shown(function, qualifier, url)


def update_function_url_config(call: Call, parameters: Parameters) -> Parameters:
    """UpdateFunctionUrlConfig: what is not given stays; an empty Cors takes it away."""
    function, wanted = _function(call, parameters)
    qualifier = wanted.qualifier or ""
    url = function.urls.get(qualifier)
    if url is None:
        raise not_found(_ABSENT)
    url.auth = parameters.get("AuthType", url.auth)
    url.mode = parameters.get("InvokeMode", url.mode)
    if "Cors" in parameters:
        url.cors = parameters["Cors"]
    url.modified = _stamp(call)
    call.shared.changed()
    return _answer(function, qualifier, url, parameters)


def delete_function_url_config(call: Call, parameters: Parameters) -> None:
    """DeleteFunctionUrlConfig."""
    function, qualifier, _ = _found(call, parameters)
    del function.urls[qualifier]
    call.shared.changed()


def list_function_url_configs(call: Call, parameters: Parameters) -> Parameters:
    """ListFunctionUrlConfigs."""
    wanted = target(call.region, parameters)
    function = call.region.functions.get(wanted.name)
    if function is None:
        raise not_found("Function does not exist")
    shown, marker = page(sorted(function.urls.items()), parameters)
    return {
        "FunctionUrlConfigs": [_shown(function, qualifier, url) for qualifier, url in shown],
        "NextMarker": marker,
    }


def _function(call: Call, parameters: Parameters) -> tuple[Function, Target]:
    wanted = target(call.region, parameters)
    function = call.region.functions.get(wanted.name)
    if function is None or (wanted.qualifier and wanted.qualifier not in function.aliases):
        raise not_found("Function does not exist")
    return function, wanted


def _found(call: Call, parameters: Parameters) -> tuple[Function, str, Url]:
    wanted = target(call.region, parameters)
    function = call.region.functions.get(wanted.name)
    qualifier = wanted.qualifier or ""
    if function is None or qualifier not in function.urls:
        raise not_found(_ABSENT)
    return function, qualifier, function.urls[qualifier]


def _id(call: Call, function: Function, qualifier: str) -> str:
    """32 letters and digits, as AWS's; the same for the same function and alias."""
    digest = hashlib.sha256(function.arn_of(qualifier).encode()).digest()
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(letters[byte % 32] for byte in digest)


def _address(call: Call, function: Function, qualifier: str, url_id: str) -> str:
    url_for = call.shared.seams.url_for
    if url_for is None:
        return f"https://{url_id}.lambda-url.{call.region.name}.on.aws/"
    region = call.region
    return url_for(region.account, region.name, function.name, qualifier or None, url_id)


def _stamp(call: Call) -> str:
    return call.stamp().replace("+0000", "Z")


def _shown(function: Function, qualifier: str, url: Url) -> Parameters:
    answer: Parameters = {
        "FunctionUrl": url.address,
        "FunctionArn": function.arn_of(qualifier),
        "AuthType": url.auth,
        "CreationTime": url.created,
        "LastModifiedTime": url.modified,
        "InvokeMode": url.mode,
    }
    if url.cors:
        answer["Cors"] = dict(url.cors)
    return answer


def _answer(
    function: Function,
    qualifier: str,
    url: Url,
    parameters: Parameters,
    without: tuple[str, ...] = (),
) -> Parameters:
    """What a change answers: as recorded, InvokeMode only if it was in the request."""
    answer = _shown(function, qualifier, url)
    if "InvokeMode" not in parameters:
        del answer["InvokeMode"]
    return {key: value for key, value in answer.items() if key not in without}


OPERATIONS: dict[str, Operation] = {
    "CreateFunctionUrlConfig": create_function_url_config,
    "GetFunctionUrlConfig": get_function_url_config,
    "UpdateFunctionUrlConfig": update_function_url_config,
    "DeleteFunctionUrlConfig": delete_function_url_config,
    "ListFunctionUrlConfigs": list_function_url_configs,
}
