"""What a follow remembers of the events that it has printed."""

import random
import tracemalloc

from lcli.observe.seen import Seen


def test_what_was_added_is_there_until_its_second_is_forgotten():
    seen = Seen()
    assert [seen.add("a", 1_999), seen.add("a", 1_999), seen.add("b", 1_000)] == [True, False, True]
    assert [seen.has("a", 1_999), seen.has("a", 2_000), seen.has("c", 1_999)] == [
        True,
        False,
        False,
    ]
    seen.add("c", 2_000)
    seen.forget(2_500)
    assert [seen.has("a", 1_999), seen.has("c", 2_000), len(seen)] == [False, True, 1]
    seen.clear()
    assert len(seen) == 0


def test_it_takes_a_few_bytes_an_event():
    rng, seen, count = random.Random(1), Seen(), 20_000
    tracemalloc.start()
    for number in range(count):
        seen.add(f"{number:056}", rng.randrange(1_080_000))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(seen) == count
    assert taken < 20 * count
