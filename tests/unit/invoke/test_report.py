import json

import pytest

from lcli.invoke.report import InvocationReport, find_report

TEXT = (
    "START RequestId: 1 Version: 3\nhello\nEND RequestId: 1\n"
    "REPORT RequestId: 1\tDuration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 256 MB\t"
    "Max Memory Used: 61 MB"
)
RECORD = {
    "time": "2026-01-01T00:00:00Z",
    "type": "platform.report",
    "record": {
        "requestId": "1",
        "status": "success",
        "metrics": {
            "durationMs": 12.34,
            "billedDurationMs": 13,
            "memorySizeMB": 256,
            "maxMemoryUsedMB": 61,
        },
    },
}
WARM = InvocationReport("1", 12.34, 13, 256, 61)
COLD = InvocationReport("1", 12.34, 13, 256, 61, 150.5)


RESTORED = TEXT + "\tRestore Duration: 150.50 ms\tBilled Restore Duration: 20 ms"


def cold_record(metric):
    copy = json.loads(json.dumps(RECORD))
    copy["record"]["metrics"][metric] = 150.5
    return json.dumps(copy)


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        pytest.param(TEXT, WARM, id="text"),
        pytest.param(TEXT + "\tInit Duration: 150.50 ms", COLD, id="text, cold"),
        pytest.param('{"message": "x"}\n' + json.dumps(RECORD), WARM, id="JSON"),
        pytest.param(RESTORED, COLD, id="text, SnapStart"),
        pytest.param(cold_record("initDurationMs"), COLD, id="JSON, cold"),
        pytest.param(cold_record("restoreDurationMs"), COLD, id="JSON, SnapStart"),
        pytest.param('{"platform.report": "a line of the function"}', None, id="imitation"),
        pytest.param("platform.report {", None, id="not JSON"),
        pytest.param("", None, id="suppressed"),
    ],
)
def test_the_report_is_found(log, expected):
    assert find_report(log) == expected


def test_a_report_reads_as_one_line():
    assert str(COLD) == "12.34 ms, billed 13 ms, 61 of 256 MB, cold start 150 ms"


@pytest.mark.parametrize("figure", ["1" + "0" * 400, "1e400", "-1e400", "NaN", '"a"', "null", "[]"])
@pytest.mark.parametrize("metric", RECORD["record"]["metrics"])
def test_what_a_function_prints_that_looks_like_a_report_is_none(metric, figure):
    value = json.dumps(RECORD["record"]["metrics"][metric])
    assert (
        find_report(json.dumps(RECORD).replace(f'"{metric}": {value}', f'"{metric}": {figure}'))
        is None
    )


@pytest.mark.parametrize("figure", ["1.2.3", "..", "9" * 5_000])
@pytest.mark.parametrize("place", ["12.34", "13", "256", "61"])
def test_a_line_that_looks_like_a_report_is_none(place, figure):
    assert find_report(TEXT.replace(f" {place} ", f" {figure} ")) is None
