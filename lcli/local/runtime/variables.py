"""The environment variables that a function sees (developer guide, "Defined runtime environment
variables"), and nothing of this machine's user.
"""

from __future__ import annotations

from pathlib import Path

from lcli.local.execution import Deployed

_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


def variables(
    deployed: Deployed,
    *,
    address: str,
    endpoint: str,
    layers: Path,
    runtime: Path,
    scratch: Path,
    log_stream: str,
) -> dict[str, str]:
    """The whole environment of one worker.

    `address` is the Runtime API's host and port, `endpoint` the local cloud's address for the SDKs,
    `layers` the folder that stands for /opt, `scratch` the one that stands for /tmp. The access key
    id is the account: that is how the local cloud knows whose resources are meant.
    """
    return (
        _defaults(deployed, endpoint, layers, runtime, scratch)
        | dict(deployed.environment)
        | _reserved(deployed, address, runtime, log_stream)
    )


def _defaults(
    deployed: Deployed, endpoint: str, layers: Path, runtime: Path, scratch: Path
) -> dict[str, str]:
    """What a function's own settings may replace."""
    task = str(deployed.code)
    return {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": f"{layers}/bin:{_SYSTEM_PATH}",
        "LD_LIBRARY_PATH": f"{task}:{task}/lib:{layers}/lib",
        "NODE_PATH": f"{layers}/nodejs/node_modules:{runtime}/node_modules",
        "GEM_PATH": f"{task}/vendor/bundle:{layers}/ruby/gems",
        "RUBYLIB": f"{task}:{layers}/ruby/lib",
        # Both: nothing may be read from this user's home, ~/.aws above all.
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    }


def _reserved(deployed: Deployed, address: str, runtime: Path, log_stream: str) -> dict[str, str]:
    """What Lambda refuses to let a function set."""
    values = {
        "_HANDLER": deployed.handler,
        "AWS_ACCESS_KEY_ID": deployed.account,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_DEFAULT_REGION": deployed.region,
        "AWS_REGION": deployed.region,
        "AWS_LAMBDA_FUNCTION_NAME": deployed.name,
        "AWS_LAMBDA_FUNCTION_VERSION": deployed.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(deployed.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": deployed.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": address,
        "LAMBDA_TASK_ROOT": str(deployed.code),
        "LAMBDA_RUNTIME_DIR": str(runtime),
    }
    if not deployed.runtime.startswith("provided"):
        values["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{deployed.runtime}"
    if deployed.log_format == "JSON":
        values["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        values["AWS_LAMBDA_LOG_LEVEL"] = deployed.application_log_level
    return values
