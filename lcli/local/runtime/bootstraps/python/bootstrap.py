"""Starts awslambdaric for one function. Arguments: the folder that stands for /opt.

`sys.path` is Lambda's: the function's folder, PYTHONPATH, the layers, the standard library, and
last what Lambda's runtime brings (awslambdaric, boto3). awslambdaric's own entry point would fetch
every event in a new thread for python3.12 and later, which quarters the throughput.
"""

from __future__ import annotations

import builtins
import os
import sys


def _paths(task: str, layers: str, runtime: str) -> list[str]:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    given = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    standard = [path for path in sys.path[1:] if path not in given]
    below = [f"{layers}/python/lib/{version}/site-packages", f"{layers}/python"]
    return [task, *given, *below, *standard, runtime]


def main() -> None:
    """Run the handler that the environment names until the local cloud ends this process."""
    task, runtime = os.environ["LAMBDA_TASK_ROOT"], os.environ["LAMBDA_RUNTIME_DIR"]
    paths = _paths(task, sys.argv[1], runtime)
    sys.path.insert(0, runtime)
    from awslambdaric import bootstrap
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    sys.path[:] = paths
    sys.argv[:] = [__file__]
    # `-S` keeps the machine's packages out, and with them these two, which Lambda has.
    vars(builtins).update(exit=sys.exit, quit=sys.exit)
    # Framed log records share the pipe with plain output, so their order holds.
    os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(os.dup(1))
    client = LambdaRuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], False)
    bootstrap.run(os.environ["_HANDLER"], client)


if __name__ == "__main__":
    main()
