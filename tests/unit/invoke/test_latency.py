import pytest

from lcli.invoke.call import FunctionError, Response
from lcli.invoke.latency import Bucket, Measurements, Spread, histogram, spread
from lcli.invoke.many import Result

REPORT = (
    "REPORT RequestId: 1\tDuration: {} ms\tBilled Duration: 13 ms\tMemory Size: 256 MB\t"
    "Max Memory Used: 61 MB"
)


def result(number, seconds, log="", error=None):
    return Result(number, seconds, Response(200, b"1", "r", "7", log, error))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([5.0], Spread(5, 5, 5, 5), id="one"),
        pytest.param(list(range(100, 0, -1)), Spread(50, 90, 99, 100), id="1 to 100"),
        pytest.param(list(range(1, 11)), Spread(5, 9, 10, 10), id="1 to 10"),
    ],
)
def test_percentiles_are_values_that_were_measured(values, expected):
    assert spread(values) == expected


def test_results_add_up():
    failed = FunctionError("Unhandled", "E", "m", ())
    measured = Measurements()
    for one in (
        result(1, 0.5, REPORT.format(400) + "\tInit Duration: 150.5 ms"),
        result(2, 0.01, REPORT.format(5)),
        result(3, 0.02, REPORT.format(6), failed),
        Result(4, 9.0, None, "Unreachable", "no answer"),
    ):
        measured.add(one)
    found = measured.latency
    assert (found.calls, found.errors, found.unreported, found.cold_starts) == (4, 2, 0, 1)
    assert found.versions == ("7",)
    assert found.round_trip == Spread(20, 500, 500, 500)
    assert found.duration == Spread(6, 400, 400, 400)
    assert found.init == Spread(150.5, 150.5, 150.5, 150.5)
    assert sum(bucket.count for bucket in found.histogram) == 3


def test_cold_starts_are_not_known_without_a_report_of_each_answer():
    measured = Measurements()
    measured.add(result(1, 0.5, REPORT.format(400) + "\tInit Duration: 150.5 ms"))
    measured.add(result(2, 0.5))
    found = measured.latency
    assert (found.unreported, found.cold_starts) == (1, None)
    assert found.init == Spread(150.5, 150.5, 150.5, 150.5)


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        pytest.param([1, 1.5, 3, 5, 15, 16], [2, 1, 1, 2], id="a bucket each factor of two"),
        pytest.param([3, 3], [2], id="all the same"),
        pytest.param([0, 0], [2], id="no time at all"),
        pytest.param([], [], id="none"),
    ],
)
def test_buckets_hold_every_value(values, counts):
    assert [bucket.count for bucket in histogram(values, rows=4)] == counts


def test_the_edges_cover_all():
    found = histogram([1.0, 16.0], rows=2)
    assert found == (Bucket(1, 4, 1), Bucket(4, 16, 1))
