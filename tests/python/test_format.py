"""The file format: golden files, the educational reader, and docs/format.md, which all say the same."""

from __future__ import annotations

import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
from typing import Any

import nearfile
import numpy as np
import pytest
import reference

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "tests" / "corpus"
sys.path.insert(0, str(CORPUS))

import dump  # noqa: E402
import make  # noqa: E402

read_index = dump.read_index

CASES = make.cases()
EXPECTED = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")

each_file = pytest.mark.parametrize("expected", EXPECTED, ids=[each["file"] for each in EXPECTED])
each_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
WRITTEN = [case for case in CASES if "retired" not in case]
each_written = pytest.mark.parametrize("case", WRITTEN, ids=[case["name"] for case in WRITTEN])


def golden(expected: dict[str, Any]) -> pathlib.Path:
    return make.FOLDER / expected["file"]


def read(path: pathlib.Path) -> Any:
    return read_index.IndexFile(np.fromfile(path, np.uint8))


def tolerance(metric: str) -> float:
    # Where vectors are nearly alike an angle is the root of a rounding error.
    return 2e-3 if metric == "angular" else 1e-5


# Golden files


def test_every_file_is_in_the_list() -> None:
    assert sorted(each["file"] for each in EXPECTED) == sorted(path.name for path in make.FOLDER.iterdir())
    assert [each["file"] for each in EXPECTED] == [f"{case['name']}.near" for case in CASES]


@each_file
def test_a_golden_file_answers_as_recorded(expected: dict[str, Any]) -> None:
    path = golden(expected)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == expected["sha256"]
    with nearfile.open(path, verify=True) as index:
        info = index.info()
        assert info["path"] == str(path)
        # Later versions may say more of a file, and nothing else.
        assert {name: info[name] for name in expected["info"]} == expected["info"]
        assert index.ids.tolist() == expected["ids"]
        for each in expected["queries"]:
            for name in each.keys() - {"query"}:
                options = {"exact": True} if name == "exact" else {"search_k": expected["search_k"]}
                ids, distances = index.search(each["query"], expected["k"], **options)
                assert ids.tolist() == each[name]["ids"], name
                np.testing.assert_array_equal(distances, np.array(each[name]["distances"], np.float32))


@each_case
def test_a_golden_file_holds_what_was_added(case: dict[str, Any]) -> None:
    with nearfile.open(make.FOLDER / f"{case['name']}.near") as index:
        assert index.info()["value_type"] == case["values"]
        kept, added = index.vectors(index.ids.tolist()), make.vectors(case)
        if "keep" in case:
            added /= np.linalg.norm(added, axis=1, keepdims=True)
            np.testing.assert_allclose(kept, added, atol=4e-3)
        else:
            np.testing.assert_array_equal(kept, added)
        assert index.ids.tolist() == (make.ids(case) or list(range(case["count"])))


@each_written
def test_the_writer_gives_the_same_bytes_again(case: dict[str, Any], tmp_path: pathlib.Path) -> None:
    """After a deliberate change: ``python tests/corpus/make.py``."""
    make.build(case, tmp_path / "again.near").close()
    old = (make.FOLDER / f"{case['name']}.near").read_bytes()
    new = make.written_by((tmp_path / "again.near").read_bytes(), library_version=old[120:136])
    assert new == old


# The educational reader


@each_file
def test_the_reader_agrees_on_a_golden_file(expected: dict[str, Any]) -> None:
    file = read(golden(expected))
    file.verify()
    info = expected["info"]
    for name in ("metric", "dim", "count", "value_type", "id_kind"):
        assert getattr(file, name) == info[name]
    for name in ("n_trees", "leaf_size", "seed"):
        assert file.description[name] == info[name]
    assert file.description["library_version"].decode() == info["library_version"]
    names = [read_index.SECTIONS[kind - 1] for kind in file.table]
    assert names == [section["name"] for section in info["sections"]]
    assert file.ids == expected["ids"]
    with nearfile.open(golden(expected)) as index:
        np.testing.assert_array_equal(file.vectors(), index.vectors(expected["ids"]))
    everything = list(range(file.count))
    for each in expected["queries"]:
        query = np.array(each["query"], np.float32)
        for name in each.keys() - {"query"}:
            exact = name == "exact"
            found = (
                file.nearest(query, everything, expected["k"])
                if exact
                else file.search(query, expected["k"], expected["search_k"])
            )
            assert [file.ids[row] for row, _ in found] == each[name]["ids"], name
            np.testing.assert_allclose(
                [distance for _, distance in found],
                each[name]["distances"],
                rtol=1e-5,
                atol=tolerance(file.metric),
            )


