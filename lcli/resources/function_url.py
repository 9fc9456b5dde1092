"""Function URLs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lcli.aws.clients import AwsError
from lcli.resources.attached import Attached, at, attached
from lcli.resources.compare import left
from lcli.resources.function_fields import frozen
from lcli.resources.kind import Applying
from lcli.resources.model import Actual, Change, Key, Outputs, Resource, Value
from lcli.resources.naming import qualified

_CORS: Mapping[str, Value] = {
    "AllowCredentials": False,
    "AllowHeaders": (),
    "AllowMethods": (),
    "AllowOrigins": (),
    "ExposeHeaders": (),
    "MaxAge": 0,
}


def function_url(
    function: str,
    name: str,
    qualifier: str,
    *,
    auth: str = "AWS_IAM",
    cors: Mapping[str, Any] | None = None,
    stream: bool = False,
    needs: tuple[Key, ...] = (),
    where: str = "",
) -> Resource:
    """The URL of the AWS function `name` or its alias; output ``url``.

    `auth` is AuthType; `cors` has the API's names (``AllowOrigins``). With ``auth="NONE"`` the
    statements of `permission.url_permissions` are needed, too.
    """
    fields: dict[str, Value] = {
        "AuthType": auth,
        "Cors": _cors(cors or {}),
        "InvokeMode": "RESPONSE_STREAM" if stream else "BUFFERED",
    }
    key = Key("function_url", qualified(name, qualifier))
    return attached(key, fields, function=function, needs=needs, where=where)


def _cors(given: Mapping[str, Any]) -> dict[str, Value]:
    """All members; the order of a list means nothing."""
    filled = {key: given.get(key) or plain for key, plain in _CORS.items()}
    return {
        key: tuple(sorted(value)) if isinstance(value, list | tuple) else frozen(value)
        for key, value in filled.items()
    }


class FunctionUrl(Attached):
    """An HTTPS address of a function or alias."""

    name = "function_url"
    title = "function URL"
    missed = True
    of_alias = True
    get = "GetFunctionUrlConfig"
    remove = "DeleteFunctionUrlConfig"

    def usual(self, wanted: Resource) -> Mapping[str, Value]:
        """AWS's defaults; who may call is always told."""
        return {"Cors": _cors({}), "InvokeMode": "BUFFERED"}

    def fields(self, answer: Mapping[str, Any]) -> dict[str, Value]:
        """AuthType, Cors, InvokeMode."""
        return {
            "AuthType": answer["AuthType"],
            "Cors": _cors(answer.get("Cors", {})),
            "InvokeMode": answer.get("InvokeMode", "BUFFERED"),
        }

    def outputs(self, answer: Mapping[str, Any]) -> Outputs:
        """``url``, with its final slash, and ``host``."""
        url = str(answer["FunctionUrl"])
        return {"url": url, "host": url.partition("://")[2].rstrip("/")}

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """CreateFunctionUrlConfig; one that is there already is an earlier answer that was lost."""
        try:
            answer = self._write("CreateFunctionUrlConfig", wanted, applying)
        except AwsError as error:
            if error.code != "ResourceConflictException":
                raise
            answer = self._write("UpdateFunctionUrlConfig", wanted, applying)
        return self.outputs(answer)

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """UpdateFunctionUrlConfig; the address stays."""
        return self.outputs(self._write("UpdateFunctionUrlConfig", left(wanted, actual), applying))

    def _write(self, operation: str, wanted: Resource, applying: Applying) -> dict[str, Any]:
        settings = {name: applying.settle(value) for name, value in wanted.fields.items()}
        return applying.clients.call("lambda", operation, **at(wanted.key), **settings)


KINDS = (FunctionUrl(),)
