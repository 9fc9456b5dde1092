"""The optional parts that the manifest gives a function outright → resources; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lcli.deploy import settings
from lcli.deploy.expanded import Expanded
from lcli.resources.concurrency import provisioned_concurrency, reserved_concurrency
from lcli.resources.event_invoke_config import event_invoke_config
from lcli.resources.function_url import function_url
from lcli.resources.model import Key, Place, Resource
from lcli.resources.permission import permission, url_permissions
from lcli.resources.runtime_settings import runtime_settings

if TYPE_CHECKING:
    from lcli.manifest.models import Function


def expand_parts(
    place: Place, function: Function, role_needs: tuple[Key, ...], expanded: Expanded
) -> list[Resource]:
    """Concurrency, asynchronous settings, URL, permissions, and what else has a call of its own.

    `role_needs` has the managed role, if any: AWS checks what it may do. What opens the function
    to others is put into `expanded.exposing`, what somebody else owns into `expanded.kept`.
    """
    expanded.kept.update(settings.kept(function))
    return [
        *_concurrency(function),
        *_async(function, role_needs),
        *runtime_settings(function.key, function.name, function.api, function.where),
        *_url(place, function, expanded),
        *_permissions(place, function, expanded),
    ]


def _concurrency(function: Function) -> list[Resource]:
    wanted, name, made = function.concurrency, function.name, []
    if wanted.reserved is not None:
        made.append(reserved_concurrency(function.key, name, wanted.reserved, function.where))
    if wanted.provisioned is not None:
        made.append(
            provisioned_concurrency(
                function.key, name, function.qualifier, wanted.provisioned, function.where
            )
        )
    return made


def _async(function: Function, role_needs: tuple[Key, ...]) -> list[Resource]:
    wanted = function.async_
    if wanted is None:
        return []
    return [
        event_invoke_config(
            function.key,
            function.name,
            function.qualifier,
            retries=wanted.retries,
            max_age=wanted.max_age,
            on_success=wanted.on_success or "",
            on_failure=wanted.on_failure or "",
            needs=role_needs,
            where=function.where,
        )
    ]


def _url(place: Place, function: Function, expanded: Expanded) -> list[Resource]:
    url = function.url
    if url is None:
        return []
    who = {"function": function.key, "where": function.where}
    opened: tuple[Resource, ...] = ()
    if url.auth == "none":
        opened = url_permissions(place, function.name, function.qualifier, **who)
        expanded.exposing[opened[0].key] = f"everybody may call the URL of {function.name}"
    made = function_url(
        function.key,
        function.name,
        function.qualifier,
        auth="NONE" if url.auth == "none" else "AWS_IAM",
        cors=url.cors.api_form() if url.cors else None,
        stream=url.stream,
        needs=tuple(one.key for one in opened),
        where=function.where,
    )
    return [*opened, made]


def _permissions(place: Place, function: Function, expanded: Expanded) -> list[Resource]:
    made = []
    for given in function.permissions:
        one = permission(
            place,
            function.name,
            function.qualifier,
            principal=given.principal,
            function=function.key,
            action=given.action,
            source_arn=given.source_arn or "",
            source_account=given.source_account or "",
            principal_org_id=given.organization or "",
            where=function.where,
        )
        if given.unbounded:
            expanded.exposing[one.key] = (
                f"{given.principal} may invoke {function.name} on anybody's behalf"
            )
        made.append(one)
    return made
