"""What docs/guarantees.md promises is shown by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/.]+)::(\w+)`")


def promises(page: str) -> list[str]:
    """The entries of its lists, but for what is not promised."""
    promised = page.split("\n## What is not promised", 1)[0]
    return re.split(r"^- ", promised.split("\n## ", 1)[1], flags=re.MULTILINE)[1:]


def is_there(path: str, name: str) -> bool:
    file = ROOT / path
    pattern = rf"^def {name}\(" if path.endswith(".py") else rf"^TEST\({name}\b"
    return file.is_file() and re.search(pattern, file.read_text(encoding="utf-8"), flags=re.MULTILINE) is not None


def test_every_promise_is_shown_by_tests() -> None:
    entries = promises(PAGE)
    assert len(entries) > 20
    assert [entry for entry in entries if not NAMED.search(entry) or not entry.startswith("**")] == []


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) == PAGE.count("::")  # or a name is written in another way
    assert [f"{path}::{name}" for path, name in named if not is_there(path, name)] == []


@pytest.mark.parametrize(
    ("path", "name", "there"),
    [
        ("tests/repo/test_promises.py", "test_every_test_that_is_named_exists", True),
        ("tests/repo/test_promises.py", "test_every_test", False),
        ("tests/repo/test_nothing.py", "test_every_test", False),
        ("tests/cpp/opened/damage.posix.test.cpp", "damage_is_refused_or_answers", True),
        ("tests/cpp/opened/damage.posix.test.cpp", "damage_is", False),
    ],
)
def test_tests_are_found_by_their_whole_name(path: str, name: str, there: bool) -> None:
    assert is_there(path, name) == there
