"""What docs/clusters.md says runs, where the engines are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clusters.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)


def test_the_examples_of_the_page_run(engine: Any, tmp_path: Path) -> None:
    own = [block for block in BLOCKS if f"nearfile.{engine.name}" in block]
    assert len(own) == 1
    others = [block for block in BLOCKS if "nearfile.spark" not in block and "nearfile.ray" not in block]
    assert others
    for number, block in enumerate(own + others):
        (tmp_path / str(number)).mkdir()
        exec(block, {"folder": str(tmp_path / str(number))})
