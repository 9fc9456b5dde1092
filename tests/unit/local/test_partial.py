"""Partial batch responses, by the guide's lists of what is a success and what a failure."""

from __future__ import annotations

import pytest

from lcli.local.pollers.partial import failures
from lcli.local.targets import Answer

REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", set()),
        (b"null", set()),
        (b"{}", set()),
        (b'""', set()),
        (b'{"batchItemFailures": []}', set()),
        (b'{"batchItemFailures": null}', set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "a"}]}', {"a"}),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', None),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', None),
        (b'{"batchItemFailures": [{"wrongName": "a"}]}', None),
        (b'{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "x"}]}', None),
        (b'{"batchItemFailures": ["a"]}', None),
        (b'{"batchItemFailures": "a"}', None),
        (b'"text"', None),
        (b"nonsense", None),
    ],
)
def test_what_failed(payload, expected):
    assert failures(REPORTS, Answer(200, payload), ["a", "b"]) == expected


def test_without_the_setting_the_response_means_nothing():
    assert failures({}, Answer(200, b'{"batchItemFailures": [{"itemIdentifier": "a"}]}'), "a") == (
        set()
    )


def test_an_error_fails_the_batch():
    assert failures(REPORTS, Answer(200, b"{}", "Unhandled"), ["a"]) is None
