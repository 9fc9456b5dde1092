"""A region that is not the manifest's is told, and one of a variable is asked about."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest

from lcli.cli.app import command
from lcli.cli.region_guard import note_region
from lcli.cli.run import Run

ONE, TWO = "region: us-east-1", "regions: [us-east-1, us-west-2]"
FLAG, VARIABLE = ("--region", "eu-west-1"), {"LCLI_REGION": "eu-west-1"}
HERE = "arn:aws:lambda:eu-west-1:123456789012:function:f"
THERE = HERE.replace("eu-west-1", "us-east-1")
OF_FLAG = "works in eu-west-1 (--region), the manifest says us-east-1"
OF_VARIABLE = OF_FLAG.replace("--region", "LCLI_REGION")


@pytest.mark.parametrize(
    ("manifest", "words", "environ", "texts", "told"),
    [
        pytest.param(ONE, (), VARIABLE, [], OF_VARIABLE, id="variable"),
        pytest.param(ONE, FLAG, {}, [], OF_FLAG, id="flag"),
        pytest.param(ONE, FLAG, VARIABLE, [], OF_FLAG, id="flag that says the same"),
        pytest.param(ONE, FLAG, {"LCLI_REGION": "us-east-1"}, [], OF_FLAG, id="flag over variable"),
        pytest.param(
            TWO, (), VARIABLE, [], f"{OF_VARIABLE} and us-west-2", id="none of several regions"
        ),
        pytest.param(f"{ONE}\nstages: {{prod: {{region: eu-west-1}}}}", ("--stage", "prod"),
                     VARIABLE, [], "", id="the stage's"),
        pytest.param(ONE, (), VARIABLE, ["f", THERE], OF_VARIABLE, id="a name beside an ARN"),
        pytest.param(ONE, (), VARIABLE, [HERE, THERE], "", id="ARNs say it themselves"),
        pytest.param(ONE, (), {}, [], "", id="manifest's own"),
        pytest.param(ONE, (), {"LCLI_REGION": "us-east-1"}, [], "", id="the same"),
        pytest.param(TWO, ("--region", "us-west-2"), {}, [], "", id="one of several"),
        pytest.param("region: ${env:HERE}", (), {**VARIABLE, "HERE": "us-east-1"}, [], "",
                     id="reference"),
        pytest.param("regions: [us-east-1, '${env:HERE}']", (),
                     {**VARIABLE, "HERE": "eu-west-2"}, [], "", id="reference among several"),
        pytest.param("", (), VARIABLE, [], "", id="manifest without one"),
        pytest.param(ONE, ("--local",), VARIABLE, [], "", id="local cloud"),
    ],
)  # fmt: skip
def test_another_region_than_the_manifest_s_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    manifest: str,
    words: tuple[str, ...],
    environ: dict[str, str],
    texts: list[str],
    told: str,
) -> None:
    (tmp_path / "lcli.yaml").write_text(f"app: photos\n{manifest}\nfunctions: {{}}\n")
    monkeypatch.chdir(tmp_path)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    run = Run(stderr=StringIO(), stdout=StringIO())
    with pytest.raises(SystemExit) as end:
        command(run).main([*words, "event"], prog_name="lcli")
    assert end.value.code == 0
    asked = note_region(run, texts)
    assert run.stderr.getvalue() == (f"{told}\n" if told else "")
    assert asked == ([told] if "LCLI_REGION" in told else [])
