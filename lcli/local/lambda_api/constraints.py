"""Where AWS's own constraints are told otherwise than the SDK's model has them.

Source: answers recorded from AWS (see tests/aws/lambda_api).
"""

from __future__ import annotations

SUPPORTED_RUNTIMES = (
    "nodejs20.x",
    "python3.14",
    "provided.al2023",
    "python3.12",
    "python3.13",
    "nodejs24.x",
    "nodejs22.x",
    "java25",
    "python3.10",
    "python3.11",
    "java21",
    "ruby3.3",
    "ruby3.4",
    "ruby3.2",
    "python3.8",
    "python3.9",
    "java17",
    "nodejs16.x",
    "dotnet10",
    "dotnet8",
    "java11",
    "dotnet6",
    "nodejs18.x",
    "provided.al2",
    "java8.al2",
)
"""In the order in which AWS lists them."""

PATTERNS = {
    "LayerVersionArn": (
        r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"
        r":\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)"
    ),
    "TaggableResource": (
        r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
        r"(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)"
        r"|code-signing-config:csc-[a-z0-9]{17}"
        r"|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}"
        r"-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)"
    ),
    "NamespacedStatementId": "([a-zA-Z0-9-_]+)",
}
ENUM_ORDER = {
    "EventSourcePosition": ("LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"),
    "RecursiveLoop": ("Terminate", "Allow"),
    "Runtime": SUPPORTED_RUNTIMES,
}
NULLABLE_ITEMS = frozenset({"SubnetId", "SecurityGroupId", "AdditionalVersion", "Runtime"})
"""Items of lists and keys of maps for which AWS does not say "Member must not be null"."""
UNCHECKED = frozenset({"Environment", "EnvironmentVariableName", "RevisionId"})
"""Shapes that the operations check themselves, since AWS words them otherwise."""
SAID_MINIMUM = frozenset({"SubnetId", "SecurityGroupId"})
"""Texts of which AWS says that their length is at least 0."""
UNCHECKED_MEMBERS = frozenset({"Runtime"})
"""Members that the operations check themselves, likewise."""
TOLD_FIRST = frozenset({"CompatibleRuntimes"})
"""Members whose violations AWS names before the others'."""
