"""Settings of a function that have operations of their own: three keys of ``api:``.

`RecursiveLoop` (PutFunctionRecursionConfig), `RuntimeManagementConfig` (with UpdateRuntimeOn and
RuntimeVersionArn, PutRuntimeManagementConfig), `CodeSigningConfigArn`
(PutFunctionCodeSigningConfig).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lcli.resources.attached import Attached, at, attached
from lcli.resources.kind import Applying
from lcli.resources.model import Actual, Change, Key, Outputs, Resource, Value


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


class _Setting(Attached):
    """One that a put replaces."""

    put: str

    def create(self, wanted: Resource, applying: Applying) -> Outputs:
        """Put it; members that are empty are left out."""
        settings = {name: applying.settle(one) for name, one in wanted.fields.items() if one}
        applying.clients.call("lambda", self.put, **at(wanted.key), **settings)
        return {}

    def update(
        self, wanted: Resource, actual: Actual, changes: Sequence[Change], applying: Applying
    ) -> Outputs:
        """The same: a put replaces."""
        return self.create(wanted, applying)


class Recursion(_Setting):
    """Whether Lambda ends loops of the function with itself."""

    name = "recursion"
    title = "recursion setting"
    get = "GetFunctionRecursionConfig"
    put = "PutFunctionRecursionConfig"
    always = True

    def fields(self, answer: Mapping[str, Any]) -> dict[str, Value]:
        """There is always one: Terminate unless put."""
        return {"RecursiveLoop": answer.get("RecursiveLoop", "Terminate")}

    def delete(self, actual: Actual, applying: Applying) -> None:
        """Back to AWS's default."""
        where = at(actual.resource.key)
        applying.clients.call("lambda", self.put, **where, RecursiveLoop="Terminate")


class RuntimeManagement(_Setting):
    """When AWS updates the function's runtime."""

    name = "runtime_management"
    title = "runtime management"
    get = "GetRuntimeManagementConfig"
    put = "PutRuntimeManagementConfig"
    always = True

    def fields(self, answer: Mapping[str, Any]) -> dict[str, Value]:
        """There is always one: Auto unless put."""
        return {
            "RuntimeVersionArn": answer.get("RuntimeVersionArn") or "",
            "UpdateRuntimeOn": answer.get("UpdateRuntimeOn", "Auto"),
        }

    def delete(self, actual: Actual, applying: Applying) -> None:
        """Back to AWS's default."""
        where = at(actual.resource.key)
        applying.clients.call("lambda", self.put, **where, UpdateRuntimeOn="Auto")


class CodeSigning(_Setting):
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
