"""What is done about each refusal: the one table, and the waiting that it asks for.

The first of `RULES` that fits holds; what refusals are told apart by besides AWS's codes is in
lcli/aws/texts.py, what a second request does in lcli/aws/operations.py. The SDK's own retries are
off, since its standard mode drains its quota and then gives up.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TypeVar

from lcli.aws import texts
from lcli.aws.clients import AwsError
from lcli.aws.operations import Again, again
from lcli.aws.silence import Silence
from lcli.aws.texts import Text

T = TypeVar("T")


class Act(StrEnum):
    """What a call does after a refusal."""

    RETRY = "retry"
    """After a random pause (full jitter)."""
    WAIT = "wait"
    """Until the function's update is through, then again."""
    READ_BACK = "read back"
    """Raised: the caller looks whether it was done before it repeats it (`made_once`)."""
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: which errors, of which operations, and what is done about them for how long."""

    why: str
    act: Act
    codes: frozenset[str] = frozenset()
    """AWS's codes; empty for any."""
    operations: str = ""
    """Pattern over ``service:Operation``; empty for any."""
    says_one_of: tuple[Text, ...] = ()
    """What AWS's message says, where its code does not tell; empty for any."""
    statuses: frozenset[int] = frozenset()
    """HTTP statuses that count like `codes`."""
    lost: frozenset[Again] = frozenset()
    """Only where the request may have been carried out, and a second one does one of these."""
    seconds: float = 0
    """How long it is tried again, from the first refusal of this rule."""
    seconds_after_iam: float = 0
    """The same where this session has changed the role that the call is about (`Spreading`)."""
    tries: float = inf
    base: float = 0.1
    cap: float = 5.0
    """The pauses are random below ``base * 2**n`` seconds, at most `cap`."""
    says: str = ""
    """What the progress line shows meanwhile."""

    def fits(self, error: AwsError) -> bool:
        """Whether this row is about that error."""
        if (self.codes or self.statuses) and not (
            error.code in self.codes or error.status in self.statuses
        ):
            return False
        if self.lost and not (error.lost and again(error.service, error.operation) in self.lost):
            return False
        if self.says_one_of and not any(text.found(error) for text in self.says_one_of):
            return False
        return re.match(self.operations, f"{error.service}:{error.operation}") is not None


RULES: tuple[Rule, ...] = (
    Rule(
        why="an invocation is sent exactly once",
        act=Act.FAIL,
        operations=r"lambda:Invoke",
    ),
    Rule(
        why="throttled: not carried out; Lambda's quotas, 'Lambda quotas', API requests",
        act=Act.RETRY,
        codes=frozenset(
            {
                "TooManyRequestsException",
                "Throttling",
                "ThrottlingException",
                "ThrottledException",
                "RequestLimitExceeded",
                "RequestThrottled",
                "RequestThrottledException",
                "SlowDown",
                "BandwidthLimitExceeded",
                "ProvisionedThroughputExceededException",
                "TransactionInProgressException",
                "PriorRequestNotComplete",
            }
        ),
        statuses=frozenset({429}),
        seconds=300,
        base=0.3,
        cap=8,
        says="throttled by AWS; trying again",
    ),
    Rule(
        why="throttled: Kinesis says so with the code that means a quota elsewhere; "
        "DescribeStreamSummary, 20 calls a second",
        act=Act.RETRY,
        operations=r"kinesis:(Describe|List)",
        codes=frozenset({"LimitExceededException"}),
        seconds=300,
        base=0.3,
        cap=8,
        says="throttled by AWS; trying again",
    ),
    Rule(
        why="two writers at once: IAM, S3, CloudWatch Logs and API Gateway ask to repeat",
        act=Act.RETRY,
        codes=frozenset(
            {
                "ConcurrentModification",
                "ConcurrentModificationException",
                "OperationAborted",
                "OperationAbortedException",
            }
        ),
        seconds=60,
        says="somebody else is changing it; trying again",
    ),
    Rule(
        why="two writers at once: API Gateway says so with the code for 'in use'",
        act=Act.RETRY,
        says_one_of=(texts.CHANGED_AT_ONCE,),
        seconds=60,
        says="somebody else is changing it; trying again",
    ),
    Rule(
        why="a second one would be made: their names are not unique",
        act=Act.READ_BACK,
        lost=frozenset({Again.SECOND}),
        seconds=120,
        tries=12,
        says="no clear answer; looking whether it was done",
    ),
    Rule(
        why="5xx, 'RequestTimeout' or no answer: it may be repeated; one that was carried out and "
        "is refused then is read back by the caller",
        act=Act.RETRY,
        lost=frozenset({Again.READS, Again.SAME, Again.REFUSED, Again.GUARDED}),
        seconds=120,
        tries=12,
        says="no clear answer; trying again",
    ),
    Rule(
        why="it may have been done, and a second one may do harm: a person looks first",
        act=Act.FAIL,
        lost=frozenset({Again.NEVER}),
    ),
    Rule(
        why="no connection was made",
        act=Act.RETRY,
        codes=frozenset({"Unreachable"}),
        seconds=10,
        base=0.3,
        cap=2,
        says="no connection; trying again",
    ),
    Rule(
        why="IAM spreads slowly: 'Lambda execution role', troubleshooting",
        act=Act.RETRY,
        says_one_of=(texts.ROLE_NOT_ASSUMED, texts.ROLE_LACKS, texts.KEY_NOT_GRANTED),
        seconds=15,
        seconds_after_iam=120,
        base=0.5,
        cap=3,
        says="waiting for IAM: the role cannot be used yet",
    ),
    Rule(
        why="a principal made just now is not known everywhere yet",
        act=Act.RETRY,
        says_one_of=(texts.PRINCIPAL_UNKNOWN,),
        seconds_after_iam=60,
        base=0.5,
        cap=3,
        says="waiting for IAM: the principal is not known yet",
    ),
    Rule(
        why="a role made just now is not known everywhere yet",
        act=Act.RETRY,
        says_one_of=(texts.ROLE_NOT_SEEN,),
        seconds_after_iam=60,
        base=0.5,
        cap=3,
        says="waiting for IAM: the role is not known yet",
    ),
    Rule(
        why="one update of a function at a time: 'Lambda function states'",
        act=Act.WAIT,
        says_one_of=(texts.BEING_UPDATED,),
        seconds=600,
        says="waiting for an update that is in progress",
    ),
    Rule(
        why="an event source mapping that is being changed: UpdateEventSourceMapping",
        act=Act.RETRY,
        operations=r"lambda:\w+EventSourceMapping",
        codes=frozenset({"ResourceInUseException"}),
        seconds=300,
        base=1,
        cap=5,
        says="waiting for a change of the mapping that is in progress",
    ),
    Rule(
        why="a permission added just now is not seen by S3 yet",
        act=Act.RETRY,
        says_one_of=(texts.DESTINATION_REFUSED,),
        seconds=15,
        base=0.5,
        cap=3,
        says="waiting for S3 to see the function's permission",
    ),
)

