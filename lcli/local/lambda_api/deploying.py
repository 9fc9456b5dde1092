"""A version as execution environments need it."""

from __future__ import annotations

import asyncio

from lcli.local.execution import Deployed
from lcli.local.lambda_api.context import Shared
from lcli.local.lambda_api.errors import ApiError, invalid
from lcli.local.lambda_api.layers import kept
from lcli.local.lambda_api.state import Code, Function, Region, Version

_NO_TENANT = (
    "The invoked function is enabled with tenancy configuration. "
    "Add a valid tenant ID in your request and try again."
)
_TENANT = (
    "The invoked function is not enabled with tenancy configuration. "
    "Remove the tenant ID from your request and try again."
)
"""When either is said: Lambda guide, "Troubleshooting tenant isolation"; the second's own words are
not recorded anywhere."""


def deployed(
    shared: Shared, region: Region, function: Function, version: Version, tenant: str = ""
) -> Deployed:
    """The version with its code and layers unpacked, for one `tenant` where it isolates them.

    Raises ApiError for a tenant that is missing or not expected, and for a container image, which
    the local cloud does not run.
    """
    settings = version.settings
    if bool(tenant) != ("TenancyConfig" in settings):
        raise invalid(_TENANT if tenant else _NO_TENANT)
    if version.code.image:
        raise ApiError(
            "InvalidRuntimeException",
            f"The local cloud does not run container images: {function.name} is "
            f"{version.code.image}. Deploy it from a folder or a zip instead.",
        )
    code, *layers = (shared.store.unpacked(each) for each in codes_of(region, version))
    logging = settings["LoggingConfig"]
    return Deployed(
        arn=function.arn,
        name=function.name,
        version=version.number,
        revision=version.build,
        runtime=settings["Runtime"],
        handler=settings["Handler"],
        memory=settings["MemorySize"],
        timeout=settings["Timeout"],
        storage=settings["EphemeralStorage"]["Size"],
        environment=settings.get("Environment", {}).get("Variables", {}),
        code=code,
        layers=tuple(layers),
        region=region.name,
        account=region.account,
        architecture=settings["Architectures"][0],
        log_group=logging["LogGroup"],
        log_format=logging["LogFormat"],
        application_log_level=logging.get("ApplicationLogLevel", "INFO"),
        system_log_level=logging.get("SystemLogLevel", "INFO"),
        tracing=settings["TracingConfig"]["Mode"] == "Active",
        tenant=tenant,
    )


async def prepare(shared: Shared, region: Region, version: Version) -> None:
    """Unpack what the version needs beside the event loop, where that was not done yet."""
    for code in codes_of(region, version):
        if not code.image and not shared.store.is_unpacked(code):
            await asyncio.to_thread(shared.store.unpacked, code)


def codes_of(region: Region, version: Version) -> list[Code]:
    """The function's code, then its layers'; layers of other accounts are not here."""
    found = (kept(region, arn) for arn in version.settings.get("Layers", ()))
    return [version.code, *(layer.code for layer in found if layer is not None)]
