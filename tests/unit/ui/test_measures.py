"""Counts and points of time as people read them; sizes and durations are tested where they show."""

from __future__ import annotations

import time

import pytest

from lcli.ui.measures import counted, moment


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 calls"), (1, "1 call"), (2000, "2,000 calls")], ids=str
)
def test_a_count(count: int, text: str) -> None:
    assert counted(count, "call") == text


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("2026-11-23T22:51:53.000+0000", "2026-11-23 23:51:53"),
        ("2026-07-01T12:00:00Z", "2026-07-01 14:00:00"),
        ("", ""),
    ],
    ids=["as Lambda writes it", "in summer", "unknown"],
)
def test_times_are_local(in_berlin, at: str, text: str) -> None:
    assert moment(at) == text
