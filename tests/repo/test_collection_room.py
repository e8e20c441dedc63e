"""The rules of the room python/nearfile/collection: who may import whom, and where anything is written."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOM = ROOT / "python" / "nearfile" / "collection"

# Each file imports only files before it.
ORDER = [
    "names", "windows", "disk", "lock", "log", "deletions", "manifest", "part", "building", "state", "policy", "consolidation",
    "source", "publishing", "merging", "given", "tables", "joined", "reader", "wanted", "writer", "__init__",
]  # fmt: skip

# What changes a file or a folder; a test makes each of these calls fail, where it is in disk.py.
WRITES = re.compile(
    r"\bos\.(?:p?write|f(?:data)?sync|replace|rename|unlink|remove|link|symlink|f?truncate|mkdir|makedirs|rmdir|utime)\("
    r"|\bopen\([^)]*[\"'][rwab+]*[wa+x]"
)
MOST_LINES = 400


def texts() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in ROOM.glob("*.py")}


def imported(text: str) -> set[str]:
    """Files of the room that a file imports."""
    found = set(re.findall(r"^\s*from nearfile\.collection\.(\w+) import", text, flags=re.MULTILINE))
    for names in re.findall(r"^\s*from nearfile\.collection import ([\w, ]+)$", text, flags=re.MULTILINE):
        found |= set(names.split(", "))
    return found


def backwards(sources: dict[str, str]) -> list[str]:
    return [
        f"{name} imports {other}"
        for name, text in sources.items()
        for other in sorted(imported(text))
        if ORDER.index(other) >= ORDER.index(name)
    ]


def writers(sources: dict[str, str]) -> list[str]:
    return [name for name, text in sources.items() if WRITES.search(text)]


def test_files_import_those_before_them() -> None:
    assert set(texts()) == set(ORDER)
    assert backwards(texts()) == []


def test_all_that_writes_is_in_one_file() -> None:
    assert sorted(writers(texts())) == ["disk", "windows"]  # which has what Windows calls otherwise


def test_no_file_is_too_long() -> None:
    assert [name for name, text in texts().items() if len(text.splitlines()) > MOST_LINES] == []


def test_what_breaks_the_rules_is_found() -> None:
    assert backwards({"names": "from nearfile.collection import disk, log\n"}) == [
        "names imports disk",
        "names imports log",
    ]
    assert backwards({"log": "    from nearfile.collection.writer import Collection\n"}) == ["log imports writer"]
    for line in ("os.unlink(path)", "os.pwrite(descriptor, data, 0)", 'open(path, "wb")', 'open(path, mode="a")'):
        assert writers({"log": line}) == ["log"]
    for line in ("os.pread(descriptor, 5, 0)", 'open(path, "rb", buffering=0)', "publisher.replace(path)"):
        assert writers({"log": line}) == []