@pytest.mark.parametrize("dim", [16, 150])
def test_the_reader_walks_the_forest_as_the_library_does(metric: str, dim: int, tmp_path: pathlib.Path) -> None:
    vectors = reference.vectors_for(metric, 2000, dim, seed=1)
    queries = reference.vectors_for(metric, 8, dim, seed=2)
    options = {"metric": metric, "structure": "forest", "n_trees": 5, "seed": 9}
    with nearfile.build(vectors, tmp_path / "medium.near", **options) as index:
        file = read(tmp_path / "medium.near")
        assert file.projected == (dim > 128 and metric != "hamming")
        for search_k in (1, 100, 700):
            for query in queries:
                ids, distances = index.search(query, 10, search_k=search_k)
                found = file.search(query, 10, search_k)
                assert [row for row, _ in found] == ids.tolist()
                np.testing.assert_allclose([distance for _, distance in found], distances, rtol=1e-5, atol=1e-5)


@each_file
def test_codes_are_as_near_as_they_say(expected: dict[str, Any]) -> None:
    file = read(golden(expected))
    if file.code_kind in ("bits", "none") or file.stored is None or file.count == 0:
        return
    vectors = file.vectors()
    has_direction = np.ones(file.count, bool)
    if file.metric in ("angular", "cosine"):
        has_direction = vectors.any(axis=1)
        vectors = np.stack([read_index.normalised(vector) for vector in vectors])
    centered = vectors.astype(np.float64) - (file.center if len(file.center) else 0)
    approximations, errors = file.approximations()
    differences = np.abs(centered - approximations)
    order = 2 if file.code_kind == "scaled" else 1
    lengths = (differences**order).sum(axis=1) ** (1 / order)
    assert (lengths <= errors * 1.001 + 1e-5 * np.abs(centered).max())[has_direction].all()
    assert (errors <= lengths * 1.001 + 1e-5 * np.abs(centered).max())[has_direction].all()
    assert (differences <= 0.501 * np.abs(centered).max() / 127)[has_direction].all()
    assert not approximations[~has_direction].any()


def test_the_reader_runs_as_a_command() -> None:
    path = make.FOLDER / "euclidean-float32-string.near"
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "read_index.py", path, "--query", "10", "-k", "3"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "72 vectors, dim 7, euclidean, float32, ids: string" in done.stdout
    assert done.stdout.count("'item 10'  0\n") == 2


# Damage, and what later versions may add


def with_section(data: bytes, kind: int, flags: int) -> bytes:
    """A file of a later version: with one more section."""
    count = struct.unpack_from("<I", data, 24)[0]
    content = b"more"
    changed = bytearray(data) + content + bytes(128 - len(content))
    struct.pack_into("<QI", changed, 16, len(changed), count + 1)
    entry = struct.pack("<IIQQII", kind, flags, len(data), len(content), read_index.crc32c(content), 0)
    changed[256 + 32 * count : 288 + 32 * count] = entry
    return make.written_by(bytes(changed), bytes(data[120:136]))


def test_an_unknown_section_that_is_optional_is_skipped() -> None:
    expected = EXPECTED[0]
    data = with_section(golden(expected).read_bytes(), kind=1000, flags=0)
    file = read_index.IndexFile(np.frombuffer(data, np.uint8))
    file.verify()
    with nearfile.open_buffer(data, verify=True) as index:
        each = expected["queries"][0]
        assert index.search(each["query"], expected["k"], exact=True)[0].tolist() == each["exact"]["ids"]


