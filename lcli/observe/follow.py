"""Following log groups without losing an event.

Events reach CloudWatch Logs late and out of order, so asking again from the newest timestamp
loses some. Instead each group is swept again over windows that end now: a shallow one often,
deeper ones more rarely, the deepest once more at the end; what was seen already is dropped by
its eventId. An event is printed exactly once if it arrives no later than the deepest window
(15 minutes) after its timestamp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from lcli.aws.clients import AwsError, Clients
from lcli.observe.events import LogEvent, Source, scan

SWEEPS = ((2.0, 10_000), (20.0, 120_000), (120.0, 900_000))
"""(seconds between sweeps, milliseconds looked back from the newest event), shallow to deep."""
DEEPEST = SWEEPS[-1][1]
MAX_BACKOFF = 30.0

Scan = Callable[[Clients, Source, int, int | None, str], Iterator[LogEvent]]


@dataclass(slots=True)
class _Group:
    source: Source
    start: int
    newest: int
    seen: dict[str, int] = field(default_factory=dict)
    due: list[float] = field(default_factory=lambda: [0.0] * len(SWEEPS))
    wait_until: float = 0.0
    backoff: float = 0.0


class Follower:
    """Sweeps groups in turn; `poll` gives what is new, in time order."""

    def __init__(
        self,
        clients: Clients,
        sources: Sequence[Source],
        start: int,
        pattern: str = "",
        *,
        notice: Callable[[str], None] = lambda text: None,
        scan: Scan = scan,
    ) -> None:
        self._clients = clients
        self._pattern = pattern
        self._notice = notice
        self._scan = scan
        self._groups = [_Group(source, start, start) for source in sources]
        self._waiting: set[str] = set()

    def poll(self, now: float) -> list[LogEvent]:
        """Sweep every group that is due at `now` (monotonic seconds); new events by time.

        Throttling, server errors and a group that does not exist yet are waited out; other
        refusals raise AwsError.
        """
        fresh: list[LogEvent] = []
        for group in self._groups:
            depth = self._due(group, now)
            if depth is not None:
                fresh.extend(self._sweep(group, depth, now))
        return sorted(fresh, key=lambda event: event.order)

    def last_sweep(self) -> list[LogEvent]:
        """The deepest sweep of every group once more, before the follow ends."""
        fresh: list[LogEvent] = []
        for group in self._groups:
            fresh.extend(self._sweep(group, len(SWEEPS) - 1, group.wait_until))
        return sorted(fresh, key=lambda event: event.order)

    def next_due(self) -> float:
        """Monotonic seconds when the next sweep is due."""
        return min(max(min(group.due), group.wait_until) for group in self._groups)

    def _due(self, group: _Group, now: float) -> int | None:
        """The deepest sweep that is due; it covers the shallower ones."""
        if now < group.wait_until:
            return None
        due = [depth for depth, at in enumerate(group.due) if now >= at]
        return due[-1] if due else None

    def _sweep(self, group: _Group, depth: int, now: float) -> list[LogEvent]:
        start = max(group.start, group.newest - SWEEPS[depth][1])
        newest = group.newest
        fresh = []
        try:
            for event in self._scan(self._clients, group.source, start, None, self._pattern):
                if event.id in group.seen:
                    continue
                group.seen[event.id] = event.timestamp
                fresh.append(replace(event, late=event.timestamp < newest))
                group.newest = max(group.newest, event.timestamp)
        except AwsError as error:
            self._wait_out(group, error, now)
            return fresh
        group.backoff = 0.0
        self._waiting.discard(group.source.group)
        for index in range(depth + 1):
            group.due[index] = now + SWEEPS[index][0]
        if depth == len(SWEEPS) - 1:
            horizon = group.newest - 2 * DEEPEST
            group.seen = {id_: at for id_, at in group.seen.items() if at >= horizon}
        return fresh

    def _wait_out(self, group: _Group, error: AwsError, now: float) -> None:
        absent = error.code == "ResourceNotFoundException"
        passing = "Throttl" in error.code or error.status >= 500 or error.code == "Unreachable"
        if not (absent or passing):
            raise error
        group.backoff = min(MAX_BACKOFF, max(1.0, group.backoff * 2))
        group.wait_until = now + (SWEEPS[0][0] if absent else group.backoff)
        if group.source.group not in self._waiting:
            self._waiting.add(group.source.group)
            self._notice(
                f"{group.source.group} does not exist yet; waiting for its first event"
                if absent
                else f"{group.source.group}: {error.code}; trying again"
            )
