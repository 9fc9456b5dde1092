"""Refusals in Lambda's own codes and words (API reference, "Common errors" and each operation)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STALE_FUNCTION = (
    "The Revision Id provided does not match the latest Revision Id. "
    "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
)
STALE_POLICY = (
    "The Revision Id provided does not match the latest Revision Id. "
    "Call the {api} API to retrieve the latest Revision Id"
)


class ApiError(Exception):
    """An error response: `code` is the exception's name, `status` the HTTP status.

    `members` are further members of the error's body, such as ``Reason`` of a throttle.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, members: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = dict(members or {})


def invalid(message: str) -> ApiError:
    """InvalidParameterValueException, 400."""
    return ApiError("InvalidParameterValueException", message)


def violation(*problems: str) -> ApiError:
    """ValidationException, 400: what the service's front finds before Lambda sees the request."""
    count = len(problems)
    noun = "error" if count == 1 else "errors"
    return ApiError(
        "ValidationException", f"{count} validation {noun} detected: {'; '.join(problems)}"
    )


def not_found(message: str) -> ApiError:
    """ResourceNotFoundException, 404."""
    return ApiError("ResourceNotFoundException", message, 404)


def function_not_found(arn: str) -> ApiError:
    """ResourceNotFoundException in the words that most operations use."""
    return not_found(f"Function not found: {arn}")


def alias_arn_not_found(arn: str) -> ApiError:
    """ResourceNotFoundException in the words of the operations that look an alias up by ARN."""
    return not_found(f"Cannot find alias arn: {arn}")


def conflict(message: str) -> ApiError:
    """ResourceConflictException, 409."""
    return ApiError("ResourceConflictException", message, 409)


def stale(message: str = STALE_FUNCTION) -> ApiError:
    """PreconditionFailedException, 412."""
    return ApiError("PreconditionFailedException", message, 412)


def too_large(message: str) -> ApiError:
    """RequestEntityTooLargeException, 413."""
    return ApiError("RequestEntityTooLargeException", message, 413)
