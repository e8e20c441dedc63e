"""The pages with blocks that need other projects, from top to bottom."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import ROOT, blocks_of_page, pages, run_page

RUNNER = "make test-integrations"
PAGES = [path for path in pages() if any(block.runner == RUNNER for block in blocks_of_page(path))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_blocks_of_a_page_run(page: Path, tmp_path: Path) -> None:
    run_page(page, tmp_path, RUNNER, timeout=900)  # UMAP compiles itself
