"""Who may include whom, how long files may be, and what must agree: the rules of ARCHITECTURE.md, and a test of each rule."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400

# What each folder of src/ may include besides its own files and the standard library.
MAY_INCLUDE = {
    "base": set(),
    "kernels": set(),
    "codes": {"base", "kernels"},
    "forest": {"base", "kernels"},
    "graph": {"base", "kernels"},
    "attributes": {"base", "kernels", "nearfile"},
    "file": {"base"},
    "annoy": {"base", "kernels", "file", "nearfile"},
    "opened": {"base", "kernels", "codes", "forest", "graph", "attributes", "file", "nearfile"},
    "search": {"base", "kernels", "codes", "forest", "graph", "attributes", "file", "nearfile", "opened"},
    "build": {"base", "kernels", "codes", "forest", "graph", "attributes", "file", "nearfile", "opened", "search"},
}
MAY_INCLUDE["api"] = {*MAY_INCLUDE, "nearfile"}
INTRINSICS = re.compile(r"^(?:[a-z0-9]*mmintrin|immintrin|x86intrin|x86gprintrin|intrin|arm_\w+|wasm_simd128)\.h$")
# The instructions of the checksum, outside of the kernels because base/ includes nothing.
CHECKSUM_FILES = {"src/base/crc32c_sse42.cpp", "src/base/crc32c_arm.cpp"}
SOURCE_SUFFIXES = {".hpp", ".cpp", ".h", ".c", ".cc"}


class Include(NamedTuple):
    """One #include line: in quotes or in angle brackets."""

    name: str
    quoted: bool


Sources = dict[str, str]  # path relative to the project -> text


def read_sources(*folders: str) -> Sources:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in SOURCE_SUFFIXES
    }


