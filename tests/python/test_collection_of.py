"""Collections of files that were built elsewhere: by tasks of a cluster that die and are tried again, say."""

from __future__ import annotations

import os
import pathlib
import time

import nearfile
import numpy as np
import pytest
import reference
from nearfile.collection import new_segment

VECTORS = reference.vectors_for("euclidean", 90, 8)


def built(path: pathlib.Path, rows: slice, ids: object = None, **options: object) -> pathlib.Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    nearfile.build(VECTORS[rows], path, metric="euclidean", ids=ids, progress=False, **options).close()
    return path


def parts_of(folder: pathlib.Path, ids: object = None) -> list[pathlib.Path]:
    names = [None] * 3 if ids is None else [ids[start : start + 30] for start in (0, 30, 60)]
    return [built(folder / f"part {i}.near", slice(30 * i, 30 * i + 30), names[i]) for i in range(3)]


def test_row_numbers_are_counted_on(tmp_path: pathlib.Path) -> None:
    one = nearfile.build(VECTORS, metric="euclidean")
    with nearfile.Collection.of(tmp_path / "items", parts_of(tmp_path / "parts"), background=False) as items:
        assert items.ids.tolist() == list(range(90))
        found = items.search(VECTORS[:50] + 0.1, 4, exact=True)
        expected = one.search(VECTORS[:50] + 0.1, 4, exact=True)
        assert found[0].tolist() == expected[0].tolist()
        assert items.vector(64).tolist() == VECTORS[64].tolist()
        assert 89 in items
        assert 90 not in items
        assert items.inspect(64)["id"] == 64
        assert items.add(VECTORS[:1]).tolist() == [90]
        assert items.delete([31, 90]) == 2
        items.add(VECTORS[:1], ids=[5])
        assert sorted(items.ids.tolist()) == [i for i in range(90) if i != 31]
        assert items.vector(5).tolist() == VECTORS[0].tolist()
        items.compact()
        assert sorted(items.ids.tolist()) == [i for i in range(90) if i != 31]
    assert len(os.listdir(tmp_path / "parts")) == 3


@pytest.mark.parametrize("kind", ["int", "str"])
def test_of_an_id_in_two_files_the_later_is_kept(tmp_path: pathlib.Path, kind: str) -> None:
    numbers = np.r_[0:30, 20:50, 45:75]
    ids = numbers if kind == "int" else [f"n{number}" for number in numbers]
    with nearfile.Collection.of(tmp_path / "items", parts_of(tmp_path, ids)) as items:
        last = {id_: row for row, id_ in enumerate(numbers.tolist() if kind == "int" else ids)}
        assert items.ids.tolist() == sorted(last, key=lambda id_: last[id_])
        for id_, row in last.items():
            assert items.vector(id_).tolist() == VECTORS[row].tolist()
        items.verify()


def test_files_with_ids_and_files_with_row_numbers_go_together(tmp_path: pathlib.Path) -> None:
    files = [
        built(tmp_path / "a.near", slice(0, 10)),  # 0 to 9
        built(tmp_path / "b.near", slice(10, 20), range(5, 15)),
        built(tmp_path / "c.near", slice(20, 30)),  # 15 to 24
        built(tmp_path / "d.near", slice(30, 40), [0, 24, 100, 101, 102, 103, 104, 105, 106, 107]),
    ]
    with nearfile.Collection.of(tmp_path / "items", files) as items:
        assert items.ids.tolist() == [*range(1, 5), *range(5, 15), *range(15, 24), 0, 24, *range(100, 108)]
        assert items.vector(5).tolist() == VECTORS[10].tolist()
        assert items.vector(24).tolist() == VECTORS[31].tolist()
        assert items.add(VECTORS[:1]).tolist() == [108]


