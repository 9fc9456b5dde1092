# ruff: noqa: E501
"""Broken manifests by the thousand: whatever one holds, the answer is an App or an LcliError, soon,
and what is printed of it, as text and as JSON, has no control character and no traceback in it.

Run with `python benchmarks/fuzz_manifest.py [SEED]`; LCLI_FUZZ_RUNS is how many (10,000). Half of
them are bad text, half well-formed YAML with wrong things in it. Prints the seed, the slowest one
and the most memory; the first that gives anything else is kept as fuzz-SEED-NUMBER.yaml, exit 1.
tests/unit/manifest/test_manifest_fuzz.py runs a slice of it.
"""

from __future__ import annotations

import copy
import io
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from overlay.hostile import raw

from lcli.cli.options import Globals
from lcli.cli.run import Run
from lcli.errors import LcliError
from lcli.manifest.document import read
from lcli.manifest.loading import check_stage, load
from lcli.resources.model import Place

FULL = Path(__file__).parents[1] / "tests" / "unit" / "manifest" / "full.yaml"
TEXT = FULL.read_text().partition("  worker:")[0]
"""A right manifest with every key but those of container images, which --local refuses."""
PLACE = Place("photos", "", "eu-west-1", "123456789012", local=True)
RUNS = 10_000
NASTY = (
    "[", "]", "{", "}", ": ", "- ", "\n", "\n  ", "\t", "&a ", "*a", "<<: *a\n", "!!python/object:os.x ",
    "null", "~", "NO", "22:22", "2024-99-99", "9" * 5000, "1e999", ".inf", "-1", "0", "1.5", "''", '"',
    "${", "}", "${app}", "$${", "${env:}", "${env:NOPE}", "${function:thumbnail.arn}", "${file:/}",
    "${file:\x00}", "${tfstate:src#a.b}", "${function}", "${git:sha}", "${secret:a#b.c}", "${cfn:a}",
    "${layer:imaging.arn}", "${ssm:${ssm:${app}}}", "${function:orders.url}", "[[]]", "{a: {}}",
    "[" * 60, "{a: " * 60, "\x00", "\x85", "\ufeff", "\u202e", "\U0001f600", "---\n", "...\n", "%YAML 1.1\n",
    "? ", "|\n", ">\n", "#", "@", "`", "s3://a/b", "../..", "a" * 300, "true", "[1, 2]", "{x: null}",
    "api", "triggers", "functions", "stages", "environment", "<<", "http", "schedule: rate(1 minute)",
    "\x1b[31m", "\x9b2J", '"\\e]52;c;ZXZpbA==\\a"', '"\\x9b31m \\u202e"', "[red]x[/]: 1", '"${\\e[2J}"',
)  # fmt: skip


def mutated(text: str, chance: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(lines))
        line = lines[at]
        column = chance.randrange(len(line) + 1)
        match chance.randrange(7):
            case 0:
                lines[at] = line[:column] + chance.choice(NASTY) + line[column:]
            case 1:
                lines[at] = line[:column] + line[column + chance.randint(1, 9) :]
            case 2:
                key, colon, _ = line.partition(":")
                lines[at] = f"{key}{colon} {chance.choice(NASTY)}\n"
            case 3:
                lines.insert(at, chance.choice(lines))
            case 4:
                lines[at] = " " * chance.randrange(12) + line.lstrip()
            case 5:
                del lines[at : at + chance.randint(1, 5)]
                lines = lines or ["\n"]
            case 6:
                _, colon, value = line.partition(":")
                lines[at] = f"{chance.choice(NASTY)}{colon}{value}"
    return "".join(lines)


STRANGE = (None, True, False, 0, -1, 10**30, 1.5, "", "x", "${app}", "${", "${function:thumbnail.arn}",
           "${function:orders.url}", "${layer:imaging.arn}", "${env:NOPE}", "${ssm:/x}", "a" * 300, [],
           {}, [[]], [None], [1, "x"], {"x": None}, {"": 1}, {"1": {}}, [{}], {"a": {"b": {"c": []}}},
           "\u202e\x07", "\x1b]52;c;ZXZpbA==\x07\x9b31m", "${\x1b[2J}", "${env:\x1b[2J}", "arn:aws:sqs:eu-west-1:123456789012:q", "s3://b/k", "../..", "src")  # fmt: skip


