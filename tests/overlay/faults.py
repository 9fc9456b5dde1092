"""What can go wrong with a call, and when it does.

Chance depends on a seed and on the request itself, not on the order in which threads send, so
that a failing run can be replayed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from overlay.operations import Call

When = Callable[[Call], bool]


@dataclass(frozen=True)
class Fault:
    """What happens to a call. `processed` means that the cloud carries it out first."""

    processed: bool = False


@dataclass(frozen=True)
class Refuse(Fault):
    """AWS's own refusal, in the protocol of the service."""

    status: int = 500
    code: str = "ServiceException"
    message: str = "An error occurred and the request cannot be processed."

    def answer(self, service: str) -> bytes:
        """The whole response."""
        if service in {"iam", "sts", "sns"}:
            said = f"<Error><Type>Sender</Type><Code>{self.code}</Code>"
            said += f"<Message>{escape(self.message)}</Message></Error>"
            body, kind = f"<ErrorResponse>{said}</ErrorResponse>", "text/xml"
        elif service == "s3":
            said = f"<Code>{self.code}</Code><Message>{escape(self.message)}</Message>"
            body, kind = f"<Error>{said}</Error>", "application/xml"
        else:
            named = {"__type": self.code, "Type": "User", "message": self.message}
            body, kind = json.dumps(named), "application/json"
        head = f"HTTP/1.1 {self.status} Refused\r\ncontent-type: {kind}\r\n"
        head += f"x-amzn-errortype: {self.code}\r\ncontent-length: {len(body.encode())}\r\n\r\n"
        return (head + body).encode()


@dataclass(frozen=True)
class Reset(Fault):
    """The connection is reset."""


@dataclass(frozen=True)
class Cut(Fault):
    """The connection ends after so many bytes of the answer."""

    processed: bool = True
    bytes: int = 20


@dataclass(frozen=True)
class Delay(Fault):
    """The call takes longer."""

    seconds: float = 1.0


@dataclass(frozen=True)
class Kill(Fault):
    """The client is killed (`Overlay.victim`), and no answer is sent."""


@dataclass(frozen=True)
class Rewrite(Fault):
    """The answer's body is another."""

    processed: bool = True
    change: Callable[[bytes], bytes] = lambda body: body


_THROTTLES = {
    "iam": (400, "Throttling", "Rate exceeded"),
    "sts": (400, "Throttling", "Rate exceeded"),
    "logs": (400, "ThrottlingException", "Rate exceeded"),
    "dynamodb": (400, "ThrottlingException", "Rate of requests exceeds the allowed throughput."),
    "sqs": (403, "RequestThrottled", "Request is throttled."),
    "kinesis": (400, "LimitExceededException", "Rate exceeded for stream under account."),
    "s3": (503, "SlowDown", "Please reduce your request rate."),
    "apigatewayv2": (429, "TooManyRequestsException", "Too Many Requests"),
}
_FAILURES = {
    "iam": (500, "ServiceFailure", "The request processing has failed because of an error."),
    "logs": (500, "ServiceUnavailableException", "The service cannot complete the request."),
    "s3": (500, "InternalError", "We encountered an internal error. Please try again."),
    "dynamodb": (500, "InternalServerError", "Internal server error"),
}


def throttled(call: Call) -> Refuse:
    """The answer to too many calls."""
    status, code, message = _THROTTLES.get(
        call.service, (429, "TooManyRequestsException", "Rate exceeded")
    )
    return Refuse(status=status, code=code, message=message)


def server_error(call: Call, *, processed: bool = False) -> Refuse:
    """An error of AWS itself, before or after it has done what was asked."""
    status, code, message = _FAILURES.get(
        call.service,
        (500, "ServiceException", "An error occurred and the request cannot be processed."),
    )
    return Refuse(processed, status, code, message)


@dataclass(frozen=True)
class Rule:
    """A fault for the calls of some operations, whenever `when` holds."""

    fault: Fault | Callable[[Call], Fault]
    when: When
    operations: frozenset[str] = field(default_factory=frozenset)
    """``lambda:CreateFunction`` …; empty for all."""

    def fits(self, call: Call) -> bool:
        return (not self.operations or call.name in self.operations) and self.when(call)

    def of(self, call: Call) -> Fault:
        return self.fault(call) if callable(self.fault) else self.fault


def at(*numbers: int) -> When:
    """The calls of these numbers among those that the rule is asked about, from 1."""
    asked = 0

    def when(call: Call) -> bool:
        nonlocal asked
        asked += 1
        return asked in numbers

    return when


def among(condition: When, when: When) -> When:
    """`when`, asked about the calls alone for which the condition holds."""
    return lambda call: condition(call) and when(call)


def first(count: int) -> When:
    """The first so many."""
    return at(*range(1, count + 1))


def chance(probability: float, seed: int) -> When:
    """Each call with this probability, its repetitions by themselves."""

    def when(call: Call) -> bool:
        drawn = random.Random(f"{seed} {call.identity} {call.nth}").random()
        return drawn < probability

    return when


def over(rate: float, burst: float) -> When:
    """The calls of a service's control plane beyond so many a second, as a token bucket has it."""
    tokens, last = burst, 0.0

    def when(call: Call) -> bool:
        nonlocal tokens, last
        tokens, last = min(burst, tokens + (call.at - last) * rate), call.at
        if tokens < 1:
            return True
        tokens -= 1
        return False

    return when
