"""Makes the golden files of the current format version, their expected answers, and the dump in docs/format.md.

    python tests/corpus/make.py

The files are tiny, one for each metric, value type and kind of id. tests/python/test_format.py opens and searches
them, and makes them again to see that the writer still gives the same bytes. Run this after a deliberate change of the
writer, look at the difference, and commit it. Files that a release has written are never replaced, only added to: copy
those that differ under another name before running this.

All numbers come from SplitMix64 and are short sums of powers of two, so that they are the same on every machine and
with every NumPy.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
from typing import Any

import dump
import nearfile
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "format-1"
PAGE = HERE.parent.parent / "docs" / "format.md"

METRICS = ("angular", "cosine", "euclidean", "dot", "manhattan")
VALUE_TYPES = ("float32", "float16", "uint8")
ID_KINDS = ("row", "int64", "string")
K = 5
SEARCH_K = 20

Case = dict[str, Any]


def cases() -> list[Case]:
    """Everything that ``build`` is asked for, but for the numbers."""
    common = {"count": 72, "dim": 7, "n_trees": 3, "seed": 5}
    made = []
    for m, metric in enumerate(METRICS):
        for v, value_type in enumerate(VALUE_TYPES):
            ids = ID_KINDS[(m + v) % 3]
            made.append({"name": f"{metric}-{value_type}-{ids}", "metric": metric, "values": value_type, "ids": ids})
    made += [{"name": f"hamming-bit-{ids}", "metric": "hamming", "values": "bit", "ids": ids} for ids in ID_KINDS]
    made += [
        # No vectors at all.
        {"name": "empty", "metric": "angular", "values": "float32", "ids": "row", "count": 0},
        # So few that every tree is one leaf.
        {"name": "one", "metric": "dot", "values": "float32", "ids": "string", "count": 1},
        # More dimensions than planes have, and not a multiple of anything.
        {"name": "projected", "metric": "angular", "values": "uint8", "ids": "row", "dim": 131, "n_trees": 2},
        # Every third vector is zero, and has no direction.
        {"name": "directionless", "metric": "angular", "values": "uint8", "ids": "int64"},
        # All vectors are alike: no bit parts them.
        {"name": "alike", "metric": "hamming", "values": "bit", "ids": "row", "dim": 70},
        # Graphs: with sketches, of a rotation and of a projection, and without.
        {"name": "graph-rotated", "metric": "euclidean", "values": "float32", "ids": "string", "structure": "graph"},
        {"name": "graph-bytes", "metric": "euclidean", "values": "uint8", "ids": "row", "structure": "graph"},
        {
            "name": "graph-projected",
            "metric": "angular",
            "values": "float16",
            "ids": "int64",
            "dim": 131,
            "structure": "graph",
        },
        {
            "name": "graph-compact",
            "metric": "cosine",
            "values": "float32",
            "ids": "row",
            "structure": "graph",
            "profile": "compact",
        },
        {"name": "graph-manhattan", "metric": "manhattan", "values": "float32", "ids": "row", "structure": "graph"},
        {"name": "graph-products", "metric": "dot", "values": "float32", "ids": "row", "structure": "graph"},
        {
            "name": "graph-products-compact",
            "metric": "dot",
            "values": "float16",
            "ids": "int64",
            "structure": "graph",
            "profile": "compact",
        },
        # Vectors behind four bits a dimension, rotated.
        {
            "name": "graph-compact-nibbles",
            "metric": "euclidean",
            "values": "float32",
            "ids": "int64",
            "dim": 120,
            "structure": "graph",
            "profile": "compact",
        },
        # In two planes of four bits, rotated.
        {
            "name": "graph-split",
            "metric": "angular",
            "values": "float32",
            "ids": "string",
            "dim": 120,
            "structure": "graph",
            "profile": "compact",
            "keep": "none",
        },
        {"name": "graph-bits", "metric": "hamming", "values": "bit", "ids": "string", "dim": 70, "structure": "graph"},
    ]
    # As they were written when neighbours were not sorted.
    made += [
        {**case, "name": f"{case['name']}-plain", "retired": True}
        for case in made
        if case["name"] in ("graph-compact", "graph-products-compact")
    ]
    # As they were written when sketches saw all that walks see.
    made += [
        {**case, "name": f"{case['name']}-whole", "retired": True} for case in made if case["name"] == "graph-projected"
    ]
    return [{**common, **case} for case in made]


def numbers(seed: int, n: int) -> np.ndarray:
    """SplitMix64, the upper 32 bits."""
    mask = (1 << 64) - 1
    out = []
    state = seed
    for _ in range(n):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & mask
        out.append((z ^ (z >> 31)) >> 32)
    return np.array(out, np.uint64)


def values(case: Case, seed: int, count: int) -> np.ndarray:
    """``count`` vectors whose smallest value type is the case's."""
    drawn = numbers(seed, count * case["dim"]).reshape(count, case["dim"])
    if case["values"] == "bit":
        return (drawn % 2).astype(np.float32)
    if case["values"] == "uint8":
        return (drawn % 256).astype(np.float32)
    # Twice as many bits as a half has, or as many.
    steps = 1 << (22 if case["values"] == "float32" else 10)
    return ((drawn % steps).astype(np.float64) * 8 / steps - 4).astype(np.float32)


def vectors(case: Case) -> np.ndarray:
    """What the index is built from."""
    made = values(case, 1, case["count"])
    if case["name"] == "directionless":
        made[::3] = 0
    if case["name"] == "alike":
        made[:] = made[0]
    return made


