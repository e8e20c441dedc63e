"""``Index.inspect`` and ``nearfile inspect``: what they tell of an item is what its bytes say."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import nearfile
import numpy as np
import pytest
import reference
from nearfile.cli.app import app
from nearfile.cli.inspect import for_machines
from typer.testing import CliRunner

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GOLDEN = sorted((ROOT / "tests" / "corpus" / "format-1").glob("*.near"))
ITEMS = [path for path in GOLDEN if path.stem != "empty"]
sys.path.insert(0, str(ROOT / "tests" / "corpus"))

import dump  # noqa: E402

each_golden = pytest.mark.parametrize("path", ITEMS, ids=[path.stem for path in ITEMS])


def build(metric: str, structure: str, n: int = 200, **options: Any) -> nearfile.Index:
    return nearfile.build(reference.vectors_for(metric, n, 12), metric=metric, structure=structure, **options)


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["inspect", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def run_json(*arguments: object) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(run("--json", *arguments), parse_constant=refuse)


def extents_in(part: Any) -> Iterator[dict[str, Any]]:
    """All extents, wherever they are told of."""
    if isinstance(part, dict) and part.keys() == {"section", "offset", "bytes", "data"}:
        yield part
    elif isinstance(part, (dict, list)):
        for each in part.values() if isinstance(part, dict) else part:
            yield from extents_in(each)


# The method


def test_the_parts_are_those_of_the_item(metric: str, structure: str, tmp_path: pathlib.Path) -> None:
    with nearfile.build(
        reference.vectors_for(metric, 200, 12), tmp_path / "items.near", metric=metric, structure=structure
    ) as index:
        data = (tmp_path / "items.near").read_bytes()
        sections = {each["name"]: each for each in index.info()["sections"]}
        for id_ in range(0, 200, 9):
            found = index.inspect(id_)
            assert (found["id"], found["row"]) == (id_, id_)
            extents = list(extents_in(found))
            assert extents
            for each in extents:
                start, end = each["offset"], each["offset"] + each["bytes"]
                assert each["data"] == data[start:end]
                section = sections[each["section"]]
                assert section["offset"] <= start < end <= section["offset"] + section["bytes"]
            np.testing.assert_array_equal(found["values"], index.vector(id_))
            assert found["values"].dtype == index.vector(id_).dtype
            assert all(id_ in leaf["ids"] for leaf in found["leaves"])
            assert (found["vertex"] is not None) == (structure == "graph")
            for near in found["vertex"]["neighbors"] if found["vertex"] else []:
                assert near["distance"] == index.distance(id_, near["id"])


@pytest.mark.parametrize("ids", [None, [7, -(1 << 63), 4], ["b", "", "δ"]], ids=["row", "int64", "string"])
def test_ids_are_those_of_the_index(ids: list[Any] | None, structure: str) -> None:
    index = nearfile.build(np.eye(3), ids=ids, structure=structure)
    names = index.ids.tolist()
    for row, id_ in enumerate(names):
        found = index.inspect(id_)
        assert (found["id"], found["row"]) == (id_, row)
        assert sorted(found["leaves"][0]["ids"]) == sorted(names)
        if found["vertex"] is not None:
            assert sorted(near["id"] for near in found["vertex"]["neighbors"]) == sorted({*names} - {id_})
    assert index.inspect(index.ids[0])["id"] == names[0]


@each_golden
def test_the_reader_sees_the_same(path: pathlib.Path) -> None:
    file = dump.load(path.read_bytes())
    with nearfile.open(path) as index:
        for row in range(0, len(index), 5):
            found = index.inspect(file.ids[row])
            leaves = {leaf["leaf"]: leaf["ids"] for leaf in found["leaves"]}
            for leaf, ids in leaves.items():
                assert [file.ids[each] for each in file.leaf(leaf)] == ids
            if file.graph:
                assert found["item"] == file.item_of_row[row]
                around = file.neighbors[found["item"]]
                near = [file.ids[each] for each in file.row_of_item[around[around < file.count]]]
                assert [each["id"] for each in found["vertex"]["neighbors"]] == near
                assert [each["place"] for each in found["vertex"]["neighbors"]] == np.flatnonzero(
                    around < file.count
                ).tolist()
            else:
                bits = file.metric == "hamming"
                seen = (found["values"], np.float32(1)) if bits else file.seen_by_planes(found["values"])
                for split in (split for leaf in found["leaves"] for split in leaf["path"]):
                    margin = file.margin(seen, split["split"])
                    assert split["search_above"] == (margin > 0)
                    if not bits:
                        assert split["margin"] == pytest.approx(margin, rel=1e-5, abs=1e-6)
            if found["nibbles"] is not None:
                assert found["nibbles"]["code"].tolist() == file.nibbles[found["item"]].tolist()
                assert found["nibbles"]["factor"] == file.nibble_factor[found["item"]]


def test_codes_stand_beside_what_was_coded() -> None:
    index = build("euclidean", "graph", keep="none")
    assert index.inspect(3)["code"]["exact"] is None
    assert index.inspect(3)["vector"] is None
    found = build("euclidean", "forest").inspect(3)
    assert np.linalg.norm(found["code"]["decoded"] - found["code"]["exact"]) <= found["code"]["error"]
    found = build("euclidean", "graph").inspect(3)
    assert found["code"] is None
    np.testing.assert_allclose(found["nibbles"]["decoded"], found["nibbles"]["exact"], atol=1)
    assert found["nibbles"]["exact"].shape == (12,)


def test_what_is_not_there_is_refused(structure: str) -> None:
    index = build("angular", structure)
    for id_ in (200, -1, 1 << 70, "5", None, 1.5):
        with pytest.raises(nearfile.NotFoundError, match="expected one of this index's 200, which are row numbers"):
            index.inspect(id_)  # type: ignore[arg-type]
    index.close()
    with pytest.raises(nearfile.ClosedError):
        index.inspect(5)


def damaged(path: pathlib.Path, section: str, at: int, data: bytes) -> None:
    with nearfile.open(path) as index:
        start = next(each["offset"] for each in index.info()["sections"] if each["name"] == section)
    whole = bytearray(path.read_bytes())
    whole[start + at : start + at + len(data)] = data
    path.write_bytes(whole)


def test_a_damaged_file_is_refused_by_name(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    build("euclidean", "graph").save(path)
    damaged(path, "item_of_row", 4 * 5, b"\xff\xff\xff\x7f")
    with nearfile.open(path) as index, pytest.raises(nearfile.BadFileError, match="section item_of_row") as caught:
        index.inspect(5)
    assert caught.value.filename == str(path)
    assert "section item_of_row" in run(path, 5, code=1)
    assert run(path, 6)


# The command


@each_golden
def test_every_kind_of_file_is_shown_to_people_and_machines(path: pathlib.Path) -> None:
    with nearfile.open(path) as index:
        id_ = index.ids.tolist()[-1]
        found = index.inspect(id_)
        told = run_json(path, "--", id_)
        assert told == json.loads(json.dumps(for_machines(found)))
        out = run(path, "--", id_)
    data = path.read_bytes()
    for each in extents_in(told):
        assert bytes.fromhex(each["data"]) == data[each["offset"] : each["offset"] + each["bytes"]]
    assert f"row     {found['row']} in the order of adding" in out
    for each in found["extents"]:
        assert re.search(rf"^{each['section']}\b.*\b0x", out, re.MULTILINE)
    for near in found["vertex"]["neighbors"] if found["vertex"] else []:
        assert re.search(rf"^ *{near['place']} .*{re.escape(repr(near['id']))} ", out, re.MULTILINE)
    for leaf in found["leaves"]:
        assert found["vertex"] or re.search(rf"^ *{leaf['tree']} +{leaf['leaf']} ", out, re.MULTILINE)


def test_a_number_below_zero_is_an_id_and_a_wrong_option_is_none(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "numbers.near"
    nearfile.build(np.eye(3), path, ids=[-20, 5, 7]).close()
    assert run_json(path, -20)["row"] == 0
    assert "ID: expected a whole number, as this index's ids are, got 'x'" in run(path, "x", code=1)
    assert "id: expected one of this index's 3, which are whole numbers, got 6 (int)" in run(path, 6, code=1)
    run(path, 5, "--jsn", code=2)
    run(path, code=2)


def test_more_of_it_when_asked(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    build("manhattan", "forest", n_trees=3).save(path)
    assert "Tree 0: " in run(path, 5)
    assert "Tree 2: " in run(path, 5, "--tree", 2)
    assert "--tree: expected one from 0 to 2, got 3" in run(path, 5, "--tree", 3, code=1)
    assert "and 4 more coordinates: --values 12" in run(path, 5)
    assert "more coordinates" not in run(path, 5, "--values", 12)
    assert "coordinate " not in run(path, 5, "--values", 0)


def test_in_a_pipe_it_is_plain_and_nothing_is_cut(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    ids = [f"{row} {'long ' * 30}" for row in range(3000)]
    build("angular", "forest", n=3000, n_trees=2, ids=ids).save(path)
    command = [sys.executable, "-m", "nearfile.cli", "inspect", str(path), ids[7]]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FORCE_", "TTY_"))}

    def output(**environment: str) -> str:
        done = subprocess.run(
            command, capture_output=True, check=True, env={**clean, **environment}, timeout=120, encoding="utf-8"
        )
        return done.stdout

    plain = output(COLUMNS="30", PYTHONIOENCODING="utf-8")
    assert "\x1b" not in plain
    assert "…" not in plain
    with nearfile.open(path) as index:
        for leaf in index.inspect(ids[7])["leaves"]:
            way = " ".join(f"{each['split']}{'+' if each['above'] else '-'}" for each in leaf["path"])
            assert f"   {way}" in plain
    terminal = output(COLUMNS="60", PYTHONIOENCODING="utf-8", FORCE_COLOR="1")
    assert "\x1b" in terminal
    assert max(len(line) for line in re.sub(r"\x1b\[[0-9;]*m", "", terminal).splitlines()) <= 60


def test_ids_cannot_steer_the_terminal(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    ids = ["\x1b[2Jgone", "two\nlines", "[red]markup[/red]"]
    nearfile.build(np.eye(3), path, ids=ids).close()
    for id_ in ids:
        out = run(path, id_)
        assert "\x1b" not in out
        assert "two\nlines" not in out
        assert "'[red]markup[/red]'" in out


def test_what_is_no_number_is_null_for_machines(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    nearfile.build(reference.vectors_for("dot", 50, 4), path, metric="dot").close()
    with nearfile.open(path) as index:
        item = index.inspect(5)["item"]
    # The upper halves of the first two values, then the lower ones.
    halves = np.array([np.nan, np.inf], np.float32).view(np.uint16)
    damaged(path, "vectors", item * 8, halves[1::2].tobytes())
    damaged(path, "vectors", 50 * 8 + item * 8, halves[::2].tobytes())
    assert run_json(path, 5)["values"][:2] == [None, None]
    assert "nan, inf, " in run(path, 5)
