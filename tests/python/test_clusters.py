"""What clusters share, without an engine: columns of Arrow, missing packages, folders of builds."""

from __future__ import annotations

import os
import pathlib
import re

import nearfile
import numpy as np
import pyarrow as pa
import pytest
from nearfile.clusters import building, columns, parts, publishing, searching


def told(row: int) -> str:
    return f"row {row}"


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.float32()), pa.large_list(pa.float64()), pa.list_(pa.float32(), 3), pa.list_(pa.int8())]
)
def test_lists_of_numbers_are_rows(kind: pa.DataType) -> None:
    column = pa.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], kind)
    assert columns.rows_of(column, "v", 3, told).tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert columns.rows_of(column[1:], "v", 3, told).tolist() == [[4, 5, 6], [7, 8, 9]]
    assert columns.rows_of(pa.chunked_array([column[:1], column[1:]]), "v", 3, told).shape == (3, 3)
    assert columns.dim_of(column, "v") == 3


def test_floats_are_read_where_they_lie() -> None:
    flat = pa.array(np.arange(12, dtype=np.float32))
    rows = columns.rows_of(pa.FixedSizeListArray.from_arrays(flat, 4), "v", 4, told)
    assert rows.__array_interface__["data"][0] == flat.to_numpy().__array_interface__["data"][0]


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        ([[1, 2], [3]], pa.list_(pa.float32()), "v: expected 2 numbers in every row, got 1 in row 1"),
        ([[1, 2], None], pa.list_(pa.float32(), 2), "got none in row 1"),
        ([[1, None]], pa.list_(pa.float32()), "got a missing value in row 0"),
        (["a"], pa.string(), "expected a column of lists of numbers, got one of type string"),
        ([["a"]], pa.list_(pa.string()), "got one of type list<"),
        ([{"type": 1, "values": [1.0]}], None, "pyspark.ml.functions.vector_to_array"),
    ],
)
def test_what_is_no_vector_is_told(values: list, kind: pa.DataType | None, said: str) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=re.escape(said)):
        columns.rows_of(pa.array(values, kind), "v", 2, told)


def test_small_batches_are_put_together() -> None:
    batches = [pa.record_batch({"x": list(range(n))}) for n in (3, 0, 5000, 10, 20)]
    assert [each.num_rows for each in columns.blocks(iter(batches))] == [5003, 30]
    assert [each.num_rows for each in columns.blocks(iter(batches[:1]))] == [3]
    assert list(columns.blocks(iter(batches[1:2]))) == []


@pytest.mark.parametrize(("module", "package"), [("spark", "pyspark"), ("ray", "ray")])
def test_a_package_that_is_missing_is_told_with_what_to_install(run_python, module: str, package: str) -> None:
    run_python(
        """
        import sys
        sys.modules[sys.argv[2]] = None
        try:
            __import__("nearfile." + sys.argv[1])
        except ModuleNotFoundError as error:
            assert f"pip install 'nearfile[{sys.argv[1]}]'" in str(error), error
        else:
            raise AssertionError
        """,
        module,
        package,
    )


def plan_for(folder: str, **more: object) -> parts.Plan:
    return parts.Plan(folder, "vector", "id", (), 4, "euclidean", {"threads": 1}, **more)


def batches_of(n: int) -> list[pa.RecordBatch]:
    vectors = np.random.default_rng(1).random((n, 4), dtype=np.float32)
    return pa.table({"id": np.arange(n), "vector": pa.array(list(vectors))}).to_batches(max_chunksize=7)


def test_only_what_the_driver_heard_of_becomes_part_of_a_collection(tmp_path: pathlib.Path) -> None:
    with publishing.workplace(tmp_path / "items") as (folder, own):
        first = [row for each in parts.write(plan_for(own), iter(batches_of(20)), 0, "a") for row in each.to_pylist()]
        again = [row for each in parts.write(plan_for(own), iter(batches_of(20)), 0, "a") for row in each.to_pylist()]
        assert first[0]["file"] != again[0]["file"]
        assert first[0]["fingerprint"] == again[0]["fingerprint"]
        assert not os.path.exists(os.path.join(folder, "MANIFEST"))
        index = publishing.publish(folder, own, again)
    assert index.ids.tolist() == list(range(20))
    assert [name for name in os.listdir(folder) if name.endswith(".near")] == [index.info()["segments"][0]["file"]]
    assert not os.path.exists(own)


