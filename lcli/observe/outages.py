"""What keeps a follow from reading for a while: told once, and waited out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from typing import TypeVar

from lcli.aws.clients import AwsError
from lcli.aws.retry import Act, rule
from lcli.aws.translate import EXPIRED
from lcli.observe.events import LogEvent, LogGroup
from lcli.observe.history import ReadPages, token_expired

T = TypeVar("T")

MAX_BACKOFF = 30.0
"""Seconds between two tries at most."""
ABSENT = "ResourceNotFoundException"
ABSENT_PAUSE = 5.0
"""Seconds between two looks for a group that does not exist yet."""
_DOUBLED = 5
"""So often doubled, a pause of a second is longer than `MAX_BACKOFF`."""


class Outages:
    """The outages of all groups of a follow, whichever of its threads meets them.

    `notice` is told what the user must know. `reconnect` is called before a try with credentials
    that had expired, or where nothing answered; it says whether another cloud answers from now on.
    """

    def __init__(
        self,
        notice: Callable[[str], None] = lambda text: None,
        reconnect: Callable[[], bool] = lambda: False,
    ) -> None:
        self.cut = ""
        """What keeps every group from being read, as it was told; empty if nothing does."""
        self.clouds = 0
        """How often another cloud has taken the place of the one before."""
        self._notice = notice
        self._reconnect = reconnect
        self._told: dict[LogGroup, str] = {}
        self._answered = self._accepted = False
        self._lock = Lock()

    def pause(self, group: LogGroup, error: AwsError, tries: int) -> float:
        """Seconds until the group may be asked again, which failed `tries` times before.

        Tells of the outage, unless it has been told. Raises `error` where waiting mends nothing,
        and for what a proxy says where AWS has never been heard.
        """
        backoff = min(MAX_BACKOFF, 2.0 ** min(tries, _DOUBLED))
        name = group.name
        with self._lock:
            if error.code == ABSENT:
                hint = f" ({group.hint})" if group.hint else ""
                self._tell(group, f"{name} does not exist yet; waiting for its first event{hint}")
                return ABSENT_PAUSE
            if expired(error):
                self._reconnect()
                self._tell_for_all(
                    "the credentials have expired; renew them, lcli goes on by itself"
                )
                return MAX_BACKOFF
            if error.code == "Unreachable":
                self.clouds += self._reconnect()
                self._tell_for_all(f"{error.message}; trying again")
            elif passing(error):
                self._tell(group, f"{name}: {error.code}; trying again")
            elif self._accepted and unnamed(error):
                self._tell_for_all(
                    f"an answer with status {error.status} is not AWS's; trying again"
                )
            else:
                raise error
        return backoff

    def over(self, group: LogGroup) -> None:
        """The group was read: tells so where it was told that it could not be."""
        with self._lock:
            self._answered = self._accepted = True
            told = self._told.pop(group, "")
            if self.cut or told:
                self._notice("going on" if self.cut else f"{group.name}: going on")
            self.cut = ""

    def attempt(self, group: LogGroup, work: Callable[[], T], wait: Callable[[float], bool]) -> T:
        """What `work` gives that reads the group, as often as outages ask for it.

        `wait` passes that many seconds; where it gives True nobody waits for the group any more.
        Raises AwsError where waiting mends nothing: as `pause`, and where there never was an
        answer, or credentials that were accepted: who has just begun is there to mend that.
        """
        tries = 0
        while True:
            try:
                given = work()
            except AwsError as error:
                self._answered = self._answered or bool(error.status)
                self._accepted = self._accepted or error.code == ABSENT
                never = not self._answered and error.code == "Unreachable"
                never = never or (not self._accepted and expired(error))
                if never or wait(self.pause(group, error, tries)):
                    raise
                tries += 1
            else:
                self.over(group)
                return given

    def heard(self, read: ReadPages) -> ReadPages:
        """The same pages; each of them is an answer, for which credentials were accepted."""

        def pages(start: int, end: int) -> Iterator[list[LogEvent]]:
            for page in read(start, end):
                self._answered = self._accepted = True
                yield page

        return pages

    def _tell(self, group: LogGroup, text: str) -> None:
        if self._told.get(group) != text:
            self._told[group] = text
            self._notice(text)

    def _tell_for_all(self, text: str) -> None:
        """The same keeps every group from being read: told once."""
        if text != self.cut:
            self.cut = text
            self._notice(text)


def expired(error: AwsError) -> bool:
    """Whether newer credentials would mend it."""
    return error.code in EXPIRED or error.code == "NoCredentials"


def unnamed(error: AwsError) -> bool:
    """Whether it has no code of AWS's: a proxy, or what wants a login, answered in its place."""
    return error.code == str(error.status)


def passing(error: AwsError) -> bool:
    """Whether the same call may succeed later, though nobody changes anything."""
    return (
        rule(error).act is Act.RETRY
        or error.code == "LimitExceededException"  # too many live sessions at once
        or token_expired(error)
    )
