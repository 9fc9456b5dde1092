"""What stands behind the colon of ``${kind:argument}``, taken apart; pure."""

from __future__ import annotations

from collections.abc import Callable

from lcli.manifest.references import Unresolved

WRITE = {
    "ssm": "write ${ssm:NAME}: a parameter's name has letters, digits and . - _ / only",
    "secret": "write ${secret:NAME} or ${secret:NAME#KEY}: a secret's name has letters, digits and "
    "/ _ + = . @ - only",
    "cfn": "write ${cfn:STACK.OUTPUT}: a stack's name has letters, digits and - only",
    "tfstate": "write ${tfstate:s3://BUCKET/KEY#resource.name.attribute}: a bucket's name has "
    "small letters, digits, . and - only",
}
"""What to do about an argument that AWS would not take ("Error responses" of each API)."""


def secret(argument: str) -> tuple[str, str]:
    """Its name, and the way into its JSON, empty without a ``#``. Raises Unresolved."""
    name, hash_, way = argument.partition("#")
    if not name or (hash_ and not way):
        raise _malformed(
            f"{argument!r} names {'no part of the secret' if name else 'no secret'}",
            WRITE["secret"],
        )
    return name, way


def stack_output(argument: str) -> tuple[str, str]:
    """Stack and output. Raises Unresolved where one is missing."""
    stack, _, output = argument.rpartition(".")
    if not (stack and output):
        raise _malformed(f"{argument!r} names no output", "write ${cfn:STACK.OUTPUT}")
    return stack, output


def state_value(argument: str) -> tuple[str, str]:
    """The state's path and an address in it. Raises Unresolved where one is missing."""
    path, _, address = argument.partition("#")
    if not (path and address):
        raise _malformed(
            f"{argument!r} names nothing in a state",
            "write ${tfstate:PATH#resource.name.attribute} or ${tfstate:PATH#output.NAME}",
        )
    if path.startswith("s3://"):
        bucket_and_key(path)
    return path, address


def bucket_and_key(path: str) -> tuple[str, str]:
    """Of ``s3://bucket/key``. Raises Unresolved where one is missing."""
    bucket, _, key = path.removeprefix("s3://").partition("/")
    if not (bucket and key):
        raise _malformed(f"{path!r} names no object of a bucket", WRITE["tfstate"])
    return bucket, key


def _malformed(what: str, next_step: str) -> Unresolved:
    return Unresolved("reference-malformed", what, next_step)


TAKEN_APART: dict[str, Callable[[str], tuple[str, str]]] = {
    "secret": secret,
    "cfn": stack_output,
    "tfstate": state_value,
}
"""By kind; the arguments of other kinds have no parts."""
