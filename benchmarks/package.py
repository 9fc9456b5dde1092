"""The packer against `zip -r -q` and `python -m zipfile`, on one tree of real packages.

    python benchmarks/package.py [TREE]

Without TREE, packages of about 200 MB are installed into a temporary folder first. The tools run
in turn, each time a new process with nothing cached; ratios are the median of those of the rounds,
for wall time and for the processors' (user and system), which a busy machine distorts less. Aims:
the packer at least 8 times as fast as either, `lcli package` as a whole 6 times, with 12 % more
bytes at most.
"""

from __future__ import annotations

import compileall
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

import lcli

PACKAGES = ("botocore", "cryptography", "grpcio", "lxml", "networkx", "numpy", "pandas", "pillow")
PEERS = ("zip -r -q", "python -m zipfile")
ROUNDS = 3
PACKER = """
import sys
from pathlib import Path
from lcli.artifact.pack import pack
from lcli.artifact.tree import read_tree
pack(read_tree(Path(sys.argv[1])), Path(sys.argv[2]))
"""
MANIFEST = """
app: bench
region: eu-west-1
functions:
  tree: {source: tree, runtime: python3.13, handler: six.wraps, build: {kind: none}}
"""


def install(to: Path) -> None:
    options = ["--python-platform", "x86_64-manylinux_2_34", "--python-version", "3.13"]
    command = [find_uv_bin(), "pip", "install", "--quiet", "--target", str(to), *options]
    subprocess.run([*command, "--only-binary=:all:", *PACKAGES], check=True)


def measure(tree: Path) -> tuple[int, int]:
    sizes = [path.stat().st_size for path in tree.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


@dataclass(frozen=True)
class Run:
    """One run of a tool: seconds on the clock, of the processors, and bytes written."""

    wall: float
    cpu: float
    written: int


def timed(run: Callable[[Path], None], out: Path) -> Run:
    out.unlink(missing_ok=True)
    before, start = os.times(), time.perf_counter()
    run(out)
    wall, after = time.perf_counter() - start, os.times()
    cpu = sum(after[2:4]) - sum(before[2:4])
    return Run(wall, cpu, out.stat().st_size)


def ratio(peers: list[Run], ours: list[Run], of: str) -> float:
    pairs = zip(peers, ours, strict=True)
    return statistics.median(getattr(peer, of) / getattr(own, of) for peer, own in pairs)


def tools(tree: Path, work: Path) -> dict[str, Callable[[Path], None]]:
    python = sys.executable

    def call(*arguments: str, cwd: Path = tree) -> None:
        subprocess.run(arguments, cwd=cwd, check=True, stdout=subprocess.DEVNULL)

    def lcli(out: Path) -> None:
        cache = tempfile.mkdtemp(dir=work)
        environ = {**os.environ, "LCLI_CACHE_DIR": cache}
        to = str(work / "packages")
        command = [python, "-m", "lcli", "-f", str(work / "lcli.yaml"), "package", "--to", to]
        subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
        (made,) = (work / "packages").glob("*.zip")
        made.replace(out)
        shutil.rmtree(cache)

    contents = sorted(os.listdir(tree))
    return {
        "zip -r -q": lambda out: call("zip", "-r", "-q", str(out), "."),
        "python -m zipfile": lambda out: call(python, "-m", "zipfile", "-c", str(out), *contents),
        "packer": lambda out: call(python, "-c", PACKER, str(tree), str(out)),
        "lcli package": lcli,
    }


def main() -> None:
    # As pip leaves an installed package, wherever PYTHONDONTWRITEBYTECODE is set here.
    compileall.compile_dir(Path(lcli.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        tree = work / "tree"
        if len(sys.argv) > 1:
            tree.symlink_to(Path(sys.argv[1]).resolve())
        else:
            install(tree)
        (work / "lcli.yaml").write_text(MANIFEST)
        count, size = measure(tree)
        print(f"{count:,} files, {size / 1e6:,.0f} MB")
        runs: dict[str, list[Run]] = {}
        for _ in range(ROUNDS):
            for name, run in tools(tree, work).items():
                runs.setdefault(name, []).append(timed(run, work / "out.zip"))
        for name, own in runs.items():
            wall, cpu = (statistics.median(getattr(r, of) for r in own) for of in ("wall", "cpu"))
            print(
                f"{name:18} {wall:6.2f} s, processors {cpu:6.2f} s, {own[0].written / 1e6:6.1f} MB"
            )
        for name in ("packer", "lcli package"):
            for peer in PEERS:
                more = runs[name][0].written / runs[peer][0].written - 1
                faster = (ratio(runs[peer], runs[name], of) for of in ("wall", "cpu"))
                told = " and ".join(f"{each:.1f}" for each in faster)
                print(f"{name} is {told} (processors) times as fast as {peer}, {more:+.1%} bytes")


if __name__ == "__main__":
    main()
