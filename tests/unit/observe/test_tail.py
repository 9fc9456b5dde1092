"""The last events, looked for from the end and held in bounded memory."""

import tempfile
import tracemalloc
from collections import deque
from itertools import chain

import pytest

from lcli.observe import tail
from lcli.observe.events import LogEvent
from lcli.observe.records import Reader
from lcli.observe.stacks import stack_of
from lcli.observe.tail import LastStacks, last

HOUR = 3_600_000


def test_the_last_ones_are_found_without_reading_everything():
    asked = []

    def read(lower, upper):
        asked.append((lower, upper))
        return range(lower // 1000, upper // 1000)

    def found(end):
        return list(chain.from_iterable(last(read, (0, end), 100, lambda most: deque(maxlen=most))))

    assert found(HOUR) == list(range(3_500, 3_600))
    assert asked == [(3_540_000, 3_600_000), (3_300_000, 3_540_000)]
    assert found(5_000) == [0, 1, 2, 3, 4]


def stacks(count, size):
    """Each of an error and a line that carries it on."""
    reader = Reader()
    for number in range(count):
        first = LogEvent(
            "f", "g", "s", f"{number}", number, number, f"ERROR {number} " + "x" * size
        )
        yield [reader.read(first), reader.read(first._replace(message="  at line 1"))]


def no_folder():
    raise FileNotFoundError(2, "No usable temporary directory found")


@pytest.mark.parametrize(
    ("most", "size", "files"),
    [(700, 10, 0), (700, 20_000, 3), (20, 20_000, 0), (1, 5_000_000, 1)],
    ids=["in memory", "in files", "too few for a file", "larger than the memory"],
)
def test_the_last_stacks_are_kept_as_they_were(monkeypatch, most, size, files):
    made, make = [], tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: made.append(make()) or made[-1])
    count = 6 if size > 1_000_000 else 3_000
    kept = LastStacks(most)
    kept.extend(stacks(count, size))
    assert len(kept) == most
    for _ in range(2):
        found = list(kept)
        names = [f"{number}" for number in range(count - most, count)]
        assert [stack[0].event.id for stack in found] == names
        assert all(stack_of(one) is stack[0] for stack in found for one in stack)
    assert len(made) == files
    # What was dropped takes no room, and only this user may read the rest.
    assert sum(one.seek(0, 2) for one in made if not one.closed) < 4 * (most * size + 8_000_000)
    assert [one for one in made[:-1] if not one.closed] == []


def test_they_stay_in_memory_where_no_file_can_be_written(monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", no_folder)
    kept = LastStacks(300)
    kept.extend(stacks(400, 20_000))
    assert [stack[0].event.id for stack in kept] == [f"{n}" for n in range(100, 400)]


@pytest.mark.parametrize(("most", "size"), [(40, 256_000), (1_000, 8_000)])
def test_many_large_ones_take_a_few_megabytes(most, size):
    tracemalloc.start()
    try:
        kept = LastStacks(most)
        kept.extend(stacks(most, size))
        assert sum(len(stack) for stack in kept) == 2 * most
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * tail._IN_MEMORY + 2_000_000
