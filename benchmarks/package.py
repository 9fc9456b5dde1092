"""The packer against `zip -r -q` and `python -m zipfile`, on one tree of real packages.

    python benchmarks/package.py [TREE]

Without TREE, packages of about 200 MB are installed into a temporary folder first. Every
run of a tool is a new process with nothing cached; the best of three counts. Aims: the packer at
least 8 times as fast as either, `lcli package` as a whole 6 times, with 12 % more bytes at most.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from uv import find_uv_bin

PACKAGES = ("botocore", "cryptography", "grpcio", "lxml", "networkx", "numpy", "pandas", "pillow")
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


def timed(run: Callable[[Path], None], out: Path) -> tuple[float, int]:
    best = float("inf")
    for _ in range(ROUNDS):
        out.unlink(missing_ok=True)
        start = time.perf_counter()
        run(out)
        best = min(best, time.perf_counter() - start)
    return best, out.stat().st_size


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
        found = {name: timed(run, work / "out.zip") for name, run in tools(tree, work).items()}
        for name, (seconds, written) in found.items():
            against = "".join(
                f"   {found[peer][0] / seconds:5.1f} x {peer} ({written / found[peer][1] - 1:+.1%})"
                for peer in ("zip -r -q", "python -m zipfile")
                if peer != name
            )
            print(f"{name:18} {seconds:6.2f} s {written / 1e6:7.1f} MB{against}")


if __name__ == "__main__":
    main()
