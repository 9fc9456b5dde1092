"""Settings of a function that have operations of their own: three keys of ``api:``.

`RecursiveLoop` (PutFunctionRecursionConfig), `RuntimeManagementConfig` (with UpdateRuntimeOn and
RuntimeVersionArn, PutRuntimeManagementConfig), `CodeSigningConfigArn`
(PutFunctionCodeSigningConfig).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lcli.resources.attached import Attached, at, attached
from lcli.resources.kind import Applying
from lcli.resources.model import Actual, Key, Resource, Value


def runtime_settings(
    function: str, name: str, api: Mapping[str, Any], where: str = ""
) -> tuple[Resource, ...]:
    """The resources for those keys of the manifest's ``api:`` that change by calls of their own.

    `name` is the AWS function, `function` the manifest's key. A version takes them along, so the
    version needs them.
    """
    fields: dict[str, dict[str, Value]] = {}
    if loop := api.get("RecursiveLoop"):
        fields["recursion"] = {"RecursiveLoop": loop}
    if management := api.get("RuntimeManagementConfig"):
        plain = {"RuntimeVersionArn": "", "UpdateRuntimeOn": "Auto"}
        fields["runtime_management"] = {**plain, **management}
    if arn := api.get("CodeSigningConfigArn"):
        fields["code_signing"] = {"CodeSigningConfigArn": arn}
    return tuple(
        attached(Key(kind, name), values, function=function, where=where)
        for kind, values in fields.items()
    )


class _Always(Attached):
    """One that every function has: it is put back to AWS's default, not deleted."""

    always = True
    default: ClassVar[Mapping[str, str]]

    def delete(self, actual: Actual, applying: Applying) -> None:
        """Back to AWS's default."""
        applying.clients.call("lambda", self.put, **at(actual.resource.key), **self.default)


class Recursion(_Always):
    """Whether Lambda ends loops of the function with itself."""

    name = "recursion"
    title = "recursion setting"
    get = "GetFunctionRecursionConfig"
    put = "PutFunctionRecursionConfig"
    default: ClassVar[Mapping[str, str]] = {"RecursiveLoop": "Terminate"}

    def fields(self, answer: Mapping[str, Any]) -> dict[str, Value]:
        """There is always one: Terminate unless put."""
        return {"RecursiveLoop": answer.get("RecursiveLoop", "Terminate")}


class RuntimeManagement(_Always):
    """When AWS updates the function's runtime."""

    name = "runtime_management"
    title = "runtime management"
    get = "GetRuntimeManagementConfig"
    put = "PutRuntimeManagementConfig"
    default: ClassVar[Mapping[str, str]] = {"UpdateRuntimeOn": "Auto"}

    def fields(self, answer: Mapping[str, Any]) -> dict[str, Value]:
        """There is always one: Auto unless put."""
        return {
            "RuntimeVersionArn": answer.get("RuntimeVersionArn") or "",
            "UpdateRuntimeOn": answer.get("UpdateRuntimeOn", "Auto"),
        }


class CodeSigning(Attached):
    """Which signatures the function's code must carry."""

    name = "code_signing"
    title = "code signing"
    get = "GetFunctionCodeSigningConfig"
    put = "PutFunctionCodeSigningConfig"
    remove = "DeleteFunctionCodeSigningConfig"

    def fields(self, answer: Mapping[str, Any]) -> dict[str, Value] | None:
        """Without one the answer has no ARN."""
        arn = answer.get("CodeSigningConfigArn")
        return {"CodeSigningConfigArn": arn} if arn else None


KINDS = (Recursion(), RuntimeManagement(), CodeSigning())
