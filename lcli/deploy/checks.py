"""What Lambda would refuse, found before the first change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lcli.artifact.limits import check_limits
from lcli.deploy.account import Account
from lcli.deploy.code import own_layers
from lcli.deploy.concurrency import Concurrency
from lcli.deploy.plan import Plan
from lcli.deploy.reserving import reserving
from lcli.errors import Problem
from lcli.resources import policy_size, role_policy
from lcli.resources.kind import Kind
from lcli.resources.model import Place, Resource

if TYPE_CHECKING:
    from lcli.artifact.model import Artifact
    from lcli.manifest.models import App

_LEAST_UNRESERVED = 100
"""Executions that an account of the usual size must leave unreserved."""


def sizes(
    app: App, functions: Mapping[str, Artifact], layers: Mapping[str, Artifact]
) -> Iterator[Problem]:
    """Code that is, with its layers, larger than Lambda takes."""
    for key, function in app.functions.items():
        if artifact := functions.get(key):
            own = (one.key for one in own_layers(function, app.layers.values()) if one)
            theirs = {name: layers[name] for name in own if name in layers}
            yield from check_limits(artifact, theirs, function.where)


def policies(resources: Iterable[Resource]) -> Iterator[Problem]:
    """Managed roles whose inline policy IAM would refuse."""
    for resource in resources:
        policy = resource.fields.get("Policy")
        if resource.key.kind != "role" or not isinstance(policy, Mapping):
            continue
        if (size := role_policy.size(policy)) > role_policy.INLINE_LIMIT:
            yield Problem(
                "policy-too-large",
                f"the policy of the role {resource.key.name} has {size:,} characters; IAM takes "
                f"{role_policy.INLINE_LIMIT:,}",
                resource.where,
                "join resources with wildcards, or move statements to a policy of your own "
                "(role.policies); the largest: " + "; ".join(role_policy.largest(policy)),
            )


def resource_policies(resources: Iterable[Resource], place: Place) -> Iterator[Problem]:
    """Functions whose own statements alone make a larger resource policy than Lambda takes."""
    statements = [one for one in resources if one.key.kind == "permission"]
    for target, size in policy_size.sizes(statements, place).items():
        if size > policy_size.LIMIT:
            own = [one for one in statements if one.key.name.startswith(f"{target}/")]
            yield Problem(
                "policy-too-large",
                f"the {len(own)} permissions of {target} make a resource policy of {size:,} "
                f"bytes; Lambda takes {policy_size.LIMIT:,}",
                own[0].where,
                "one statement for several sources: source_arn with a wildcard",
            )


def reserved_concurrency(
    plan: Plan, kinds: Mapping[str, Kind], shares: Sequence[Concurrency], account: Account
) -> Iterator[Problem]:
    """More provisioned than reserved, and what would leave the account less than AWS insists on.

    The account is asked only where the plan takes more than it gives back. Raises AwsError.
    """
    for share in shares:
        yield from share.problems()
    found = reserving(plan.actions, kinds, shares)
    more = found.more
    if more <= 0 or (settings := account.settings) is None:
        return
    where = next(filter(None, (plan.actions[i].resource.where for i in found.taken)), "")
    limits = settings["AccountLimit"]
    free = int(limits["UnreservedConcurrentExecutions"])
    if limits["ConcurrentExecutions"] > _LEAST_UNRESERVED and free - more < _LEAST_UNRESERVED:
        yield Problem(
            "too-much-reserved",
            f"this deploy reserves or provisions {more} more concurrent executions, but {free} "
            f"are unreserved and {_LEAST_UNRESERVED} must stay so",
            where,
            "lower concurrency.reserved or concurrency.provisioned, or ask AWS for a higher quota "
            "of concurrent executions",
        )
