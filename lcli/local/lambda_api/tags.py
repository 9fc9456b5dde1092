"""Tags of functions, event source mappings and code signing configurations."""

from __future__ import annotations

from lcli.local.lambda_api.context import Call, Operation, Parameters
from lcli.local.lambda_api.errors import function_not_found, invalid, not_found

TAG_LIMIT = 50


def tag_resource(call: Call, parameters: Parameters) -> None:
    """TagResource: given tags are added or replaced."""
    if not parameters["Tags"]:
        raise invalid("An error occurred and the request cannot be processed.")
    tags = _tags_of(call, parameters["Resource"])
    merged = checked_tags({**tags, **parameters["Tags"]})
    tags.update(merged)


def untag_resource(call: Call, parameters: Parameters) -> None:
    """UntagResource: absent keys are no error."""
    tags = _tags_of(call, parameters["Resource"])
    for key in parameters["TagKeys"]:
        tags.pop(key, None)


def list_tags(call: Call, parameters: Parameters) -> Parameters:
    """ListTags."""
    return {"Tags": dict(_tags_of(call, parameters["Resource"]))}


def checked_tags(tags: dict[str, str]) -> dict[str, str]:
    """The tags, unless they are too many or use AWS's own prefix."""
    if len(tags) > TAG_LIMIT:
        raise invalid("Number of tags exceeds resource tag limit.")
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid("Invalid request: aws: prefixed tag key names are not allowed")
    return dict(tags)


def _tags_of(call: Call, arn: str) -> dict[str, str]:
    region = call.region
    kind, _, rest = arn.split(":", 5)[5].partition(":")
    if kind == "function":
        name, _, qualifier = rest.partition(":")
        if qualifier:
            raise invalid(
                "Tags on function aliases and versions are not supported. "
                "Please specify a function ARN."
            )
        function = region.functions.get(name)
        if function is None or function.arn != arn:
            raise function_not_found(arn)
        return function.tags
    if kind == "event-source-mapping":
        mapping = region.mappings.get(rest)
        if mapping is None:
            raise not_found(f"Event source mapping not found: {arn}")
        return mapping.tags
    if kind == "code-signing-config" and arn in region.signing:
        tags: dict[str, str] = region.signing[arn].setdefault("Tags", {})
        return tags
    raise not_found(f"{kind.replace('-', ' ').capitalize()} not found: {arn}")


OPERATIONS: dict[str, Operation] = {
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTags": list_tags,
}
