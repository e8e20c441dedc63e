"""CITATION.cff says what the Citation File Format 1.2.0 asks for, and what the project says elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
# Of the format's 1.2.0: what a file must have, and what this one has besides.
REQUIRED = {"cff-version", "message", "title", "authors"}
USED = {"type", "abstract", "version", "license", "keywords"}


def test_the_citation_is_whole_and_agrees() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation.keys() == REQUIRED | USED
    assert citation["cff-version"] == "1.2.0"
    assert citation["type"] == "software"
    assert citation["authors"] == [{"name": "The nearfile authors"}]
    assert all(
        isinstance(each, str) and each for each in [*citation["keywords"], citation["message"], citation["title"]]
    )
    assert len(set(citation["keywords"])) == len(citation["keywords"])
    header = (ROOT / "include" / "nearfile" / "version.hpp").read_text(encoding="utf-8")
    assert f'"{citation["version"]}"' in header
    assert f'license = "{citation["license"]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.search("Apache License", (ROOT / "LICENSE").read_text(encoding="utf-8"))
