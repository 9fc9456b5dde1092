"""Live Tail: events pushed by CloudWatch within a second or two, for as long as a session lasts.

Nothing about it is exactly once: above 500 events a second AWS sends a sample, its events have no
ids, and what is ingested between two sessions is not sent at all (StartLiveTail, API reference).
So this says when AWS sampled, and when a session gave way to the next; what came in between is
read afterwards (`live_gap`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any

from lcli.aws.clients import AwsError, Clients
from lcli.observe.events import LogEvent, Source, by_time, group_arn, log_groups
from lcli.observe.live_gap import SETTLE, Shown, read_gap
from lcli.observe.outages import ABSENT_PAUSE, MAX_BACKOFF, expired, passing, unnamed
from lcli.observe.stacks import gathered

GROUPS = 10
"""Log groups of one session (StartLiveTail, API reference)."""
_SOON = 10.0
"""Seconds: sessions that last no longer are not begun one after the other at once."""
_SAMPLED_EVERY = 30.0
"""Seconds between two notices that AWS sends a sample."""
_HELD = 20
"""Updates that wait for a slow reader; beyond them AWS's side waits."""
_STALLED = 8.0
"""Seconds without a read after which AWS drops the oldest: it holds ten updates, one a second."""
_RENEWED = frozenset(
    {"SessionTimeoutException", "SessionStreamingException", "ResourceNotFoundException"}
)
"""What ends a session and not the next one: its time, a fault of AWS's, a group that is deleted."""
Connect = Callable[[], Clients]
"""Gives the calls of one region; anew, with the credentials that there are then."""


@dataclass(slots=True)
class _Session:
    """How the sessions over some groups went so far."""

    answered: bool = False
    """Whether AWS has ever answered: what keeps it from that at the start is no outage."""
    heard: float | None = None
    """The clock's reading at the last update; None before there was a session."""
    cause: str = ""
    """Why the last session ended; empty for the first and while one lasts."""
    backoff: float = 0.0
    pause: float = 0.0
    """Before the next session, where the last one ended soon after it began."""
    told: str = ""
    shown: Shown = field(default_factory=Shown)


