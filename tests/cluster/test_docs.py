"""What docs/clusters.md says runs, where the engines are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pages import MAKE_TEST, ROOT, blocks_of_page, run_python

BLOCKS = blocks_of_page(ROOT / "docs" / "clusters.md")


def test_the_examples_of_the_page_run(engine: Any, tmp_path: Path) -> None:
    own = [block for block in BLOCKS if block.runner != MAKE_TEST and f"nearfile.{engine.name}" in block.text]
    assert len(own) == 1
    run_python(own[0], {"folder": str(tmp_path)})
