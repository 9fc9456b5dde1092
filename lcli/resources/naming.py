"""Names and ARNs that lcli computes or takes apart; pure."""

from __future__ import annotations

from hashlib import sha256

from lcli.resources.model import Key

PREFIX = "lcli-"
"""What the ids of lcli's own policy statements begin with."""
LOG_GROUPS = "/aws/lambda/"
"""What the names of Lambda's own log groups begin with; a function's name follows."""


def qualified(name: str, qualifier: str = "") -> str:
    """``FN:ALIAS``, or ``FN`` without a qualifier."""
    return f"{name}:{qualifier}" if qualifier else name


def unqualified(name: str) -> tuple[str, str]:
    """Function and qualifier of ``FN:ALIAS`` or ``FN``; the qualifier may be empty."""
    function, _, qualifier = name.partition(":")
    return function, qualifier


def function_of(arn: str) -> tuple[str, str]:
    """Name and qualifier in a function's ARN; the qualifier may be empty."""
    parts = arn.split(":")
    return parts[6], parts[7] if len(parts) > 7 else ""


def function_key(name: str) -> Key:
    """The key of the function with this AWS name."""
    return Key("function", name)


def default_log_group(function_name: str) -> str:
    """Where Lambda writes what a function says, unless its LoggingConfig names another group."""
    return LOG_GROUPS + function_name


def attached_to(name: str, qualifier: str) -> tuple[Key, ...]:
    """What must exist before something may be attached to a function or its alias."""
    keys = (function_key(name), Key("parts", name))
    return (*keys, Key("alias", qualified(name, qualifier))) if qualifier else keys


def short_hash(*values: object, length: int = 16) -> str:
    """Hex digits that stand for these values; the same on every machine and run."""
    return sha256("\0".join(map(str, values)).encode()).hexdigest()[:length]


def derived_name(*words: str, limit: int = 64) -> str:
    """The words joined by dashes, cut to `limit` with a hash of the whole when too long."""
    name = "-".join(filter(None, words))
    return name if len(name) <= limit else f"{name[: limit - 9]}-{short_hash(name, length=8)}"
