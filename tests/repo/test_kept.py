"""Every source is kept: by git, and in a source distribution, whatever its folder is called."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("src", "include", "python", "tests", "bench", "fuzz", "docs", "tools", "cmake", "examples")
SUFFIXES = {".cpp", ".hpp", ".py", ".pyi", ".md", ".cmake", ".txt", ".toml"}


def matches_anywhere(patterns: list[str]) -> list[str]:
    """Patterns that would match a folder of sources too: those of a plain name that are not tied to the top."""
    return [each for each in patterns if re.fullmatch(r"[\w.-]+/?", each) and not each.startswith((".", "__"))]


def test_patterns_of_what_is_left_out_are_tied_to_the_top() -> None:
    ignored = [line for line in (ROOT / ".gitignore").read_text().splitlines() if line and not line.startswith("#")]
    excluded = re.search(r"^sdist\.exclude = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert excluded is not None
    assert ignored
    assert matches_anywhere(ignored) == []
    assert matches_anywhere(re.findall(r'"([^"]+)"', excluded[1])) == []


def test_patterns_that_match_anywhere_are_found() -> None:
    assert matches_anywhere(["build", "build/", "/build", ".venv/", "*.so", "__pycache__/", "**/dist"]) == [
        "build",
        "build/",
    ]


def test_git_ignores_no_source() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    sources = [
        path.relative_to(ROOT).as_posix()
        for folder in KEPT
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in SUFFIXES and "__pycache__" not in path.parts
    ]
    assert "src/build/build_index.cpp" in sources
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT,
        input="\n".join(sources),
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stdout.splitlines() == []
    assert asked.returncode == 1, asked.stderr  # none is ignored
