"""The cache while several builds write into it."""

from __future__ import annotations

import threading
from pathlib import Path

from lcli.artifact.cache import prune


def test_pruning_does_not_mind_what_others_finish_meanwhile(tmp_path: Path) -> None:
    folder, done = tmp_path / "zips", threading.Event()
    folder.mkdir()

    def build() -> None:
        number = 0
        while not done.is_set():
            number += 1
            new = folder / f"new-{threading.get_ident()}-{number}.zip"
            new.write_bytes(b"zip")
            new.rename(folder / f"{number % 40}.zip")

    builders = [threading.Thread(target=build) for _ in range(3)]
    for one in builders:
        one.start()
    try:
        for _ in range(150):
            prune(tmp_path)
    finally:
        done.set()
        for one in builders:
            one.join()
