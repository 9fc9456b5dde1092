"""Live Tail over HTTP: sessions, their renewal, sampling, and the local cloud's own."""

from __future__ import annotations

import threading
import time

import pytest
from logs_service import failure, groups, logs_service, pushed, refused, said, start, update

from lcli.aws.clients import AwsError
from lcli.aws.session import connect
from lcli.observe.events import LogEvent, Source
from lcli.observe.live import LiveTail
from lcli.observe.live_gap import Shown

GROUP = "/aws/lambda/f"
STREAM = "2026/03/01/[7]0f"


class Script:
    """The sessions that StartLiveTail gives, one after the other; the last stays open."""

    def __init__(self, *sessions):
        self.sessions = list(sessions)
        self.hold = threading.Event()

    def __call__(self, asked):
        answer = self.sessions.pop(0) if self.sessions else [start()]
        if callable(answer):
            return answer()
        return pushed(*answer, hold=None if self.sessions else self.hold)


def tailed(tail, count):
    """The first `count` events, within ten seconds."""
    found, until = [], time.monotonic() + 10
    while len(found) < count and time.monotonic() < until:
        found += tail.take(0.1)
    return found


def live(session, sources, notices, pauses=None, **options):
    pauses = [] if pauses is None else pauses
    return LiveTail(
        [(lambda: session, sources)],
        notice=notices.append,
        sleep=lambda seconds: pauses.append(seconds) or time.sleep(0.01),
        **options,
    )


def test_events_are_pushed_in_the_order_of_time_with_their_function_and_stream():
    script = Script([start(), update((GROUP, STREAM, 5, "b\n"), (GROUP, STREAM, 4, "a\n"))])
    operations = {"DescribeLogGroups": groups(GROUP), "StartLiveTail": script}
    notices = []
    with logs_service(operations) as (session, asked):
        tail = live(session, [Source("f", GROUP, "f")], notices, pattern="ERROR")
        events = tailed(tail, 2)
        tail.end()
        script.hold.set()
    assert [(e.function, e.version, e.timestamp, e.ingestion, e.message) for e in events] == [
        ("f", "7", 4, 5, "a\n"),
        ("f", "7", 5, 6, "b\n"),
    ]
    assert asked[-1] == (
        "StartLiveTail",
        {
            "logGroupIdentifiers": [f"arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}"],
            "logEventFilterPattern": "ERROR",
        },
    )
    assert notices == []


def test_what_has_come_by_the_end_is_given_out():
    updates = (update((GROUP, STREAM, at, f"{at}\n")) for at in (5, 6, 7))
    script = Script([start(), *updates])
    with logs_service({"DescribeLogGroups": groups(GROUP), "StartLiveTail": script}) as (
        session,
        _,
    ):
        tail = live(session, [Source("f", GROUP, "f")], [])
        events, until = tailed(tail, 1), time.monotonic() + 10
        tail.end()
        while len(events) < 3 and time.monotonic() < until:
            events += [event for some in tail.rest() for event in some]
            time.sleep(0.01)
        script.hold.set()
    assert [event.timestamp for event in events] == [5, 6, 7]


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


def gap_read(script, filtered, pauses):
    """The messages and notices of a follow whose second session begins two seconds after the last
    update of the first; FilterLogEvents answers `filtered`."""
    clock, notices = Clock(), []
    second = script.sessions[1]

    def begun():
        clock.seconds = 2.0
        return pushed(*second, hold=script.hold)

    script.sessions[1] = begun
    operations = {
        "DescribeLogGroups": groups(GROUP),
        "StartLiveTail": script,
        "FilterLogEvents": lambda asked: filtered,
    }
    with logs_service(operations) as (session, _):
        wall = lambda: 20_000  # noqa: E731
        source = Source("f", GROUP, "f")
        tail = live(session, [source], notices, pauses, clock=clock, wall=wall)
        events, until = [], time.monotonic() + 10
        while not notices and time.monotonic() < until:
            events += tail.take(0.05)
        events += tail.take(0.05)
        tail.end()
        script.hold.set()
    return sorted((e.timestamp, e.message, e.late) for e in events), notices


def stored(number, at, message):
    return {
        "eventId": str(number),
        "logStreamName": STREAM,
        "timestamp": at,
        "ingestionTime": at + 1,
        "message": message,
    }


def renewed():
    return Script(
        [
            start(),
            update((GROUP, STREAM, 14_000, "before\n"), (GROUP, STREAM, 14_000, "before\n")),
            failure("SessionTimeoutException"),
        ],
        [start(), update((GROUP, STREAM, 20_000, "after\n"))],
    )


def test_a_session_that_timed_out_is_renewed_and_what_came_in_between_is_read():
    everything = [
        stored(1, 2_000, "long before\n"),
        *(stored(n, 14_000, "before") for n in (2, 3, 4)),
        stored(5, 19_000, "missed\n"),
        stored(6, 20_000, "after\n"),
        stored(7, 30_000, "long after\n"),
    ]
    pauses = []
    events, notices = gap_read(renewed(), said({"events": everything}), pauses)
    assert events == [
        (14_000, "before", True),
        (14_000, "before\n", False),
        (14_000, "before\n", False),
        (19_000, "missed\n", True),
        (20_000, "after\n", False),
    ]
    assert notices == [
        "a live session ended after its three hours; the next began 2.0 s after its last update; "
        "what came in between was read afterwards, 2 events"
    ]
    assert pauses.count(5.0) == 1