def test_files_below_the_folder_move_with_it(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "items"
    inside = built(folder / "deep" / "a.near", slice(0, 10))
    outside = built(tmp_path / "b.near", slice(10, 20))
    nearfile.Collection.of(folder, [inside, outside]).close()
    assert [each["file"] for each in nearfile.open(folder).info()["segments"]] == ["deep/a.near", str(outside)]
    folder.rename(tmp_path / "moved")
    with nearfile.open(tmp_path / "moved", verify=True) as index:
        assert index.ids.tolist() == list(range(20))


def test_it_may_be_called_again(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "items"
    files = parts_of(folder)
    nearfile.Collection.of(folder, files).close()
    before = (folder / "MANIFEST").read_bytes()
    for again in (files, files[:2], [*files, files[0]], []):
        nearfile.Collection.of(folder, again).close()
        assert (folder / "MANIFEST").read_bytes() == before
    more = built(tmp_path / "more.near", slice(0, 5))
    with nearfile.Collection.of(folder, [*files, more]) as items:
        assert items.ids.tolist() == list(range(95))


def test_what_tasks_that_were_tried_again_leave_is_removed_after_the_grace(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "items"
    names = [new_segment() for _ in range(4)]
    files = [built(folder / name, slice(10 * i, 10 * i + 10)) for i, name in enumerate(names)]
    nearfile.Collection.of(folder, files[1:], grace=3600).close()
    assert set(names) <= set(os.listdir(folder))
    old = time.time() - 4000
    for file in files:
        os.utime(file, (old, old))
    with nearfile.Collection(folder, grace=3600) as items:
        assert {*names[1:]} == {name for name in os.listdir(folder) if name.endswith(".near")}
        assert len(items) == 30
        items.compact()
    for name in os.listdir(folder):
        os.utime(folder / name, (old, old))
    nearfile.Collection(folder, grace=3600).close()
    assert len([name for name in os.listdir(folder) if name.endswith(".near")]) == 1


def test_the_background_leaves_given_files_alone(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nearfile.collection.merging.SMALLEST", 4)
    files = [built(tmp_path / f"{i}.near", slice(8 * i, 8 * i + 8)) for i in range(10)]
    with nearfile.Collection.of(tmp_path / "items", files, background=False) as items:
        items.delete(range(8, 14))
        items.flush()
        assert not items._merger.do_next()
        assert len(items.info()["segments"]) == 11 - 1
        items.compact()
        assert [each["count"] for each in items.info()["segments"]] == [74]
        assert not items.info()["segments"][0]["given"]


def test_forests_that_are_given_are_searched_as_forests(tmp_path: pathlib.Path) -> None:
    files = [built(tmp_path / f"{i}.near", slice(45 * i, 45 * i + 45), structure="forest") for i in range(2)]
    with nearfile.Collection.of(tmp_path / "items", files) as items:
        assert items.search(VECTORS[:5], 1, search_k=1000)[0].ravel().tolist() == list(range(5))
        with pytest.raises(nearfile.InvalidArgumentError, match="graph"):
            items.search(VECTORS[0], effort=5)


def test_what_does_not_agree_is_refused_and_changes_nothing(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "items"
    good = built(tmp_path / "good.near", slice(0, 10))
    nearfile.Collection.of(folder, [good]).close()
    before = (folder / "MANIFEST").read_bytes()
    nearfile.build(VECTORS[:5, :4], tmp_path / "dim.near", metric="euclidean")
    nearfile.build(VECTORS[:5], tmp_path / "metric.near", metric="dot")
    built(tmp_path / "kind.near", slice(0, 2), ["a", "b"])
    built(tmp_path / "columns.near", slice(0, 2), attributes={"price": [1, 2]})
    (tmp_path / "none.near").write_bytes(b"none")
    for name in ("dim", "metric", "kind", "columns"):
        with pytest.raises(nearfile.InvalidArgumentError, match=f"{name}.near"):
            nearfile.Collection.of(folder, [good, tmp_path / f"{name}.near"])
    with pytest.raises(nearfile.BadFileError, match=r"none\.near"):
        nearfile.Collection.of(folder, [tmp_path / "none.near"])
    with pytest.raises(nearfile.MissingFileError, match=r"missing\.near"):
        nearfile.Collection.of(folder, [tmp_path / "missing.near"])
    with pytest.raises(nearfile.InvalidArgumentError, match="list"):
        nearfile.Collection.of(folder, tmp_path / "good.near")
    assert (folder / "MANIFEST").read_bytes() == before
    with pytest.raises(nearfile.InvalidArgumentError, match="dim"):
        nearfile.Collection.of(tmp_path / "new", [])
    with pytest.raises(nearfile.InvalidArgumentError, match=r"metric\.near"):
        nearfile.Collection.of(tmp_path / "new", [good, tmp_path / "metric.near"])
    assert not (tmp_path / "new").exists()
