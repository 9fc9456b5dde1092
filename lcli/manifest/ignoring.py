"""What a word of a function's ``ignore:`` stands for: which fields of which resources; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Place = tuple[str, str]
"""A kind of resource, and the path of a field by its API name; an empty path is the whole."""

WORDS: Mapping[str, tuple[Place, ...]] = {
    "architecture": (("function", "Architectures"),),
    "async": (("event_invoke_config", ""),),
    "async.max_age": (("event_invoke_config", "MaximumEventAgeInSeconds"),),
    "async.on_failure": (("event_invoke_config", "DestinationConfig.OnFailure"),),
    "async.on_success": (("event_invoke_config", "DestinationConfig.OnSuccess"),),
    "async.retries": (("event_invoke_config", "MaximumRetryAttempts"),),
    "concurrency": (("provisioned_concurrency", ""), ("reserved_concurrency", "")),
    "concurrency.provisioned": (("provisioned_concurrency", ""),),
    "concurrency.reserved": (("reserved_concurrency", ""),),
    "dead_letter": (("function", "DeadLetterConfig"),),
    "description": (("function", "Description"),),
    "environment": (("function", "Environment"),),
    "file_systems": (("function", "FileSystemConfigs"),),
    "handler": (("function", "Handler"),),
    "image": (("function", "ImageConfig"),),
    "image.command": (("function", "ImageConfig.Command"),),
    "image.entrypoint": (("function", "ImageConfig.EntryPoint"),),
    "image.workdir": (("function", "ImageConfig.WorkingDirectory"),),
    "kms_key": (("function", "KMSKeyArn"),),
    "layers": (("function", "Layers"),),
    "log": (("function", "LoggingConfig"), ("log_group", "RetentionInDays")),
    # Levels come and go with the format.
    "log.format": (
        ("function", "LoggingConfig.LogFormat"),
        ("function", "LoggingConfig.ApplicationLogLevel"),
        ("function", "LoggingConfig.SystemLogLevel"),
    ),
    "log.group": (("function", "LoggingConfig.LogGroup"),),
    "log.level": (("function", "LoggingConfig.ApplicationLogLevel"),),
    "log.retention_days": (("log_group", "RetentionInDays"),),
    "log.system_level": (("function", "LoggingConfig.SystemLogLevel"),),
    "memory": (("function", "MemorySize"),),
    "provisioned": (("provisioned_concurrency", ""),),
    "reserved": (("reserved_concurrency", ""),),
    "role": (
        ("function", "Role"),
        ("role", "InlinePolicies"),
        ("role", "ManagedPolicies"),
        ("role", "PermissionsBoundary"),
        ("role", "Policy"),
    ),
    "role.boundary": (("role", "PermissionsBoundary"),),
    "role.policies": (("role", "ManagedPolicies"),),
    "role.statements": (("role", "InlinePolicies"), ("role", "Policy")),
    "runtime": (("function", "Runtime"),),
    "source": (("function", "Code"),),
    "storage": (("function", "EphemeralStorage"),),
    "timeout": (("function", "Timeout"),),
    "tracing": (("function", "TracingConfig"),),
    "url": (("function_url", ""),),
    "url.auth": (("function_url", "AuthType"),),
    "url.cors": (("function_url", "Cors"),),
    "url.stream": (("function_url", "InvokeMode"),),
    "vpc": (("function", "VpcConfig"),),
    "vpc.ipv6": (("function", "VpcConfig.Ipv6AllowedForDualStack"),),
    "vpc.security_groups": (("function", "VpcConfig.SecurityGroupIds"),),
    "vpc.subnets": (("function", "VpcConfig.SubnetIds"),),
}
"""The words that are the same in every manifest."""
NAMED = ("api.NAME", "environment.NAME", "tags", "tags.NAME")
"""Those with names in them; ``tags`` are the ones that the manifest names."""
_TAGGED = ("event_source_mapping", "function", "log_group", "role")
"""What a function's tags reach."""
_OWN_CALLS = {
    "CodeSigningConfigArn": "code_signing",
    "RecursiveLoop": "recursion",
    "RuntimeManagementConfig": "runtime_management",
}
"""Parameters of a function that are resources of their own."""


def places(word: str, tags: Mapping[str, str]) -> Iterator[Place]:
    """What the word stands for in a manifest with these `tags`; nothing if it is not known."""
    first, _, name = word.partition(".")
    if word in WORDS:
        yield from WORDS[word]
    elif first == "environment" and name:
        yield ("function", f"Environment.{name}")
    elif first == "api" and name:
        kind = _OWN_CALLS.get(name.partition(".")[0])
        yield (kind, "") if kind else ("function", name)
    elif first == "tags":
        names = [name] if name else tags
        yield from ((kind, f"Tags.{one}") for kind in _TAGGED for one in names)


def is_known(word: str) -> bool:
    """Whether `places` knows the word."""
    return word == "tags" or any(True for _ in places(word, {}))
