import pytest

from lcli.aws.clients import AwsError
from lcli.observe.events import Source
from lcli.observe.invocation_log import follow_invocation, records_in
from lcli.observe.records import Kind

MINE = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
REPORT = "\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB"


class Group:
    """A log group whose events become visible read by read; None is a group that is absent."""

    region = "eu-west-1"

    def __init__(self, *reads):
        self.reads = list(reads)
        self.visible = []
        self.pauses = 0

    def pause(self, seconds):
        self.pauses += 1
        if self.reads:
            self.visible = None if self.reads[0] is None else (self.visible or []) + self.reads[0]
            self.reads.pop(0)

    def clock(self):
        return float(self.pauses)

    def call(self, service, operation, /, **parameters):
        if self.visible is None:
            raise AwsError(
                "ResourceNotFoundException", "no group", service=service, operation=operation
            )
        pattern = parameters.get("filterPattern", "").strip('"')
        found = [event for event in self.visible if pattern in event["message"]]
        return {"events": [e for e in found if e["timestamp"] >= parameters["startTime"]]}


def event(at, message, stream="one"):
    return {
        "eventId": f"{at}-{stream}",
        "timestamp": at,
        "logStreamName": stream,
        "message": message,
    }


def followed(group, within=20.0, **more):
    group.pause(0)
    records = follow_invocation(
        group,
        Source("f", "g"),
        MINE,
        lambda: 0,
        within=within,
        clock=group.clock,
        sleep=group.pause,
        **more,
    )
    return [record.event.message for record in records]


READS = "FilterLogEvents"
BUSY = AwsError("ServiceUnavailable", "no", service="logs", operation=READS, status=503, lost=True)
SLOW = AwsError("ThrottlingException", "no", service="logs", operation=READS, status=400)
CUT = AwsError("Unreachable", "no answer", service="logs", operation=READS, lost=True)
DENIED = AwsError("AccessDeniedException", "no", service="logs", operation=READS, status=400)


class Failing(Group):
    """Refuses the first reads, or all of them."""

    def __init__(self, *refusals, ever=False):
        super().__init__([event(4, f"REPORT RequestId: {MINE}{REPORT}")])
        self.refusals, self.ever = list(refusals), ever

    def call(self, service, operation, /, **parameters):
        if self.refusals:
            raise self.refusals[0] if self.ever else self.refusals.pop(0)
        return super().call(service, operation, **parameters)


def test_what_passes_is_waited_out_for_as_long_as_is_promised():
    told = []
    refused = Failing(BUSY, BUSY, SLOW, *[CUT] * 9)
    assert followed(refused, trouble=told.append) == [f"REPORT RequestId: {MINE}{REPORT}"]
    assert told == [
        "logs:FilterLogEvents: ServiceUnavailable; trying again",
        "logs:FilterLogEvents: ThrottlingException; trying again",
        "logs:FilterLogEvents: Unreachable; trying again",
    ]
    for error, pauses in ((CUT, 21), (DENIED, 1)):
        refused = Failing(error, ever=True)
        with pytest.raises(AwsError, match="no"):
            followed(refused)
        assert refused.pauses == pauses


def test_only_the_invocation_is_followed_each_event_once_until_its_report():
    group = Group(
        None,
        [
            event(1, f"START RequestId: {OTHER}"),
            event(2, "theirs"),
            event(3, f"REPORT RequestId: {OTHER}{REPORT}"),
        ],
        [event(4, f"START RequestId: {MINE}"), event(5, "mine"), event(6, "elsewhere", "two")],
        [event(7, "mine too")],
        [event(8, f"END RequestId: {MINE}"), event(9, f"REPORT RequestId: {MINE}{REPORT}")],
        [event(10, "after it")],
    )
    assert followed(group) == [
        f"START RequestId: {MINE}",
        "mine",
        "mine too",
        f"END RequestId: {MINE}",
        f"REPORT RequestId: {MINE}{REPORT}",
    ]
    assert len(group.reads) == 1


def test_lines_that_come_before_their_start_are_told_behind_it():
    start, end = f"START RequestId: {MINE}", f"REPORT RequestId: {MINE}{REPORT}"
    named = f"[INFO]\tnow\t{MINE}\tlogged"
    group = Group([event(2, "mine"), event(3, named)], [], [event(1, start)], [event(4, end)])
    assert followed(group) == [named, start, "mine", end]


def test_the_wait_is_bounded():
    group = Group([event(1, f"START RequestId: {MINE}")])
    assert followed(group, within=5) == [f"START RequestId: {MINE}"]
    assert group.pauses < 10


def test_what_aws_refuses_is_raised():
    class Denied(Group):
        def call(self, service, operation, /, **parameters):
            raise AwsError("AccessDeniedException", "no", service=service, operation=operation)

    with pytest.raises(AwsError, match="AccessDeniedException"):
        followed(Denied([]))


def test_what_was_printed_is_left_out():
    report = f"REPORT RequestId: {MINE}{REPORT}"
    group = Group([event(1, f"START RequestId: {MINE}"), event(2, "one"), event(3, report)])
    assert followed(group, 5, printed={"1-one", "2-one"}) == [report]


def test_the_log_of_an_answer_is_read_line_by_line_its_stacks_kept_together():
    log = (
        f"START RequestId: {MINE} Version: 1\nhello\n\n[ERROR] ValueError: no\n"
        'Traceback (most recent call last):\n  File "/var/task/app.py", line 3, in f\n'
        f"    raise\nEND RequestId: {MINE}\n"
    )
    records = records_in(log, Source("f", "g"))
    assert [(record.kind, record.event.message, record.request) for record in records] == [
        (Kind.START, f"START RequestId: {MINE} Version: 1", MINE),
        (Kind.LINE, "hello\n", MINE),
        (
            Kind.LINE,
            "[ERROR] ValueError: no\nTraceback (most recent call last):\n"
            '  File "/var/task/app.py", line 3, in f\n    raise',
            MINE,
        ),
        (Kind.END, f"END RequestId: {MINE}", MINE),
    ]


def test_what_a_log_of_an_answer_tells_stays_apart_from_what_was_printed_before():
    own = 'Traceback (most recent call last):\n  File "a.py", line 3, in f\nKeyError: 1'
    runtime = f"[ERROR] E: one\ntwo\n{own.splitlines()[0]}\n\xa0\xa0File a"
    report = f"REPORT RequestId: {MINE}{REPORT}\nXRAY TraceId: 1-2-3"
    start = f"START RequestId: {MINE} Version: 1"
    rows = [start, "  indented", "hello", own, "next", runtime, "done", report]
    records = records_in("\n".join(rows), Source("f", "g"))
    assert [record.event.message for record in records] == rows
    assert [record.failure for record in records] == [row == runtime for row in rows]
