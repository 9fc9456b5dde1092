"""What is said of each operation, held against the code and the SDK's models."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session

import lcli
from lcli.aws.operations import CHANGES, Again, again

SDK = Session()
SERVICES = sorted(
    {name.partition(":")[0] for name in CHANGES}
    | {"sts", "ssm", "secretsmanager", "cloudformation", "resourcegroupstaggingapi", "ecr"}
)
FILES = [
    path
    for path in Path(lcli.__file__).parent.rglob("*.py")
    if "local" not in path.relative_to(Path(lcli.__file__).parent).parts
]
DERIVED = [f"apigatewayv2:{verb}{noun}" for verb in ("Create", "Update", "Delete")
           for noun in ("Integration", "Authorizer", "Route")] + [
    f"lambda:SendDurableExecutionCallback{what}" for what in ("Success", "Failure", "Heartbeat")
]  # fmt: skip
"""Those whose names the code puts together."""
EVENTS = {"CompleteMultipartUpload"}
"""What S3 calls an event by."""


@cache
def model(service: str) -> Any:
    return SDK.get_service_model(service)


@cache
def operations(service: str) -> frozenset[str]:
    return frozenset(model(service).operation_names)


def is_known(service: str, operation: str) -> bool:
    return again(service, operation) is Again.READS or f"{service}:{operation}" in CHANGES


@cache
def trees() -> list[ast.Module]:
    return [ast.parse(path.read_text()) for path in FILES]


def nodes() -> Iterator[ast.AST]:
    for tree in trees():
        yield from ast.walk(tree)


def calls() -> Iterator[tuple[str, str]]:
    """(service, operation) of every call that names both, one after the other."""
    for node in nodes():
        members = node.args if isinstance(node, ast.Call) else getattr(node, "elts", [])
        for one, two in pairwise(members):
            if isinstance(one, ast.Constant) and isinstance(two, ast.Constant):
                service, operation = one.value, two.value
                if service in SERVICES and operation in operations(service):
                    yield service, operation


def words() -> Iterator[str]:
    """Every string in the code that is an operation's name in some service that lcli calls."""
    names = frozenset[str]().union(*map(operations, SERVICES)) - EVENTS
    for node in nodes():
        if isinstance(node, ast.Constant) and node.value in names:
            yield str(node.value)


def test_every_operation_that_the_code_names_is_in_the_table() -> None:
    found = set(calls())
    assert len(found) > 80
    assert sorted(pair for pair in found if not is_known(*pair)) == []
    unknown = {
        word
        for word in words()
        if not any(word in operations(one) and is_known(one, word) for one in SERVICES)
    }
    assert unknown == set()


def test_the_table_has_nothing_that_the_code_does_not_call() -> None:
    named = set(words())
    idle = [one for one in CHANGES if one.partition(":")[2] not in named and one not in DERIVED]
    assert idle == []


EXISTS = frozenset(
    {
        "BucketAlreadyOwnedByYou",
        "ConflictException",
        "EntityAlreadyExistsException",
        "ResourceAlreadyExistsException",
        "ResourceConflictException",
        "ResourceInUseException",
    }
)
UNDECLARED = {
    "schemas:CreateSchema",  # answers ConflictException all the same
    "lambda:PauseDurableExecution",
    "lambda:ResumeDurableExecution",
    "lambda:StopDurableExecution",
    "lambda:SendDurableExecutionCallbackFailure",  # CallbackTimeoutException
    "lambda:SendDurableExecutionCallbackSuccess",
}
SETTING = ("Put", "Delete", "Tag", "Untag", "Update", "Attach", "Detach", "Remove", "Stop")


@pytest.mark.parametrize("name", CHANGES)
def test_the_table_agrees_with_the_sdk(name: str) -> None:
    service, _, operation = name.partition(":")
    asked = model(service).operation_model(operation)
    errors = {shape.name for shape in asked.error_shapes}
    members = asked.input_shape.members
    match CHANGES[name]:
        case Again.REFUSED:
            assert errors & EXISTS or name in UNDECLARED
        case Again.GUARDED:
            assert "RevisionId" in members
        case Again.SAME:
            others = ("sqs:CreateQueue", "lambda:SendDurableExecutionCallbackHeartbeat")
            assert operation.startswith(SETTING) or name in others
        case Again.SECOND:
            assert not errors & {"ResourceConflictException", "EntityAlreadyExistsException"}
        case Again.NEVER:
            assert operation.startswith("Invoke")


def test_nothing_that_reads_is_called_a_change() -> None:
    assert [name for name in CHANGES if again(*name.split(":")) is Again.READS] == []


READS_TEXT = {"search", "match", "fullmatch", "findall", "lower", "startswith", "endswith", "find"}


def decides(node: ast.AST) -> bool:
    """Whether it compares an error's message, or looks for something in it."""

    def is_message(one: ast.AST) -> bool:
        return (
            isinstance(one, ast.Attribute)
            and one.attr == "message"
            and isinstance(one.value, ast.Name)
            and one.value.id in ("error", "refused", "answer", "refusal")
        ) or (isinstance(one, ast.Call) and ast.unparse(one) == "str(error)")

    if isinstance(node, ast.Compare):
        return any(map(is_message, [node.left, *node.comparators]))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        told = [node.func.value, *node.args]
        return node.func.attr in READS_TEXT and any(map(is_message, told))
    return False


def test_no_other_module_decides_by_the_text_of_an_error() -> None:
    found = {
        path.name
        for path, tree in zip(FILES, trees(), strict=True)
        for node in ast.walk(tree)
        if decides(node)
    }
    assert found == {"texts.py"}