def restructured(text: str, chance: random.Random) -> str:
    """Well-formed YAML with wrong things in it: values replaced, keys renamed, taken or swapped."""
    root = yaml.load(text, Loader=yaml.CSafeLoader)
    for _ in range(chance.randint(1, 5)):
        node = root
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(node[key], dict | list) and chance.random() < 0.8:
                node = node[key]
                continue
            match chance.randrange(4):
                case 0 if isinstance(node, dict):
                    node[chance.choice(NASTY)] = node.pop(key)
                case 1:
                    del node[key]
                case 2:
                    node[key] = copy.deepcopy(node[chance.choice(keys)])
                case _:
                    node[key] = copy.deepcopy(chance.choice(STRANGE))
            break
    return yaml.dump(root, Dumper=yaml.CSafeDumper, allow_unicode=True)


MUTATIONS = (mutated, restructured)


def refused(path: Path, text: str) -> bool:
    """Whether the manifest is refused; raises what is neither an App nor a clear LcliError, and
    where what the command prints of it would not do (ValueError)."""
    # A surrogate stands for a byte that is not UTF-8.
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        for stage in ("", "prod"):
            document = read(path, stage=stage, environ={})
            load(document, PLACE)
            load(document, PLACE, functions=["thumbnail"])
            assert document.identity.app
        for stage in document.stages:
            if found := check_stage(document, stage, PLACE).problems:
                raise LcliError(found)
    except LcliError as error:
        unclear = [each for each in error.problems if not (each.what and each.code)]
        if unclear:
            raise ValueError(str(unclear)) from error
        look_at(*printed(error))
        return True
    return False


def printed(error: LcliError) -> tuple[str, str]:
    """What a command writes of it onto stderr, and with -o json onto stdout."""
    out, err = io.StringIO(), io.StringIO()
    run = Run(Globals(output="json"), stdout=out, stderr=err, environ={})
    run.tell(error.problems)
    run.print_failure(error.problems)
    return err.getvalue(), out.getvalue()


def look_at(text: str, document: str) -> None:
    """Raises ValueError where there is a control character, or a traceback, or no JSON."""
    for one in (text, document):
        # What is printed of problems has no colours, which `raw` would let pass.
        if "\x1b" in one or raw(one) or "Traceback (most recent" in one:
            raise ValueError(f"printed: {one!r}")
    json.loads(document)


def peak() -> int:
    """KiB that this program has held at most.

    Not `ru_maxrss`: that counts what the program that started this one held when it forked.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> int:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(10**6)
    runs = int(os.environ.get("LCLI_FUZZ_RUNS", RUNS))
    print(f"seed {seed}, {runs:,} manifests")
    chance = random.Random(seed)
    count, slowest, grown = 0, (0.0, 0), (0, 0)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "lcli.yaml"
        (path.parent / "src").mkdir()
        refused(path, TEXT)
        least = peak()
        most = least
        for number in range(runs):
            made = MUTATIONS[number % 2](TEXT, chance)
            begun = time.process_time()
            try:
                count += refused(path, made)
            except Exception as error:
                kept = Path(f"fuzz-{seed}-{number}.yaml")
                kept.write_bytes(made.encode("utf-8", "surrogatepass"))
                print(f"{kept}: {type(error).__name__}: {error}")
                return 1
            slowest = max(slowest, (time.process_time() - begun, number))
            now = peak()
            grown = max(grown, (now - most, number))
            most = max(most, now)
    print(f"refused   {count:,} in {time.perf_counter() - began:.0f} s, no traceback, nothing raw")
    print(f"slowest   {slowest[0] * 1000:.0f} ms of processor time (number {slowest[1]})")
    print(f"memory    {most / 1024:.0f} MB at most, {(most - least) / 1024:.0f} MB over the first;")
    print(f"          the largest step is {grown[0] / 1024:.1f} MB (number {grown[1]})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
