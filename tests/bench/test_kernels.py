"""The kernels' benchmark: that none is forgotten, and how the verb calls the program. Building it takes too long for here."""

from __future__ import annotations

import json
import re
import stat
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.__main__ import app
from bench.kernels import verb

ROOT = Path(__file__).resolve().parents[2]


def test_every_kernel_is_measured() -> None:
    table = (ROOT / "src/kernels/kernels.hpp").read_text()
    declared = re.findall(r"\(\*(\w+)\)\(", table)
    measured = re.findall(r'^    \{"(\w+)",', (ROOT / "bench/kernels/cases.cpp").read_text(), flags=re.MULTILINE)
    assert "dot_f32" in declared
    assert sorted(measured) == sorted(declared)


def test_the_verb_keeps_the_figures_behind_a_line_about_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        "with open(sys.argv[2], 'a') as file:\n    print(json.dumps({'kind': 'kernel', 'arguments': sys.argv[3:]}), file=file)\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(verb, "build", lambda _: program)
    out = tmp_path / "results" / "kernels.jsonl"
    options = ["kernels", "--out", str(out), "--kernel", "dot", "--passes", "2"]
    assert CliRunner().invoke(app, options).exit_code == 0
    head, figure = (json.loads(line) for line in out.read_text().splitlines())
    assert head["kind"] == "kernels"
    assert head["machine"]["cores"] >= 1
    assert figure["arguments"] == ["--kernel", "dot", "--megabytes", "1024", "--passes", "2"]


def test_a_build_that_fails_says_what_cmake_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb, "_tool", lambda _: "false")
    with pytest.raises(OSError, match="expected false to succeed"):
        verb.build(tmp_path)
