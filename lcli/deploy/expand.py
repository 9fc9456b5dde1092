"""A loaded manifest → the resources that AWS must hold; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lcli.deploy import settings
from lcli.deploy.order import references
from lcli.errors import ExitCode, LcliError, Problem
from lcli.resources import role_policy
from lcli.resources.alias import alias
from lcli.resources.code import Code
from lcli.resources.concurrency import provisioned_concurrency, reserved_concurrency
from lcli.resources.event_invoke_config import event_invoke_config
from lcli.resources.function import function as function_resource
from lcli.resources.function_tags import part_names
from lcli.resources.function_url import function_url
from lcli.resources.layer import layer, layer_key
from lcli.resources.local_source import LocalSource
from lcli.resources.log_group import log_group
from lcli.resources.model import Key, Place, Ref, Resource, Text
from lcli.resources.naming import attached_to, function_key, qualified, unqualified
from lcli.resources.parts import parts
from lcli.resources.permission import permission, url_permissions
from lcli.resources.role import role, role_arn, role_part
from lcli.resources.runtime_settings import runtime_settings
from lcli.resources.version import version
from lcli.triggers.base import Lookup, Target, Trigger

if TYPE_CHECKING:
    from lcli.manifest.models import App, Function, Role


_OWN_CALLS = frozenset({"recursion", "runtime_management", "code_signing"})


@dataclass(slots=True)
class Expanded:
    """What a manifest stands for."""

    resources: dict[Key, Resource] = field(default_factory=dict)
    observed: dict[Key, Resource] = field(default_factory=dict)
    """What is referred to but not of the functions named: read, never changed."""
    kept: set[Key] = field(default_factory=set)
    exposing: dict[Key, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)

    def add(self, *resources: Resource) -> None:
        """Take resources in; one that several functions share stays as the first said it."""
        for resource in resources:
            self.resources.setdefault(resource.key, resource)

    @property
    def to_read(self) -> dict[Key, Resource]:
        """Everything whose actual state is asked for."""
        return self.observed | self.resources


def lookups_needed(app: App, place: Place) -> tuple[Lookup, ...]:
    """The facts to ask AWS for before `expand`, each once."""
    found: dict[str, Lookup] = {}
    for function in app.functions.values():
        for trigger in function.triggers:
            found |= {one.name: one for one in trigger.lookups(place)}
    return tuple(found.values())


def expand(
    app: App,
    place: Place,
    codes: Mapping[str, Code],
    layer_codes: Mapping[str, Code],
    lookups: Mapping[str, str | Text],
) -> Expanded:
    """All desired resources of the functions in `app`, with what needs what.

    `codes` is by the manifest's keys of functions, `layer_codes` by those of the layers that they
    use. Raises LcliError (USAGE) for what only shows now (an alias too long for a tag).
    """
    expanded = Expanded()
    for key, code in layer_codes.items():
        made = app.layers[key]
        expanded.add(
            layer(
                place,
                key,
                code,
                runtimes=made.runtimes,
                architectures=made.architectures,
                where=made.where,
            )
        )
    shared = _shared_groups(app)
    for function in app.functions.values():
        one = _One(app, place, function, shared)
        one.expand(codes[function.key], lookups, expanded)
    expanded.observed = observed(expanded.resources)
    return expanded


def _shared_groups(app: App) -> frozenset[str]:
    """Log groups that several functions write to."""
    names = [settings.log_group_name(function) for function in app.functions.values()]
    return frozenset(name for name in names if names.count(name) > 1)


def observed(resources: Mapping[Key, Resource]) -> dict[Key, Resource]:
    """What the resources refer to that belongs to a function which is not among them."""
    found: dict[Key, Resource] = {}
    for resource in resources.values():
        for key in references(resource.fields):
            if key not in resources:
                name = unqualified(key.name)[0]
                for one in (function_key(name), key):
                    found[one] = Resource(one, {}, where=resource.where)
    return found


def _role_twice(function: Function, name: str, other: str, next_step: str) -> LcliError:
    problem = Problem(
        "role-twice",
        f"{function.key} and {other} keep the same role, {name}: what one needs would be taken "
        "from the other",
        function.where,
        next_step,
    )
    return LcliError(problem, ExitCode.USAGE)


@dataclass(frozen=True, slots=True)
class _One:
    """One function on its way into resources."""

    app: App
    place: Place
    function: Function
    shared_groups: frozenset[str]

    @property
    def tags(self) -> dict[str, str]:
        """The user's tags: the app's under the function's."""
        return {**self.app.tags, **self.function.tags}

    def expand(self, code: Code, lookups: Mapping[str, str | Text], expanded: Expanded) -> None:
        """Everything that belongs to the function."""
        function, place = self.function, self.place
        triggered, statements = self._triggers(lookups, expanded)
        group = self._log_group()
        needs: tuple[Key, ...] = (group.key,)
        role_needs: tuple[Key, ...] = ()
        role_parts: tuple[str, ...] = ()
        if isinstance(function.role, str):
            arn = function.role
            if not arn.startswith("arn:"):
                arn = place.arn("iam", f"role/{arn}", region="")
        else:
            managed = self._role(function.role, statements)
            arn, role_needs = role_arn(place, managed), (managed.key,)
            self._refuse_shared(managed.key, expanded)
            role_parts = role_part(place, managed)
            expanded.add(managed)
        attached = [*self._attached(role_needs, expanded), *triggered]
        own = [one for one in attached if one.function == function.key]
        alias_key = (Key("alias", qualified(function.name, function.qualifier)),)
        names = part_names([*(one.key for one in own), *(alias_key if function.qualifier else ())])
        names = tuple(sorted((*names, *role_parts)))
        made = function_resource(
            place,
            function.key,
            function.name,
            role=arn,
            code=code,
            settings=settings.settings(function, self._layers()),
            api=function.api,
            tags=self.tags,
            parts=names,
            publish=bool(function.qualifier),
            keep_versions=function.keep_versions,
            ignored=settings.ignored(function),
            needs=(*needs, *role_needs),
            where=function.where,
        )
        expanded.add(group, made, parts(function.key, function.name, names, function.where))
        if function.qualifier:
            expanded.add(
                version(made, tuple(one.key for one in own if one.key.kind in _OWN_CALLS)),
                alias(function.key, function.name, function.qualifier, function.where),
            )
        expanded.add(*(self._after_role(one, role_needs) for one in attached))

    def _refuse_shared(self, key: Key, expanded: Expanded) -> None:
        """One role has one function's policy; roles are the account's, not the region's."""
        if key in expanded.resources:
            own = "give each a role.name of its own, or both one existing role (role: NAME)"
            raise _role_twice(self.function, key.name, "another function", own)
        if len(self.app.regions) > 1 and self.place.region not in key.name:
            own = "put ${region} into role.name"
            raise _role_twice(self.function, key.name, "itself in another region", own)

    def _after_role(self, resource: Resource, role_needs: tuple[Key, ...]) -> Resource:
        """A mapping polls with the role, whose statements must be there before."""
        if resource.key.kind != "event_source_mapping":
            return resource
        return replace(resource, needs=(*resource.needs, *role_needs))

    def _layers(self) -> tuple[object, ...]:
        return tuple(
            Ref(layer_key(self.place, one), "arn")
            if isinstance(one, str) and one in self.app.layers
            else one
            for one in self.function.layers
        )

    def _log_group(self) -> Resource:
        function = self.function
        name = settings.log_group_name(function)
        return log_group(
            self.place,
            name,
            retention_days=function.log.retention_days,
            tags=self.tags,
            function="" if name in self.shared_groups else function.key,
            where=function.where,
            ignored=settings.ignored(function),
        )

    def _role(self, wanted: Role, from_triggers: Iterable[Mapping[str, Any]]) -> Resource:
        function = self.function
        async_, is_durable = function.async_, bool(function.api.get("DurableConfig"))
        destinations = (
            function.dead_letter,
            async_.on_success if async_ else None,
            async_.on_failure if async_ else None,
        )
        statements = [
            *role_policy.statements(
                self.place,
                log_group=settings.log_group_name(function),
                vpc=function.vpc is not None,
                tracing=function.tracing,
                destinations=filter(None, destinations),
                kms_key=function.kms_key or "",
                file_systems=[one.arn for one in function.file_systems],
            ),
            *is_durable * (role_policy.durable(self.place, function.name),),
            *from_triggers,
            *settings.api_statements(wanted),
        ]
        return role(
            self.place,
            function.key,
            function.name,
            statements=statements,
            name=wanted.name or "",
            path=wanted.path or "",
            boundary=wanted.boundary or "",
            policies=wanted.policies,
            tags=self.tags,
            where=function.where,
        )

    def _triggers(
        self, lookups: Mapping[str, str | Text], expanded: Expanded
    ) -> tuple[list[Resource], list[Mapping[str, Any]]]:
        """What the triggers stand for, and the statements that the role needs for them."""
        resources: list[Resource] = []
        statements: list[Mapping[str, Any]] = []
        for index, trigger in enumerate(self.function.triggers):
            expansion = trigger.expand(self._target(index, trigger, lookups))
            sources = self._local_sources(trigger)
            expanded.add(*(one.resource for one in sources))
            needs = tuple(one.key for one in sources)
            resources += [replace(r, needs=(*r.needs, *needs)) for r in expansion.resources]
            statements += expansion.statements
            expanded.notices += [n for n in expansion.notices if n not in expanded.notices]
        return resources, statements

    def _local_sources(self, trigger: Trigger) -> tuple[LocalSource, ...]:
        """What a deploy makes so that the trigger has something to listen to."""
        if not self.place.local:
            return ()
        return trigger.local_sources(
            self.place, self.app.local.model_dump(), self._longest(trigger)
        )

    def _longest(self, trigger: Trigger) -> int:
        """The longest time-out of the functions that listen to the same source."""
        same = (type(trigger), getattr(trigger, trigger.short))
        return max(
            function.timeout
            for function in self.app.functions.values()
            for one in function.triggers
            if (type(one), getattr(one, one.short)) == same
        )

    def _target(self, index: int, trigger: Trigger, lookups: Mapping[str, str | Text]) -> Target:
        function = self.function
        own = function.role if not isinstance(function.role, str) else None
        return Target(
            self.place,
            function.key,
            function.name,
            function.qualifier,
            attached_to(function.name, function.qualifier),
            function.timeout,
            function.trigger_where(index),
            self.tags,
            self.app.tags,
            lookups,
            self.app.settings(trigger.kind),
            tuple(settings.api_statements(own)) if own else (),
        )

    def _attached(self, role_needs: tuple[Key, ...], expanded: Expanded) -> list[Resource]:
        """The optional parts that the manifest says outright."""
        function, key, name = self.function, self.function.key, self.function.name
        where, concurrency = function.where, function.concurrency
        made: list[Resource] = []
        if concurrency.reserved is not None:
            made.append(reserved_concurrency(key, name, concurrency.reserved, where))
        if concurrency.provisioned is not None:
            made.append(
                provisioned_concurrency(
                    key, name, function.qualifier, concurrency.provisioned, where
                )
            )
        if function.async_ is not None:
            made.append(
                event_invoke_config(
                    key,
                    name,
                    function.qualifier,
                    retries=function.async_.retries,
                    max_age=function.async_.max_age,
                    on_success=function.async_.on_success or "",
                    on_failure=function.async_.on_failure or "",
                    needs=role_needs,
                    where=where,
                )
            )
        made += runtime_settings(key, name, function.api, where)
        made += self._url(expanded)
        made += self._permissions(expanded)
        return settings.leave_ignored(function, made, expanded.kept)

    def _url(self, expanded: Expanded) -> list[Resource]:
        function, url = self.function, self.function.url
        if url is None:
            return []
        who = {"function": function.key, "where": function.where}
        opened: tuple[Resource, ...] = ()
        if url.auth == "none":
            opened = url_permissions(self.place, function.name, function.qualifier, **who)
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

    def _permissions(self, expanded: Expanded) -> list[Resource]:
        function = self.function
        made = []
        for given in function.permissions:
            one = permission(
                self.place,
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