SILENCE = 60.0
"""Seconds without any answer of AWS's, to whatever call, after which none is repeated."""
_REFUSED = Rule(why="everything else is for the caller", act=Act.FAIL)


def rule(error: AwsError) -> Rule:
    """The row of the table that holds for this error."""
    return next((row for row in RULES if row.fits(error)), _REFUSED)


@dataclass(frozen=True, slots=True)
class Patience:
    """What the action that is under way allows its calls."""

    until: float = inf
    """`time.monotonic()` at which nothing is tried again, and no wait goes on."""
    say: Callable[[str], None] = lambda doing: None


_patience: ContextVar[Patience] = ContextVar("patience")
_ENDLESS = Patience()


def deadline() -> float:
    """`time.monotonic()` at which the action that is under way has to end; inf outside of one."""
    return _patience.get(_ENDLESS).until


@contextmanager
def patience(seconds: float, say: Callable[[str], None]) -> Iterator[None]:
    """Bounds every retry and wait below by one deadline; tells `say` what retries wait for."""
    token = _patience.set(Patience(time.monotonic() + seconds, say))
    try:
        yield
    finally:
        _patience.reset(token)


_BY_ITSELF = frozenset({Act.RETRY, Act.WAIT})


class Retries:
    """The refusals of one call so far, and whether one more try is allowed."""

    def __init__(self, *, iam_changed: bool, silence: Silence | None = None) -> None:
        """`iam_changed`: the call is about a role that was changed in this run; `silence` is the
        session's, without which that of AWS is not heeded."""
        self._iam_changed = iam_changed
        self._silence = silence
        self._asked = silence.asked() if silence else 0.0
        self._since: dict[Rule, tuple[float, int]] = {}

    def pause(
        self, error: AwsError, now: float, *, acts: frozenset[Act] = _BY_ITSELF
    ) -> float | None:
        """Seconds to wait before the next try; None where `error` is final.

        `acts` are those that the caller can do.
        """
        row = rule(error)
        if row.act not in acts:
            return None
        began, tries = self._since.get(row, (now, 0))
        self._since[row] = began, tries + 1
        allowed = row.seconds_after_iam if self._iam_changed else 0.0
        patient = _patience.get(_ENDLESS)
        until = min(began + max(row.seconds, allowed), patient.until)
        if self._silence and error.code == "Unreachable":
            until = min(until, self._silence.since(self._asked) + SILENCE)
        delay = random.uniform(0, min(row.cap, row.base * 2**tries))  # noqa: S311 (jitter)
        if tries + 1 >= row.tries or now + delay > until:
            return None
        if row.says:
            patient.say(row.says)
        return delay


def made_once(make: Callable[[], T], look: Callable[[], T | None]) -> T:
    """What `make` gives, although its answer may be lost and a second one must not be made.

    After a lost answer `look` says what there is; only where that is None, `make` is called
    again. Raises AwsError when that did not help for as long as the table allows.
    """
    retries = Retries(iam_changed=False)
    while True:
        try:
            return make()
        except AwsError as error:
            delay = retries.pause(error, time.monotonic(), acts=frozenset({Act.READ_BACK}))
            if delay is None:
                raise
            time.sleep(delay)
            if (found := look()) is not None:
                return found