def includes_of(text: str) -> list[Include]:
    found = re.findall(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', text, flags=re.MULTILINE)
    return [Include(quoted or angled, bool(quoted)) for quoted, angled in found]


def is_ours(name: str) -> bool:
    return name.split("/")[0] in MAY_INCLUDE or name.startswith("nearfile/")


def broken_layers(sources: Sources) -> list[str]:
    """Files of src/ that include a folder they may not."""
    broken = []
    for path, text in sources.items():
        folder = path.split("/")[1]
        if folder not in MAY_INCLUDE:
            broken.append(f"{path}: src/{folder} is in no layer")
            continue
        for name, quoted in includes_of(text):
            if not quoted and not is_ours(name):
                continue
            target = name.split("/")[0]
            if target != folder and target not in MAY_INCLUDE[folder]:
                broken.append(f"{path}: includes {name}")
            elif not quoted or ".." in name:
                broken.append(f'{path}: includes {name} other than as "folder/file.hpp"')
    return broken


def broken_public_headers(sources: Sources) -> list[str]:
    """Files of include/ that include anything but each other and the standard library."""
    broken = []
    for path, text in sources.items():
        for name, quoted in includes_of(text):
            standard = not quoted and re.fullmatch(r"[a-z_0-9]+", name)
            if not standard and not (quoted and name.startswith("nearfile/")):
                broken.append(f"{path}: includes {name}")
    return broken


def broken_bindings(sources: Sources) -> list[str]:
    """Files of python/bindings/ that look behind the public headers."""
    local = {Path(path).name for path in sources}
    broken = []
    for path, text in sources.items():
        for name, quoted in includes_of(text):
            standard = not quoted and "/" not in name
            allowed = name.startswith(("nearfile/", "nanobind/")) or name in local or standard
            if not allowed or ".." in name:
                broken.append(f"{path}: includes {name}")
    return broken


def broken_intrinsics(sources: Sources) -> list[str]:
    """Files outside of src/kernels/ that include headers of intrinsics."""
    return [
        f"{path}: includes {name}"
        for path, text in sources.items()
        if not path.startswith("src/kernels/") and path not in CHECKSUM_FILES
        for name, _ in includes_of(text)
        if INTRINSICS.match(name)
    ]


def long_files(sources: Sources) -> list[str]:
    return [
        f"{path}: {lines} lines" for path, text in sources.items() if (lines := len(text.splitlines())) > MOST_LINES
    ]


def library_version(text: str) -> str | None:
    found = re.findall(r'^#define NEARFILE_VERSION "([^"]+)"$', text, flags=re.MULTILINE)
    return found[0] if len(found) == 1 else None


def version_in_pyproject(pyproject: str, read) -> str | None:
    """What scikit-build-core takes for the version: `read` gives the text of a file of the project."""
    section = re.search(
        r"^\[tool\.scikit-build\.metadata\.version\]\n((?:(?!\[).*\n?)*)", pyproject, flags=re.MULTILINE
    )
    if section is None or not re.search(r'^dynamic = \[.*"version".*\]', pyproject, flags=re.MULTILINE):
        return None
    settings = dict(re.findall(r"""^(\w+) = ["'](.*)["']$""", section[1], flags=re.MULTILINE))
    found = re.search(settings.get("regex", "$^"), read(settings.get("input", "")))
    return found["value"] if found else None


def newest_in_changelog(text: str) -> str | None:
    """The first heading that names a version: "## 0.1.0", "## [0.1.0] - 2026-01-31". "Unreleased" is none."""
    found = re.search(r"^## +\[?v?(\d+\.\d+\.\d+[^\]\s]*)", text, flags=re.MULTILINE)
    return found[1] if found else None


def unmirrored(test_paths: list[str], source_folders: set[str]) -> list[str]:
    """Folders of tests/cpp/ that have no folder in src/ of the same name."""
    folders = {path.split("/")[2] for path in test_paths if path.count("/") > 2}
    return sorted(folders - source_folders)


def test_src_keeps_its_layers() -> None:
    sources = read_sources("src")
    assert sources
    assert broken_layers(sources) == []


def rooms_of(text: str) -> dict[str, set[str]]:
    """What a table of folders says in its last column: the rows of src/, with `include` for the public headers."""
    rows = re.findall(r"^\| `src/(\w+)/` \|.*\| ([^|]+) \|$", text, flags=re.MULTILINE)
    return {
        folder: set()
        if names == "nothing"
        else {"nearfile" if name == "include" else name for name in names.split(", ")}
        for folder, names in rows
    }


def test_architecture_says_what_is_enforced() -> None:
    assert rooms_of((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")) == MAY_INCLUDE
    assert {path.name for path in (ROOT / "src").iterdir() if path.is_dir()} == set(MAY_INCLUDE)


def test_public_headers_include_the_standard_library_alone() -> None:
    sources = read_sources("include")
    assert "include/nearfile/nearfile.hpp" in sources
    assert broken_public_headers(sources) == []


def test_bindings_include_the_public_headers_alone() -> None:
    sources = read_sources("python/bindings")
    assert "python/bindings/module.cpp" in sources
    assert broken_bindings(sources) == []


def test_intrinsics_stay_in_the_kernels() -> None:
    sources = read_sources("src", "include", "python/bindings")
    assert set(sources) >= CHECKSUM_FILES
    assert broken_intrinsics(sources) == []
    # The rule knows the headers that are in use.
    assert any(INTRINSICS.match(name) for path in CHECKSUM_FILES for name, _ in includes_of(sources[path]))


def test_no_file_is_too_long() -> None:
    assert long_files(read_sources("src", "include")) == []


def test_one_version() -> None:
    version = library_version((ROOT / "include/nearfile/version.hpp").read_text())
    assert version is not None
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert version_in_pyproject(pyproject, lambda path: (ROOT / path).read_text()) == version
    assert newest_in_changelog((ROOT / "CHANGELOG.md").read_text()) == version


def test_cpp_tests_mirror_src() -> None:
    tests = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/cpp").rglob("*.test.cpp")]
    folders = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
    assert unmirrored(tests, folders) == []
    missing = folders - {path.split("/")[2] for path in tests}
    assert missing == set(), "folders of src/ without tests"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/base/a.cpp", '#include "kernels/kernels.hpp"'),
        ("src/base/a.cpp", '#include "nearfile/types.hpp"'),
        ("src/kernels/a.cpp", '#include "base/random.hpp"'),
        ("src/codes/a.hpp", '#include "forest/forest.hpp"'),
        ("src/forest/a.hpp", '#include "codes/bits.hpp"'),
        ("src/forest/a.hpp", "#include <codes/bits.hpp>"),
        ("src/forest/a.hpp", '#include "forest/../codes/bits.hpp"'),
        ("src/forest/a.hpp", '  #  include "opened/state.hpp"'),
        ("src/graph/a.hpp", '#include "codes/bits.hpp"'),
        ("src/file/a.hpp", '#include "kernels/kernels.hpp"'),
        ("src/file/a.hpp", '#include "nearfile/error.hpp"'),
        ("src/opened/a.hpp", '#include "search/scorer.hpp"'),
        ("src/search/a.hpp", '#include "build/rows.hpp"'),
        ("src/build/a.hpp", '#include "api/checks.hpp"'),
        ("src/api/a.hpp", '#include "bindings.hpp"'),
        ("src/annoy/a.hpp", '#include "opened/errors.hpp"'),
        ("src/other/a.hpp", ""),
    ],
)
def test_broken_layers_are_found(path: str, line: str) -> None:
    assert len(broken_layers({path: f"#pragma once\n{line}\n"})) == 1


def test_whole_layers_are_let_be() -> None:
    assert broken_layers({"src/codes/a.cpp": '#include "codes/b.hpp"\n#include "base/c.hpp"\n#include <span>\n'}) == []
    assert broken_layers({"src/api/a.cpp": '#include "nearfile/index.hpp"\n#include "forest/forest.hpp"\n'}) == []
    assert broken_layers({"src/base/a.cpp": '// #include "opened/state.hpp"\n#include <sys/mman.h>\n'}) == []


@pytest.mark.parametrize("line", ['#include "base/result.hpp"', "#include <base/result.hpp>", "#include <unistd.h>"])
def test_broken_public_headers_are_found(line: str) -> None:
    assert broken_public_headers(
        {"include/nearfile/a.hpp": f'#include "nearfile/b.hpp"\n#include <span>\n{line}\n'}
    ) == [f"include/nearfile/a.hpp: includes {line.split()[1][1:-1]}"]


@pytest.mark.parametrize(
    "line", ['#include "opened/state.hpp"', "#include <opened/state.hpp>", '#include "../../src/opened/state.hpp"']
)
def test_broken_bindings_are_found(line: str) -> None:
    fine = "#include <nanobind/nanobind.h>\n#include <nearfile/index.hpp>\n#include <cerrno>\n"
    assert len(broken_bindings({"python/bindings/a.cpp": fine + line})) == 1
    assert broken_bindings({"python/bindings/a.cpp": fine}) == []


@pytest.mark.parametrize(
    "name", ["immintrin.h", "nmmintrin.h", "emmintrin.h", "x86intrin.h", "arm_neon.h", "arm_acle.h"]
)
def test_broken_intrinsics_are_found(name: str) -> None:
    text = f"#include <{name}>\n"
    assert len(broken_intrinsics({"src/base/crc32c.cpp": text, "src/codes/a.hpp": text})) == 2
    assert broken_intrinsics({"src/kernels/a.cpp": text, "src/base/crc32c_arm.cpp": text}) == []


def test_rooms_are_read_from_the_table() -> None:
    table = "| folder | lives there | may include |\n| `src/a/` | one | nothing |\n| `src/b/` | `c` | a, include |\n| `d/` | | a |\n"
    assert rooms_of(table) == {"a": set(), "b": {"a", "nearfile"}}


def test_long_files_are_found() -> None:
    assert long_files({"src/a": "\n" * 400, "src/b": "\n" * 401}) == ["src/b: 401 lines"]


def test_versions_that_differ_are_found() -> None:
    header = '#pragma once\n#define NEARFILE_VERSION "1.2.3"\n'
    pyproject = (
        '[project]\ndynamic = ["version"]\n[tool.scikit-build.metadata.version]\ninput = "v.hpp"\n'
        'regex = \'VERSION "(?P<value>[^"]+)"\'\n[tool.x]\n'
    )
    assert library_version(header) == "1.2.3"
    assert library_version(header + header) is None
    assert version_in_pyproject(pyproject, {"v.hpp": header}.__getitem__) == "1.2.3"
    assert version_in_pyproject(pyproject.replace("dynamic", "static"), {"v.hpp": header}.__getitem__) is None
    assert version_in_pyproject('[project]\nversion = "1.2.3"\n', {}.__getitem__) is None
    assert newest_in_changelog("# Changelog\n\n## Unreleased\n\n## [1.2.3] - 2026-01-31\n\n## 1.2.2\n") == "1.2.3"
    assert newest_in_changelog("# Changelog\n\n## 1.2.4 (2026-01-31)\n") == "1.2.4"
    assert newest_in_changelog("# Changelog\n") is None


def test_folders_that_mirror_nothing_are_found() -> None:
    tests = ["tests/cpp/base/a.test.cpp", "tests/cpp/bse/b.test.cpp", "tests/cpp/top.test.cpp"]
    assert unmirrored(tests, {"base", "file"}) == ["bse"]
