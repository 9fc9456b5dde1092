"""The cache while several builds write into it."""

from __future__ import annotations

import threading
from pathlib import Path

from lcli.artifact import Source, Target
from lcli.artifact.cache import prune
from lcli.artifact.make import index_of


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


def test_an_artifact_for_this_machine_is_remembered_apart(tmp_path: Path) -> None:
    source = Source("directory", tmp_path / "src")
    places = {
        index_of(source, target, tmp_path)
        for target in (
            Target("python3.13"),
            Target("python3.13", local=True),
            Target("python3.13", local=True, local_python="3.12"),
        )
    }
    assert len(places) == 3
