"""What only one kind of system has is in files of its own: src/**/*_posix.cpp and *_windows.cpp, a pair for each header."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEADERS = {
    "_posix.cpp": re.compile(r"^(?:unistd|fcntl|pthread|sched|dirent|sys/\w+)\.h$"),
    "_windows.cpp": re.compile(r"^(?:windows|aclapi|io|direct|process|winbase|fileapi)\.h$"),
}
# Which instructions there are is asked where these are chosen.
CHOOSING = {"src/kernels/dispatch.cpp", "src/base/crc32c_arm.cpp"}
SHARED = {"src/file/calls_windows.hpp", "src/file/calls_windows.cpp"}


def texts() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("src", "include", "python/bindings")
        for path in sorted((ROOT / folder).rglob("*.?pp"))
    }


def misplaced(sources: dict[str, str]) -> list[str]:
    """Files that include what their name does not say."""
    return [
        f"{path}: includes {name}"
        for path, text in sources.items()
        for name in re.findall(r"^\s*#\s*include\s*<([^>]+)>", text, flags=re.MULTILINE)
        for ending, headers in HEADERS.items()
        if headers.match(name) and not path.endswith((ending, ending.replace(".cpp", ".hpp"))) and path not in CHOOSING
    ]


def without_the_other(paths: set[str]) -> list[str]:
    """Files of one kind of system whose name the other has not."""
    pairs = {"_posix.cpp": "_windows.cpp", "_windows.cpp": "_posix.cpp"}
    return [
        path
        for path in sorted(paths - SHARED)
        for ending, other in pairs.items()
        if path.endswith(ending) and path[: -len(ending)] + other not in paths
    ]


def test_systems_are_asked_in_files_of_their_own() -> None:
    assert sum(path.endswith("_windows.cpp") for path in texts()) > 5
    assert misplaced(texts()) == []
    assert without_the_other(set(texts())) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/file/a.cpp", "unistd.h"),
        ("src/file/a_windows.cpp", "sys/mman.h"),
        ("src/file/a_posix.cpp", "windows.h"),
        ("python/bindings/a.hpp", "fcntl.h"),
    ],
)
def test_what_is_misplaced_is_found(path: str, name: str) -> None:
    assert misplaced({path: f"#include <{name}>\n"}) == [f"{path}: includes {name}"]
    assert misplaced({path: "#include <cstddef>\n"}) == []


def test_a_file_without_the_other_is_found() -> None:
    assert without_the_other({"src/a_posix.cpp", "src/b_windows.cpp", "src/b_posix.cpp"}) == ["src/a_posix.cpp"]
    assert without_the_other({"src/a_windows.cpp"}) == ["src/a_windows.cpp"]