class LiveTail:
    """Sessions over log groups, each with a thread of its own that renews it when it ends.

    Groups that do not exist are waited for. `notice` is told what the user must know; `reconnect`
    is called before a try with credentials that had expired.
    """

    def __init__(
        self,
        regions: Sequence[tuple[Connect, Sequence[Source]]],
        *,
        pattern: str = "",
        notice: Callable[[str], None] = lambda text: None,
        reconnect: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], int] = lambda: int(time.time() * 1000),
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self.sampled = 0
        """Updates of which AWS sent only a sample."""
        self._pattern = pattern
        self._notice = notice
        self._reconnect = reconnect
        self._clock = clock
        self._wall = wall
        self._ended = Event()
        self._sleep = sleep or self._ended.wait
        self._told_sampled = float("-inf")
        self._updates: Queue[tuple[list[LogEvent], BaseException | None]] = Queue(_HELD)
        for connect, sources in regions:
            for some in _sessions(sources):
                self._start(connect, some)

    def take(self, seconds: float) -> list[LogEvent]:
        """The next update's events in the order of time; none if there is none for so long.

        Raises AwsError for a refusal that waiting does not mend.
        """
        try:
            events, error = self._updates.get(timeout=seconds)
        except Empty:
            return []
        if error is not None:
            raise error
        return events

    def end(self) -> None:
        """No session is renewed from here on."""
        self._ended.set()

    def rest(self) -> Iterator[list[LogEvent]]:
        """The updates that have come by now, and were not taken."""
        for _ in range(self._updates.qsize()):
            yield self._updates.get_nowait()[0]

    def _start(self, connect: Connect, sources: Sequence[Source]) -> None:
        work = (self._work, connect, sources)
        Thread(target=copy_context().run, args=work, name="live", daemon=True).start()

    def _work(self, connect: Connect, sources: Sequence[Source]) -> None:
        """Sessions over these sources, one after the other."""
        session = _Session()
        while not self._ended.is_set():
            try:
                clients = connect()
                groups = {source.group: group_arn(clients, source.group) for source in sources}
                session.answered = True
                if not all(groups.values()) and any(groups.values()):
                    # Those that are absent must not keep the others waiting.
                    self._start(connect, [s for s in sources if not groups[s.group]])
                    sources = [source for source in sources if groups[source.group]]
                if any(groups.values()):
                    began = self._clock()
                    try:
                        arns = [arn for arn in groups.values() if arn]
                        self._follow(clients, sources, arns, session)
                    finally:
                        soon = self._clock() - began < _SOON
                        session.pause = min(MAX_BACKOFF, session.pause * 2 or 1.0) if soon else 0.0
                    self._renew(session, "it ended")
                else:
                    hints = "".join(f" ({source.hint})" for source in sources if source.hint)
                    self._tell(
                        session, f"{', '.join(groups)}: no such log group yet; waiting{hints}"
                    )
                    self._sleep(ABSENT_PAUSE)
            except AwsError as error:
                passes = session.answered and (expired(error) or passing(error) or unnamed(error))
                if not (passes or error.code in _RENEWED):
                    self._updates.put(([], error))
                    return
                self._wait_out(session, error)
            except BaseException as error:  # raised again in the reader's thread
                self._updates.put(([], error))
                return

    def _follow(
        self, clients: Clients, sources: Sequence[Source], arns: list[str], session: _Session
    ) -> None:
        asked: dict[str, Any] = {"logGroupIdentifiers": arns}
        if self._pattern:
            asked["logEventFilterPattern"] = self._pattern
        for event in clients.events("logs", "StartLiveTail", **asked):
            if self._ended.is_set():
                return
            if "sessionStart" in event:
                self._begun(session, clients, sources)
            else:
                heard = session.heard = self._clock()
                self._update(event.get("sessionUpdate", {}), sources, session.shown)
                if (stalled := self._clock() - heard) > _STALLED:
                    why = f"the output was not read for {stalled:.1f} s"
                    self._fill(why, heard, session, clients, sources)

    def _renew(self, session: _Session, cause: str) -> None:
        """Another one follows, at once unless this one was short."""
        session.cause = cause
        self._sleep(session.pause)

    def _wait_out(self, session: _Session, error: AwsError) -> None:
        if error.code == "SessionTimeoutException":
            self._renew(session, error.code)
            return
        session.cause = error.code
        unreachable = error.code == "Unreachable"
        if unreachable or expired(error):
            self._reconnect()
        session.backoff = min(MAX_BACKOFF, max(1.0, session.backoff * 2))
        why = error.message if unreachable else error.code
        self._tell(session, f"live session: {why}; beginning another")
        self._sleep(session.backoff)

    def _tell(self, session: _Session, text: str) -> None:
        if session.told != text:
            session.told = text
            self._notice(text)

    def _begun(self, session: _Session, clients: Clients, sources: Sequence[Source]) -> None:
        now = self._clock()
        if session.cause and session.heard is not None:
            why = "after its three hours" if "Timeout" in session.cause else f"({session.cause})"
            gap = now - session.heard
            told = f"a live session ended {why}; the next began {gap:.1f} s after its last update"
            self._fill(told, session.heard, session, clients, sources)
        session.heard, session.cause, session.backoff, session.told = now, "", 0.0, ""

    def _fill(
        self,
        why: str,
        heard: float,
        session: _Session,
        clients: Clients,
        sources: Sequence[Source],
    ) -> None:
        """Read what was not sent since `heard`, beside what is sent from now on."""
        ended = self._wall()
        began = ended - int((self._clock() - heard) * 1000)

        def work() -> None:
            self._sleep(SETTLE)
            count = 0
            try:
                for events in read_gap(
                    clients, sources, session.shown, began, ended, pattern=self._pattern
                ):
                    if self._ended.is_set():
                        return
                    count += len(events)
                    self._updates.put((events, None))
            except AwsError as error:
                self._notice(
                    f"{why}, and what came in between is not shown ({error.code}): --since finds it"
                )
            else:
                self._notice(f"{why}; what came in between was read afterwards, {count:,} events")

        Thread(target=copy_context().run, args=(work,), name="live gap", daemon=True).start()

    def _update(self, update: dict[str, Any], sources: Sequence[Source], shown: Shown) -> None:
        events, groups = [], {group.name: group for group in log_groups(sources)}
        for result in update.get("sessionResults", ()):
            stream = result.get("logStreamName", "")
            name = result.get("logGroupIdentifier", "").rpartition(":")[2]
            source = groups[name].owner(stream) if name in groups else None
            if source is not None:
                at = result["timestamp"]
                arrived = result.get("ingestionTime", at)
                message = result["message"]
                event = LogEvent(source.function, name, stream, "", at, arrived, message)
                if shown.pushed(event):
                    events.append(event)
        if update.get("sessionMetadata", {}).get("sampled"):
            self.sampled += 1
            now = self._clock()
            if now - self._told_sampled >= _SAMPLED_EVERY:
                self._told_sampled = now
                self._notice(
                    "AWS sends a sample of the events, since they are more than 500 a second; "
                    "--follow shows all"
                )
        if events:
            self._updates.put((gathered(sorted(events, key=by_time)), None))


def _sessions(sources: Sequence[Source]) -> Iterator[Sequence[Source]]:
    """The sources in sessions of at most `GROUPS` groups."""
    groups = list(dict.fromkeys(source.group for source in sources))
    for at in range(0, len(groups), GROUPS):
        some = set(groups[at : at + GROUPS])
        yield [source for source in sources if source.group in some]
