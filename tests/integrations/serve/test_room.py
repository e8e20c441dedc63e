"""Examples in docstrings of the server hold, and it stays small."""

from __future__ import annotations

import doctest
import importlib
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in (ROOT / "python" / "nearfile" / "serve").glob("*.py") if path.stem != "worker")


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_hold(module: str) -> None:
    name = "nearfile.serve" if module == "__init__" else f"nearfile.serve.{module}"
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_the_room_is_small() -> None:
    files = [*(ROOT / "python" / "nearfile" / "serve").glob("*.*")]
    assert sum(path.stat().st_size for path in files if path.suffix in (".py", ".html")) < 100_000