def test_files_that_the_driver_does_not_see_are_told(tmp_path: pathlib.Path) -> None:
    written = [{"part": 0, "file": "gone.near", "rows": 3, "bytes": 99, "fingerprint": ""}]
    folder = tmp_path / "items"
    with (
        pytest.raises(nearfile.FileError, match="found no file: the folder must be on storage that the driver and all"),
        publishing.workplace(folder) as (path, own),
    ):
        publishing.publish(path, own, written)
    assert not folder.exists()
    with (
        pytest.raises(nearfile.InvalidArgumentError, match="rows: expected at least one, got none"),
        publishing.workplace(folder) as (path, own),
    ):
        publishing.publish(path, own, [])


def test_folders_of_drivers_that_died_go_after_a_week(tmp_path: pathlib.Path) -> None:
    for name, age in ((".building-old", 8 * 86400), (".building-new", 60), ("other", 8 * 86400)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.near").write_text("x")
        moment = os.stat(tmp_path).st_mtime - age
        os.utime(tmp_path / name, (moment, moment))
    with publishing.workplace(tmp_path):
        assert sorted(os.listdir(tmp_path))[1:] == [".building-new", "other"]
    assert sorted(os.listdir(tmp_path)) == [".building-new", "other"]


def test_a_process_opens_a_file_once_and_takes_up_a_new_one(tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "items.near")
    nearfile.build(np.eye(4), path, metric="euclidean")
    search, names = searching.checked(path, "vector", ["id"], ["id", "vector"], {"k": 2, "filter": [0, 1, 2]})
    assert not names
    again, _ = searching.checked(path, "vector", ["id"], ["id", "vector"], {"k": 1})
    query = pa.record_batch({"id": [5], "vector": pa.array([[1.0, 0, 0, 0]])})
    assert search.answer(query, 0, "a batch").to_pydict() == {
        "id": [5],
        "neighbors": [[0, 1]],
        "distances": [[0.0, np.float32(2**0.5)]],
    }
    opened = searching._opened[path]
    nearfile.build(np.eye(4)[::-1], path, metric="euclidean")
    assert again.answer(query, 0, "a batch")["neighbors"].to_pylist() == [[3]]
    assert searching._opened[path] is opened


def test_answers_are_as_many_as_there_are(tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "items.near")
    nearfile.build(np.eye(4), path, ids=list("abcd"))
    search, names = searching.checked(path, "vector", ["id"], ["id", "vector"], {"k": 9, "exclude": ["b"]})
    assert names
    queries = pa.record_batch({"id": [1, 2], "vector": pa.array([[1.0, 0, 0, 0], [0.0, 1, 0, 0]])})
    found = search.answer(queries, 0, "a batch").to_pydict()
    assert [sorted(each) for each in found["neighbors"]] == [["a", "c", "d"], ["a", "c", "d"]]
    assert [len(each) for each in found["distances"]] == [3, 3]


def test_what_a_task_refused_is_told_by_the_driver(tmp_path: pathlib.Path) -> None:
    class Engine:
        def columns(self) -> list[str]:
            return ["id", "vector"]

        def first(self, _: str) -> pa.Array:
            return pa.array([[1.0, 2.0]])

        def write(self, *_: object) -> None:
            raise RuntimeError(
                "Traceback ...\nnearfile.errors.InvalidArgumentError: vector: expected 2 in row 5\n at x"
            )

    asked = building.Asked(tmp_path / "items", "vector", "id", (), "cosine", "random", None, None, {"seed": 0}, 1)
    with pytest.raises(nearfile.InvalidArgumentError, match=r"^vector: expected 2 in row 5$"):
        building.build(asked, Engine())
    assert os.listdir(tmp_path) == []