def test_a_gap_that_cannot_be_read_is_told():
    events, notices = gap_read(renewed(), refused("AccessDeniedException"), [])
    assert [message for _, message, _ in events] == ["before\n", "before\n", "after\n"]
    assert notices == [
        "a live session ended after its three hours; the next began 2.0 s after its last update, "
        "and what came in between is not shown (AccessDeniedException): --since finds it"
    ]


def test_what_was_dropped_while_nobody_read_the_output_is_read():
    clock, notices, pauses, count = Clock(), [], [], 25
    script = Script(
        [start(), *(update((GROUP, STREAM, 20_000 + n, f"{n}\n")) for n in range(count))]
    )
    dropped = [stored(n, 20_000 + n, f"{n}\n") for n in range(count + 3)]
    operations = {
        "DescribeLogGroups": groups(GROUP),
        "StartLiveTail": script,
        "FilterLogEvents": lambda asked: said({"events": dropped}),
    }
    with logs_service(operations) as (session, _):
        tail = live(
            session, [Source("f", GROUP, "f")], notices, pauses, clock=clock, wall=lambda: 80_000
        )
        while not tail._updates.full():
            time.sleep(0.01)
        time.sleep(0.05)
        clock.seconds = 60.0
        events = tailed(tail, count + 3)
        until = time.monotonic() + 10
        while not notices and time.monotonic() < until:
            time.sleep(0.01)
        tail.end()
        script.hold.set()
    assert sorted(int(event.message) for event in events) == list(range(count + 3))
    assert [event.message for event in events if event.late] == ["25\n", "26\n", "27\n"]
    assert notices == [
        "the output was not read for 60.0 s; what came in between was read afterwards, 3 events"
    ]


def test_what_a_reading_has_shown_is_not_shown_again_when_a_session_sends_it():
    shown = Shown()
    event = LogEvent("f", GROUP, STREAM, "", 1, 2, "x\n")
    assert [shown.missed(event), shown.pushed(event), shown.pushed(event)] == [True, False, True]
    assert [shown.missed(event), shown.missed(event)] == [False, True]


def test_refusals_and_cuts_are_waited_out_longer_and_longer_and_told_once():
    throttled = [lambda: refused("LimitExceededException")] * 3
    script = Script(
        *throttled,
        [start(), update((GROUP, STREAM, 1, "a\n")), failure("SessionStreamingException")],
        [start(), update((GROUP, STREAM, 2, "b\n"))],
    )
    operations = {"DescribeLogGroups": groups(GROUP), "StartLiveTail": script}
    notices, pauses = [], []
    with logs_service(operations) as (session, _):
        tail = live(session, [Source("f", GROUP, "f")], notices, pauses)
        assert [event.message for event in tailed(tail, 2)] == ["a\n", "b\n"]
        tail.end()
        script.hold.set()
    assert pauses[:4] == [1.0, 2.0, 4.0, 1.0]
    assert notices[:2] == [
        "live session: LimitExceededException; beginning another",
        "live session: SessionStreamingException; beginning another",
    ]


def test_expired_credentials_are_replaced_before_the_next_try():
    script = Script(
        lambda: refused("ExpiredTokenException"),
        [start(), update((GROUP, STREAM, 1, "a\n"))],
    )
    operations = {"DescribeLogGroups": groups(GROUP), "StartLiveTail": script}
    notices, renewed = [], []
    with logs_service(operations) as (session, _):
        tail = live(
            session, [Source("f", GROUP, "f")], notices, reconnect=lambda: renewed.append(True)
        )
        assert [event.message for event in tailed(tail, 1)] == ["a\n"]
        tail.end()
        script.hold.set()
    assert renewed == [True]
    assert notices == ["live session: ExpiredTokenException; beginning another"]


def test_it_says_when_aws_sends_a_sample_and_counts_it():
    script = Script(
        [
            start(),
            update((GROUP, STREAM, 1, "a\n"), sampled=True),
            update((GROUP, STREAM, 2, "b\n"), sampled=True),
        ]
    )
    operations = {"DescribeLogGroups": groups(GROUP), "StartLiveTail": script}
    notices = []
    with logs_service(operations) as (session, _):
        tail = live(session, [Source("f", GROUP, "f")], notices)
        tailed(tail, 2)
        tail.end()
        script.hold.set()
    assert tail.sampled == 2
    assert notices == [
        "AWS sends a sample of the events, since they are more than 500 a second; "
        "--follow shows all"
    ]