@pytest.mark.parametrize("flags", [1, 2])
def test_an_unknown_section_that_is_required_or_flags_unknown_are_refused(flags: int) -> None:
    data = with_section(golden(EXPECTED[0]).read_bytes(), kind=1000, flags=flags)
    with pytest.raises(read_index.BadFileError):
        read_index.IndexFile(np.frombuffer(data, np.uint8))
    with pytest.raises(nearfile.BadFileError, match="1000"):
        nearfile.open_buffer(data)


@pytest.mark.parametrize("name", ["euclidean-uint8-int64", "hamming-bit-string", "empty"])
def test_every_damaged_byte_is_found_by_both(name: str) -> None:
    data = (make.FOLDER / f"{name}.near").read_bytes()
    table_end = 256 + 32 * struct.unpack_from("<I", data, 24)[0]
    for at in [*range(0, table_end, 3), *range(table_end, len(data), 211)]:
        damaged = bytearray(data)
        damaged[at] ^= 0x10
        with pytest.raises(nearfile.BadFileError):
            nearfile.open_buffer(bytes(damaged), verify=True)
        with pytest.raises(read_index.BadFileError):
            read_index.IndexFile(np.frombuffer(bytes(damaged), np.uint8)).verify()


def test_the_checksum_is_crc32c() -> None:
    assert read_index.crc32c(b"123456789") == 0xE3069283


# The page


def rows_of(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading of the page, without its head."""
    below = PAGE.split(f"\n{heading}\n", 1)[1].split("\n#", 1)[0]
    rows = [line.strip("| ").split("|") for line in re.findall(r"^\|.*\|$", below, re.MULTILINE)]
    return [[cell.strip(" `") for cell in row] for row in rows[2:]]


@pytest.mark.parametrize(
    ("heading", "layout"),
    [
        ("### Header", read_index.HEADER),
        ("### Table of sections", read_index.SECTION_ENTRY),
        ("## 3. The description", read_index.DESCRIPTION),
        ("### splits of planes", read_index.SPLIT),
        ("### splits of bits", read_index.BIT_SPLIT),
    ],
)
def test_the_tables_of_the_page_are_the_readers(heading: str, layout: np.dtype) -> None:
    assert layout.fields is not None
    fields = [[str(at), str(of.itemsize), name] for name, (of, at, *_) in layout.fields.items()]
    assert [[row[0], row[1], row[3]] for row in rows_of(heading)] == fields


def test_the_page_lists_every_section() -> None:
    listed = [(int(row[0]), row[1]) for row in rows_of("## 4. The sections")]
    assert listed == list(enumerate(read_index.SECTIONS, 1))


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("metric", read_index.METRICS),
        ("value_type", read_index.VALUE_TYPES),
        ("id_kind", read_index.ID_KINDS),
        ("structure", read_index.STRUCTURES),
        ("profile", read_index.PROFILES),
        ("keep", read_index.KEEPS),
        ("space", read_index.SPACES),
        ("code_kind", read_index.CODE_KINDS),
    ],
)
def test_the_page_lists_every_value(word: str, names: tuple[str, ...]) -> None:
    assert [(int(row[0]), row[1]) for row in rows_of(f"### {word}")] == list(enumerate(names))


def test_the_dump_on_the_page_is_what_the_writer_writes(tmp_path: pathlib.Path) -> None:
    """After a deliberate change: ``python tests/corpus/make.py``."""
    blocks = make.example_blocks(PAGE)
    shown = dump.parse(blocks["example"])
    data = bytes(shown[at] for at in range(len(shown)))
    make.build_example(tmp_path / "example.near")
    assert make.written_by((tmp_path / "example.near").read_bytes(), data[120:136]) == data
    planes = (make.FOLDER / f"{make.PLANES_CASE}.near").read_bytes()
    assert blocks == make.dumps(data, planes)
    assert all(planes[at] == byte for at, byte in dump.parse(blocks["planes"]).items())
