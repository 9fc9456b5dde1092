"""The SDK's sessions and clients as lcli has them; the one place that makes any.

botocore is used without boto3's resource layer, which nothing here needs and which costs start-up
time.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from functools import cache
from typing import Any

_KEEPALIVE_IDLE = 60
"""Seconds; NAT gateways and load balancers drop a silent connection after 350."""
_KEEPALIVE_PROBES = {"TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Every 15 s, four times: a peer that is gone is noticed after two minutes, not after ten."""
_BODILESS = frozenset({204, 304})
_JSON = frozenset({"json", "rest-json"})
"""Protocols whose answers are JSON objects."""
_FRAMING = frozenset({"content-length", "transfer-encoding"})
"""One of these is in every answer of AWS that can have a body."""


def users_sdk(profile: str) -> Any:
    """A botocore session with the user's configuration; of a wrong one it raises its own errors."""
    from botocore.session import Session as SdkSession

    sdk = SdkSession(profile=profile or None)
    sdk.get_scoped_config()
    return _with_shared_data(sdk)


def local_sdk(account: str) -> Any:
    """A botocore session that reads neither files nor environment: every setting its default.

    The access key's id is the account: that is how the local cloud tells accounts apart.
    """
    from botocore.configprovider import (
        BOTOCORE_DEFAUT_SESSION_VARIABLES,
        ConfigValueStore,
        ConstantProvider,
    )
    from botocore.session import Session as SdkSession

    sdk = SdkSession(profile=None)
    nothing = {"profile": None, "config_file": None, "credentials_file": None, "region": None}
    defaults = {
        name: ConstantProvider(nothing.get(name, default))
        for name, (_, _, default, _) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    sdk.register_component("config_store", ConfigValueStore(mapping=defaults))
    sdk.set_credentials(account, "local", "local")
    return _with_shared_data(sdk)


def _with_shared_data(sdk: Any) -> Any:
    sdk.lazy_register_component(
        "data_loader", lambda: _data_files(sdk.get_config_variable("data_path"))
    )
    return sdk


@cache
def _data_files(path: str | None) -> Any:
    """The SDK's descriptions of services: botocore would read them anew for each session."""
    from botocore.loaders import create_loader

    return create_loader(path)


def client_of(
    sdk: Any,
    service: str,
    region: str,
    endpoint_url: str,
    *,
    read_timeout: float,
    connections: int,
    local: bool,
) -> Any:
    """A client of that session: one attempt a call, kept alive, never an answer cut short.

    `endpoint_url` is empty for AWS's own, `read_timeout` in seconds; `local` goes through no proxy.
    """
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 1},
        max_pool_connections=connections,
        tcp_keepalive=True,
        connect_timeout=10,
        read_timeout=read_timeout,
        s3={"addressing_style": "path"} if endpoint_url else None,
        user_agent=_user_agent(sdk),
        # `streaming-` before an address of one's own leads nowhere.
        inject_host_prefix=False if endpoint_url else None,
        proxies={} if local else None,
    )
    client = sdk.create_client(
        service, region_name=region, endpoint_url=endpoint_url or None, config=config
    )
    _stay_alive(client)
    client.meta.events.register("before-parse", _refuse_what_was_cut)
    if client.meta.service_model.resolved_protocol in _JSON:
        client.meta.events.register("before-parse", _read_json)
    return client


def hang_up(client: Any) -> None:
    """Closes a client's connections that no call uses; another call makes new ones.

    The client's own `close` lets go of them, so that Python closes them when it looks for garbage:
    an error of a call may still refer to them.
    """
    session = client._endpoint.http_session
    for manager in (session._manager, *session._proxy_managers.values()):
        for pool in filter(None, map(manager.pools.get, manager.pools.keys())):
            pool.close()
    client.close()


def _user_agent(sdk: Any) -> str:
    """``lcli/1.0 Botocore/1.40 Python/3.13 …``, with the application's id where one is set.

    The SDK's own is put together anew for each call, which takes a tenth of a call's time.
    """
    from lcli import __version__

    app = sdk.get_config_variable("user_agent_appid")
    return f"lcli/{__version__} {sdk.user_agent()}" + (f" app/{app}" if app else "")


def _refuse_what_was_cut(response_dict: Mapping[str, Any], operation_model: Any, **_: Any) -> None:
    """Takes an answer that ended too soon for none at all.

    The SDK takes it for a success without members: urllib3 only logs what is missing of the
    headers, and is told not to mind what is missing of the body. S3 answers HeadBucket without
    either header of `_FRAMING`.
    """
    from botocore.exceptions import IncompleteReadError

    headers, body = response_dict["headers"], response_dict["body"]
    if response_dict["status_code"] in _BODILESS:
        return
    has_no_body = operation_model.http["method"] == "HEAD"
    if not ({name.lower() for name in headers} & _FRAMING or (has_no_body and headers)):
        raise IncompleteReadError(actual_bytes=0, expected_bytes=1)
    length = headers.get("content-length", "")
    is_whole = isinstance(body, bytes) and not has_no_body
    if is_whole and length.isdecimal() and len(body) < int(length):
        raise IncompleteReadError(actual_bytes=len(body), expected_bytes=int(length))


def _read_json(
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    operation_model: Any,
    **_: Any,
) -> None:
    """Takes an answer that is no JSON object, such as a proxy's page, for none of AWS's; so, too,
    an empty one where the operation answers with a document.

    The SDK takes both for a success without members. A page of log events is taken as its JSON
    says it: the SDK goes through every member of every event to the same end, which takes five
    times as long as reading the JSON, and a page has up to 10,000 events.
    """
    from botocore.parsers import ResponseParserError

    status, body = response_dict["status_code"], response_dict["body"]
    if not 200 <= status < 300 or not isinstance(body, bytes):
        return
    if not (body or _answers_with_document(operation_model)):
        return
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    is_page = operation_model.name == "FilterLogEvents"
    if not isinstance(answer, dict) or (is_page and "events" not in answer):
        raise ResponseParserError(f"the answer of {operation_model.name} is none of its kind")
    if is_page:
        customized_response_dict.update(answer)
        response_dict["body"] = b"{}"


def _answers_with_document(operation_model: Any) -> bool:
    """Whether the body of an operation's answer is a JSON object, by the SDK's model of it.

    Not where it has no output (CreateLogGroup), nothing but a status and headers (DeleteFunction),
    or a body that is a member by itself (Invoke).
    """
    output = operation_model.output_shape
    return (
        output is not None
        and "payload" not in output.serialization
        and any("location" not in one.serialization for one in output.members.values())
    )


def _stay_alive(client: Any) -> None:
    """Sets the idle time of TCP keep-alive, for which botocore has no setting.

    `tcp_keepalive` alone leaves the kernel's two hours. The options are those of the pool.
    """
    idle = getattr(socket, "TCP_KEEPIDLE", None) or getattr(socket, "TCP_KEEPALIVE", None)
    options = getattr(client._endpoint.http_session, "_socket_options", None)
    if idle is not None and options is not None:
        options.append((socket.IPPROTO_TCP, idle, _KEEPALIVE_IDLE))
        for name, value in _KEEPALIVE_PROBES.items():
            if (option := getattr(socket, name, None)) is not None:
                options.append((socket.IPPROTO_TCP, option, value))
