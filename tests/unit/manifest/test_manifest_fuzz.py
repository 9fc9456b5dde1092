# ruff: noqa: E501
"""Whatever a manifest holds, the answer is an App or an LcliError, soon."""

import copy
import os
import random
import time
from pathlib import Path

import pytest
import yaml

from lcli.errors import LcliError
from lcli.manifest.document import read
from lcli.resources.model import Place

FULL = Path(__file__).with_name("full.yaml")
PLACE = Place("photos", "", "eu-west-1", "123456789012", local=True)
RUNS = int(os.environ.get("LCLI_FUZZ_RUNS", "100"))
NASTY = (
    "[", "]", "{", "}", ": ", "- ", "\n", "\n  ", "\t", "&a ", "*a", "<<: *a\n", "!!python/object:os.x ",
    "null", "~", "NO", "22:22", "2024-99-99", "9" * 5000, "1e999", ".inf", "-1", "0", "1.5", "''", '"',
    "${", "}", "${app}", "$${", "${env:}", "${env:NOPE}", "${function:thumbnail.arn}", "${file:/}",
    "${file:\x00}", "${tfstate:src#a.b}", "${function}", "${git:sha}", "${secret:a#b.c}", "${cfn:a}",
    "${layer:imaging.arn}", "${ssm:${ssm:${app}}}", "${function:orders.url}", "[[]]", "{a: {}}",
    "[" * 60, "{a: " * 60, "\x00", "\x85", "\ufeff", "\u202e", "\U0001f600", "---\n", "...\n", "%YAML 1.1\n",
    "? ", "|\n", ">\n", "#", "@", "`", "s3://a/b", "../..", "a" * 300, "true", "[1, 2]", "{x: null}",
    "api", "triggers", "functions", "stages", "environment", "<<", "http", "schedule: rate(1 minute)",
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
           "\u202e\x07", "arn:aws:sqs:eu-west-1:123456789012:q", "s3://b/k", "../..", "src")  # fmt: skip


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


@pytest.mark.parametrize("mutate", [mutated, restructured])
@pytest.mark.parametrize("seed", range(2))
def test_mutated_manifests_give_an_app_or_an_error(tmp_path, seed, mutate):
    (tmp_path / "src").mkdir()
    path = tmp_path / "lcli.yaml"
    text = FULL.read_text()
    chance = random.Random(seed)
    refused = 0
    for _ in range(RUNS):
        # A surrogate stands for a byte that is not UTF-8.
        path.write_bytes(mutate(text, chance).encode("utf-8", "surrogatepass"))
        begun = time.process_time()
        try:
            for stage in ("", "prod"):
                read(path, stage=stage, environ={}).load(PLACE)
        except LcliError as error:
            refused += 1
            unclear = [each for each in error.problems if not (each.what and each.code)]
            if unclear:
                raise ValueError(f"seed {seed}: {unclear}") from error
        assert time.process_time() - begun < 2
    assert refused > RUNS // 2