def test_more_than_ten_groups_take_several_sessions():
    names = [f"{GROUP}{number}" for number in range(12)]
    script = Script()
    operations = {
        "DescribeLogGroups": groups(*names),
        "StartLiveTail": lambda asked: pushed(
            start(),
            update((asked["logGroupIdentifiers"][0].partition("group:")[2], STREAM, 1, "x\n")),
            hold=script.hold,
        ),
    }
    with logs_service(operations) as (session, asked):
        tail = live(session, [Source(n[-3:], n, n.rpartition("/")[2]) for n in names], [])
        events = tailed(tail, 2)
        tail.end()
        script.hold.set()
    sizes = [len(p["logGroupIdentifiers"]) for name, p in asked if name == "StartLiveTail"]
    assert (sorted(sizes), len(events)) == ([2, 10], 2)


def test_a_group_that_is_absent_is_waited_for_and_keeps_no_other_waiting():
    there, script = [GROUP], Script()
    operations = {
        "DescribeLogGroups": lambda asked: groups(*there)(asked),
        "StartLiveTail": lambda asked: pushed(
            start(),
            update((asked["logGroupIdentifiers"][0].partition("group:")[2], STREAM, 1, "x\n")),
            hold=script.hold,
        ),
    }
    notices = []
    with logs_service(operations) as (session, _):
        tail = live(session, [Source("f", GROUP, "f"), Source("g", "/g", "g")], notices)
        assert [event.function for event in tailed(tail, 1)] == ["f"]
        until = time.monotonic() + 10  # another thread tells it
        while not notices and time.monotonic() < until:
            time.sleep(0.01)
        assert notices == ["/g: no such log group yet; waiting"]
        there.append("/g")
        assert [event.function for event in tailed(tail, 1)] == ["g"]
        tail.end()
        script.hold.set()


def test_only_the_versions_that_are_asked_for():
    script = Script(
        [start(), update((GROUP, STREAM, 1, "7\n"), (GROUP, "2026/03/01/[8]1", 2, "8\n"))]
    )
    operations = {"DescribeLogGroups": groups(GROUP), "StartLiveTail": script}
    with logs_service(operations) as (session, _):
        tail = live(session, [Source("f", GROUP, "f", {"8"})], [])
        assert [event.message for event in tailed(tail, 1)] == ["8\n"]
        tail.end()
        script.hold.set()


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "UnrecognizedClientException", "InvalidParameterException"]
)
def test_a_refusal_that_waiting_does_not_mend_ends_it(code):
    operations = {
        "DescribeLogGroups": groups(GROUP),
        "StartLiveTail": lambda asked: refused(code),
    }
    with logs_service(operations) as (session, _):
        tail = live(session, [Source("f", GROUP, "f")], [])
        with pytest.raises(AwsError, match=code):
            tailed(tail, 1)


def test_the_local_cloud_pushes_what_is_put(cloud):
    session = connect(region="eu-west-1", endpoint_url=cloud.url, local_account=cloud.account)
    session.call("logs", "CreateLogGroup", logGroupName=GROUP)
    session.call("logs", "CreateLogStream", logGroupName=GROUP, logStreamName=STREAM)

    def put(*messages):
        at = int(time.time() * 1000)
        events = [{"timestamp": at + n, "message": text} for n, text in enumerate(messages)]
        session.call(
            "logs", "PutLogEvents", logGroupName=GROUP, logStreamName=STREAM, logEvents=events
        )

    put("ERROR before\n")
    stream = session.events(
        "logs",
        "StartLiveTail",
        logGroupIdentifiers=[f"arn:aws:logs:eu-west-1:{cloud.account}:log-group:{GROUP}"],
        logEventFilterPattern="ERROR",
    )
    assert "sessionStart" in next(stream)
    put("ERROR one\n", "fine\n", "ERROR two\n")
    results = next(stream)["sessionUpdate"]["sessionResults"]
    put(*(f"ERROR {number}\n" for number in range(501)))
    sampled = next(stream)["sessionUpdate"]
    stream.close()
    assert [one["message"] for one in results] == ["ERROR one\n", "ERROR two\n"]
    assert sampled["sessionMetadata"] == {"sampled": True}
    assert len(sampled["sessionResults"]) == 500


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["absent"], "ResourceNotFoundException"),
        ([f"g{n}" for n in range(11)], "InvalidParameters|InvalidParameterException"),
    ],
    ids=["no such group", "eleven groups"],
)
def test_the_local_cloud_refuses_as_aws_does(cloud, names, code):
    session = connect(region="eu-west-1", endpoint_url=cloud.url, local_account=cloud.account)
    arns = [f"arn:aws:logs:eu-west-1:123456789012:log-group:{name}" for name in names]
    with pytest.raises(AwsError, match=code):
        next(session.events("logs", "StartLiveTail", logGroupIdentifiers=arns))


def test_sessions_that_end_as_soon_as_they_begin_are_begun_more_and_more_rarely():
    script = Script(*[[start()]] * 6, [start(), update((GROUP, STREAM, 5, "a\n"))])
    operations = {"DescribeLogGroups": groups(GROUP), "StartLiveTail": script}
    pauses = []
    with logs_service(operations) as (session, _):
        tail = live(session, [Source("f", GROUP, "f")], [], pauses)
        assert len(tailed(tail, 1)) == 1
        tail.end()
        script.hold.set()
    assert [one for one in pauses if one != 5.0][:6] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]