def queries(case: Case) -> np.ndarray:
    """An item, where there is one, and one that is none."""
    return np.concatenate([vectors(case)[10:11], values(case, 2, 1)])


def ids(case: Case) -> list[int] | list[str] | None:
    """Ids that do not ascend, some of them odd."""
    n = case["count"]
    if case["ids"] == "row" or n == 0:
        return None
    if case["ids"] == "int64":
        odd = [-(1 << 63), (1 << 63) - 1, 0, -1]
        return [*odd, *(1000 - 7 * row for row in range(4, n))][:n]
    return ["pêche", "", "a b", "日本", *(f"item {row}" for row in range(4, n))][:n]


def build(case: Case, path: pathlib.Path) -> nearfile.Index:
    """The index of a case, made by the real writer."""
    return nearfile.build(
        vectors(case),
        path,
        metric=case["metric"],
        ids=ids(case),
        structure=case.get("structure", "forest"),
        profile=case.get("profile", "balanced"),
        keep=case.get("keep", "exact"),
        n_trees=case["n_trees"],
        seed=case["seed"],
        progress=False,
    )


def build_example(path: pathlib.Path) -> None:
    """The worked example of docs/format.md."""
    rows = [[1, 0.5], [4, 2.5], [4, 0]]
    nearfile.build(
        rows,
        path,
        metric="euclidean",
        ids=["pear", "apple", "fig"],
        structure="forest",
        n_trees=2,
        seed=7,
        progress=False,
    ).close()


def short(floats: np.ndarray) -> list[float]:
    """Each with the fewest digits that make the same float32."""
    return [float(str(value)) for value in floats]


def answers(index: nearfile.Index, query: np.ndarray) -> dict[str, Any]:
    """By brute force and from the forest; a graph of so few items is always searched by brute force."""
    found = {}
    ways: dict[str, dict[str, Any]] = {"exact": {"exact": True}}
    if index.info()["structure"] == "forest":
        ways["forest"] = {"search_k": SEARCH_K}
    for name, options in ways.items():
        names, distances = index.search(query, K, **options)
        found[name] = {"ids": names.tolist(), "distances": short(distances)}
    return found


def describe(case: Case, path: pathlib.Path) -> dict[str, Any]:
    """What a reader must find in the file."""
    with nearfile.open(path) as index:
        info = index.info()
        del info["path"]
        return {
            "file": path.name,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "info": info,
            "ids": index.ids.tolist(),
            "k": K,
            "search_k": SEARCH_K,
            "queries": [{"query": short(query), **answers(index, query)} for query in queries(case)],
        }


def written_by(data: bytes, library_version: bytes) -> bytes:
    """``data`` as another release would have written it: its version and the checksum of the header differ."""
    changed = bytearray(data)
    changed[120:136] = library_version.ljust(16, b"\0")
    changed[28:32] = bytes(4)
    table_end = 256 + 32 * struct.unpack_from("<I", changed, 24)[0]
    changed[28:32] = struct.pack("<I", dump.read_index.crc32c(bytes(changed[:table_end])))
    return bytes(changed)


def example_blocks(page: str) -> dict[str, str]:
    """The dumps in the page, by name."""
    return dict(re.findall(r"<!-- dump: (\w+) -->\n```text\n(.*?)```\n<!-- end -->", page, re.DOTALL))


def dumps(example: bytes, planes: bytes) -> dict[str, str]:
    """What the page shows: all of the example, the start of two sections of a file that has splits, and an item."""
    return {"example": dump.whole(example), "planes": dump.first_split(planes), "inspect": inspected()}


def inspected() -> str:
    """What ``nearfile inspect`` prints of an item, of a file made anew."""
    case = next(case for case in cases() if case["name"] == INSPECTED_CASE)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"{INSPECTED_CASE}.near"
        build(case, path).close()
        command = [sys.executable, "-m", "nearfile.cli", "inspect", str(path), INSPECTED_ID]
        plain = {**os.environ, "FORCE_COLOR": "", "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(command, capture_output=True, check=True, env=plain, encoding="utf-8")
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


PLANES_CASE = "euclidean-float32-string"
INSPECTED_CASE = "graph-rotated"
INSPECTED_ID = "item 10"


def update_page(example: bytes, planes: bytes) -> None:
    """Put the dumps into docs/format.md, between their marks."""
    page = PAGE.read_text(encoding="utf-8")
    for name, text in dumps(example, planes).items():
        block = f"<!-- dump: {name} -->\n```text\n{text}```\n<!-- end -->"
        page = re.sub(rf"<!-- dump: {name} -->.*?<!-- end -->", lambda _, block=block: block, page, flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")


def main() -> None:
    """Make everything anew."""
    FOLDER.mkdir(exist_ok=True)
    expected = []
    for case in cases():
        path = FOLDER / f"{case['name']}.near"
        if "retired" not in case:
            build(case, path).close()
        expected.append(describe(case, path))
    with (HERE / "expected.json").open("w", encoding="utf-8", newline="\n") as out:
        out.write("[\n" + ",\n".join(json.dumps(each, ensure_ascii=False) for each in expected) + "\n]\n")
    with tempfile.TemporaryDirectory() as folder:
        example = pathlib.Path(folder) / "example.near"
        build_example(example)
        update_page(example.read_bytes(), (FOLDER / f"{PLANES_CASE}.near").read_bytes())
    total = sum(path.stat().st_size for path in FOLDER.iterdir())
    sys.stdout.write(f"{len(expected)} files, {total} bytes\n")


if __name__ == "__main__":
    main()
