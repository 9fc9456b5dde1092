"""The folder that stands for /opt: a function's layers, one over the other."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path


def merged(directory: Path, layers: tuple[Path, ...]) -> Path:
    """One folder with the layers' files, a later layer's over an earlier one's.

    Made once for each combination below `directory`; files are hard links where they can be. It is
    complete as soon as it has its name, so a killed run leaves no half of one.
    """
    if len(layers) == 1:
        return layers[0]
    name = hashlib.sha256("\0".join(map(str, layers)).encode()).hexdigest()[:32]
    target = directory / name
    if target.is_dir():
        return target
    unfinished = directory / f"{name}.{os.getpid()}"
    unfinished.mkdir(parents=True)
    for layer in layers:
        shutil.copytree(layer, unfinished, symlinks=True, dirs_exist_ok=True, copy_function=_link)
    unfinished.rename(target)
    return target


def _link(source: str, target: str) -> str:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(target)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
