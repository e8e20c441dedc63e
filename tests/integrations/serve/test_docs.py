"""What docs/serving.md says runs: its Python, and its curl where there is one; and examples in docstrings hold."""

from __future__ import annotations

import doctest
import importlib
import json
import pathlib
import re
import shutil
import subprocess

import pytest
from serving import Server

ROOT = pathlib.Path(__file__).resolve().parents[3]
BLOCKS = re.findall(
    r"^```(python|sh)\n(.*?)^```$",
    (ROOT / "docs" / "serving.md").read_text(encoding="utf-8"),
    flags=re.MULTILINE | re.DOTALL,
)
MODULES = sorted(path.stem for path in (ROOT / "python" / "nearfile" / "serve").glob("*.py") if path.stem != "worker")


def test_the_examples_of_the_page_run(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(BLOCKS[0][1], names)
    server = Server("items.near", "--workers", 2, "--port", 0)
    try:
        for kind, block in BLOCKS[1:]:
            text = block.replace("http://127.0.0.1:8000", server.address)
            if kind == "python":
                exec(text, names)
                continue
            lines = text.splitlines()
            assert len(lines) == 4
            for line in lines if shutil.which("curl") else ():
                done = subprocess.run(f"{line} -sS --fail", shell=True, capture_output=True, text=True, timeout=30)
                assert done.returncode == 0, (line, done.stderr)
                told = json.loads(done.stdout)
                assert "health" in line or told["ids"], line
    finally:
        server.stop()
    assert [kind for kind, _ in BLOCKS].count("python") == 3


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_hold(module: str) -> None:
    name = "nearfile.serve" if module == "__init__" else f"nearfile.serve.{module}"
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_the_room_is_small() -> None:
    files = [*(ROOT / "python" / "nearfile" / "serve").glob("*.*")]
    assert sum(path.stat().st_size for path in files if path.suffix in (".py", ".html")) < 100_000
