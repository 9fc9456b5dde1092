"""Code signing configurations and the functions they are put on; nothing is verified."""

from __future__ import annotations

import secrets

from lcli.local.lambda_api.context import Call, Operation, Parameters
from lcli.local.lambda_api.errors import ApiError, conflict, not_found
from lcli.local.lambda_api.names import unqualified
from lcli.local.lambda_api.paging import page
from lcli.local.lambda_api.tags import checked_tags

_SHOWN = (
    "CodeSigningConfigId",
    "CodeSigningConfigArn",
    "Description",
    "AllowedPublishers",
    "CodeSigningPolicies",
    "LastModified",
)


def create_code_signing_config(call: Call, parameters: Parameters) -> Parameters:
    """CreateCodeSigningConfig."""
    name = "csc-" + "".join(
        secrets.choice("0123456789abcdefghijklmnopqrstuvwxyz") for _ in range(17)
    )
    arn = call.region.arn(f"code-signing-config:{name}")
    config = {
        "CodeSigningConfigId": name,
        "CodeSigningConfigArn": arn,
        "Description": parameters.get("Description", ""),
        "AllowedPublishers": parameters["AllowedPublishers"],
        "CodeSigningPolicies": parameters.get("CodeSigningPolicies")
        or {"UntrustedArtifactOnDeployment": "Warn"},
        "LastModified": call.stamp(),
        "Tags": checked_tags(parameters.get("Tags", {})),
    }
    call.region.signing[arn] = config
    return _shown(config)


def get_code_signing_config(call: Call, parameters: Parameters) -> Parameters:
    """GetCodeSigningConfig."""
    return _shown(_config(call, parameters))


def update_code_signing_config(call: Call, parameters: Parameters) -> Parameters:
    """UpdateCodeSigningConfig: what is not given stays."""
    config = _config(call, parameters)
    for key in ("Description", "AllowedPublishers", "CodeSigningPolicies"):
        if key in parameters:
            config[key] = parameters[key]
    config["LastModified"] = call.stamp()
    return _shown(config)


def delete_code_signing_config(call: Call, parameters: Parameters) -> None:
    """DeleteCodeSigningConfig; refused while functions use it."""
    arn = _config(call, parameters)["CodeSigningConfigArn"]
    if any(function.signing == arn for function in call.region.functions.values()):
        raise conflict(
            "You can delete the code signing configuration only if no function is using it."
        )
    del call.region.signing[arn]


def list_code_signing_configs(call: Call, parameters: Parameters) -> Parameters:
    """ListCodeSigningConfigs."""
    shown, marker = page(list(call.region.signing.values()), parameters)
    return {
        "CodeSigningConfigs": [_shown(config)["CodeSigningConfig"] for config in shown],
        "NextMarker": marker,
    }


def list_functions_by_code_signing_config(call: Call, parameters: Parameters) -> Parameters:
    """ListFunctionsByCodeSigningConfig."""
    arn = _config(call, parameters)["CodeSigningConfigArn"]
    arns = [function.arn for function in call.region.functions.values() if function.signing == arn]
    shown, marker = page(arns, parameters)
    return {"FunctionArns": list(shown), "NextMarker": marker}


def put_function_code_signing_config(call: Call, parameters: Parameters) -> Parameters:
    """PutFunctionCodeSigningConfig."""
    arn = signing_config(call, parameters["CodeSigningConfigArn"])
    function = unqualified(call.region, parameters)
    function.signing = arn
    return {"CodeSigningConfigArn": arn, "FunctionName": function.name}


def signing_config(call: Call, arn: str) -> str:
    """The ARN, if there is such a configuration or none is named; ApiError (404)."""
    if arn and arn not in call.region.signing:
        raise ApiError(
            "CodeSigningConfigNotFoundException",
            "The code signing configuration cannot be found. Check that the provided "
            f"configuration is not deleted: {arn}.",
            404,
        )
    return arn


def get_function_code_signing_config(call: Call, parameters: Parameters) -> Parameters:
    """GetFunctionCodeSigningConfig; an empty answer where there is none."""
    function = unqualified(call.region, parameters)
    if not function.signing:
        return {}
    return {"CodeSigningConfigArn": function.signing, "FunctionName": function.name}


def delete_function_code_signing_config(call: Call, parameters: Parameters) -> None:
    """DeleteFunctionCodeSigningConfig; a missing one is no error."""
    unqualified(call.region, parameters).signing = ""


def _config(call: Call, parameters: Parameters) -> Parameters:
    arn = parameters["CodeSigningConfigArn"]
    config = call.region.signing.get(arn)
    if config is None:
        raise not_found(f"The Lambda code signing configuration {arn} can not be found.")
    return config


def _shown(config: Parameters) -> Parameters:
    return {"CodeSigningConfig": {key: config[key] for key in _SHOWN}}


OPERATIONS: dict[str, Operation] = {
    "CreateCodeSigningConfig": create_code_signing_config,
    "GetCodeSigningConfig": get_code_signing_config,
    "UpdateCodeSigningConfig": update_code_signing_config,
    "DeleteCodeSigningConfig": delete_code_signing_config,
    "ListCodeSigningConfigs": list_code_signing_configs,
    "ListFunctionsByCodeSigningConfig": list_functions_by_code_signing_config,
    "PutFunctionCodeSigningConfig": put_function_code_signing_config,
    "GetFunctionCodeSigningConfig": get_function_code_signing_config,
    "DeleteFunctionCodeSigningConfig": delete_function_code_signing_config,
}
