"""Builds and searches on a local Spark and a local Ray, as nearfile.spark and nearfile.ray promise."""

from __future__ import annotations

import doctest
import importlib
import os
import re
from pathlib import Path
from typing import Any

import nearfile
import numpy as np
import pyarrow as pa
import pytest
from conftest import table_of

K = 10


def parts_of(vectors: np.ndarray, ids: Any, n: int = 3, **columns: Any) -> list[pa.Table]:
    """Rows in several partitions, of different sizes."""
    cuts = [0, *(len(vectors) * (i * i) // (n * n) for i in range(1, n + 1))]
    whole = table_of(vectors, ids, **columns)
    return [whole.slice(a, b - a) for a, b in zip(cuts, cuts[1:])]


def segment_files(folder: Path) -> list[str]:
    """Files of vectors in the folder; nothing else is left of a build."""
    assert [name for name in os.listdir(folder) if name.startswith(".")] == []
    return [name for name in os.listdir(folder) if name.endswith(".near")]


def in_order(found: dict[str, list[Any]], key: str) -> dict[str, np.ndarray]:
    order = np.argsort(found[key])
    return {name: np.array([values[at] for at in order]) for name, values in found.items()}


@pytest.mark.parametrize(("partition", "kind"), [("random", "int"), ("planes", "str")])
def test_answers_are_those_of_a_batch_search(
    engine: Any, folder: Path, vectors: np.ndarray, partition: str, kind: str
) -> None:
    ids = np.arange(3000) * 7 if kind == "int" else np.array([f"item {i}" for i in range(3000)])
    options = {"partition": partition, **({"segments": 4} if partition == "planes" else {})}
    index = engine.build(engine.frame(*parts_of(vectors, ids)), folder, metric="euclidean", **options)
    index.verify()
    n_segments = 4 if partition == "planes" else 3
    assert len(index) == 3000
    assert len(segment_files(folder)) == n_segments
    assert [each["deleted"] for each in index.info()["segments"]] == [0] * n_segments

    queries = engine.frame(*parts_of(vectors[:300], np.arange(300), 2))
    found = in_order(engine.search(queries, folder, K), "id")
    expected, distances = index.search(vectors[:300], K)
    assert list(found) == ["id", "neighbors", "distances"]
    assert found["neighbors"].tolist() == expected.tolist()
    assert found["distances"].astype(np.float32).tolist() == distances.tolist()

    plain = nearfile.build(vectors, metric="euclidean", ids=ids)
    exact = in_order(engine.search(queries, folder, K, exact=True), "id")
    assert exact["neighbors"].tolist() == plain.search(vectors[:300], K, exact=True)[0].tolist()
    hits = [len(set(a) & set(b)) for a, b in zip(found["neighbors"].tolist(), exact["neighbors"].tolist())]
    assert np.mean(hits) >= 0.95 * K


def test_queries_ask_few_of_the_segments_that_planes_cut(engine: Any, folder: Path, vectors: np.ndarray) -> None:
    frame = engine.frame(*parts_of(vectors, np.arange(3000)))
    index = engine.build(frame, folder, metric="euclidean", partition="planes", segments=6)
    sizes = [each["count"] for each in index.info()["segments"]]
    assert sum(sizes) == 3000
    assert max(sizes) < 2 * 3000 / 6
    shares = index._now().joined._asking.shares(vectors, K, 0)
    assert (shares > 0).sum(1).mean() < 3
    with pytest.raises(nearfile.InvalidArgumentError, match=r"expected a folder for a new collection.*adds to it"):
        engine.build(frame, folder, metric="euclidean", partition="planes", segments=2)
    # What is added later is found wherever it lies, and what was there counts no more.
    moved = engine.frame(table_of(vectors[:50] + 100, np.arange(50)))
    index = engine.build(moved, folder, metric="euclidean")
    assert len(index) == 3000
    assert index.search(vectors[:50] + 100, 1)[0][:, 0].tolist() == list(range(50))
    assert index.search(vectors[50:3000], 1)[0][:, 0].tolist() == list(range(50, 3000))


def test_attributes_filter_what_is_found(engine: Any, folder: Path, vectors: np.ndarray) -> None:
    columns = {"price": np.arange(3000) / 10, "lang": np.where(np.arange(3000) % 3, "de", "fr")}
    frame = engine.frame(*parts_of(vectors, np.arange(3000), **columns))
    index = engine.build(frame, folder, attributes=["price", "lang"], partition="planes", segments=3)
    assert index.columns == {"price": "float64", "lang": "string"}
    assert index.attributes([7])["price"].tolist() == [0.7]
    queries = engine.frame(table_of(vectors[:40], np.arange(40), note=["kept"] * 40, other=np.zeros(40)))
    options = {"columns": ["note", "id"], "filter": "price < 20 and lang = 'de'", "exclude": [1]}
    found = in_order(engine.search(queries, folder, 5, **options), "id")
    assert list(found) == ["note", "id", "neighbors", "distances"]
    answers = found["neighbors"]
    assert answers.shape == (40, 5)
    assert (answers < 200).all()
    assert (answers % 3 != 0).all()
    assert 1 not in answers
    few = in_order(engine.search(queries, folder, 5, filter=[3, 4]), "id")
    assert {tuple(sorted(each)) for each in few["neighbors"].tolist()} == {(3, 4)}


def killed_once(make: Any, marker: str) -> Any:
    """Tasks of which the first one is killed when it has written."""

    def writing(plan: Any) -> Any:
        task = make(plan)

        def killed(given: Any) -> Any:
            import os
            import signal

            said = task(given)
            said = said if hasattr(said, "schema") else iter(list(said))
            try:
                os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
                os.kill(os.getpid(), signal.SIGKILL)
            except FileExistsError:
                pass
            return said

        return killed

    return writing


def run_twice(make: Any, _: str) -> Any:
    """Tasks that run twice, of which the second one is heard of."""

    def writing(plan: Any) -> Any:
        task = make(plan)

        def twice(given: Any) -> Any:
            rows = given if hasattr(given, "schema") else list(given)
            for _ in range(2):
                said = task(rows if hasattr(rows, "schema") else iter(rows))
                said = said if hasattr(said, "schema") else list(said)
            return said if hasattr(said, "schema") else iter(said)

        return twice

    return writing


@pytest.mark.parametrize(("fault", "partition"), [(killed_once, "planes"), (run_twice, "random")])
def test_tasks_that_are_tried_again_or_run_twice_count_once(
    engine: Any,
    folder: Path,
    vectors: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    fault: Any,
    partition: str,
    tmp_path: Path,
) -> None:
    module, _, name = engine.factory.rpartition(".")
    make = getattr(importlib.import_module(module), name)
    marker = tmp_path / "killed"
    monkeypatch.setattr(engine.factory, fault(make, str(marker)))
    frame = engine.frame(*parts_of(vectors, np.arange(3000)))
    index = engine.build(frame, folder, metric="euclidean", partition=partition, segments=3)
    assert marker.exists() == (fault is killed_once)
    index.verify()
    assert sorted(index.ids.tolist()) == list(range(3000))
    named = [each["file"] for each in index.info()["segments"]]
    assert sorted(segment_files(folder)) == sorted(named)
    assert sum(each["deleted"] for each in index.info()["segments"]) == 0


def test_partitions_without_rows_make_no_segments(engine: Any, folder: Path, vectors: np.ndarray) -> None:
    whole = table_of(vectors[:100], np.arange(100))
    empty = whole.slice(0, 0)
    index = engine.build(engine.frame(whole.slice(0, 60), empty, whole.slice(60)), folder)
    assert len(index) == 100
    assert len(segment_files(folder)) == 2
    found = engine.search(engine.frame(whole.slice(0, 2), empty, whole.slice(2, 3)), folder, 1)
    assert sorted(found["id"]) == [0, 1, 2, 3, 4]
    assert [len(each) for each in found["neighbors"]] == [1] * 5


def test_rows_that_are_no_vectors_are_told_by_name(engine: Any, folder: Path, vectors: np.ndarray) -> None:
    good = table_of(vectors[:500], [f"sku {i}" for i in range(500)])
    for bad, said in (
        (vectors[0][:15], "expected 16 numbers in every row, got 15 in row 7 of"),
        (None, "expected 16 numbers in every row, got none in row 7 of"),
        ([None, *vectors[0][1:]], "expected 16 numbers in every row, got a missing value in row 7 of"),
        (np.r_[np.nan, vectors[0][1:]], "expected finite values, got others in row 7 of"),
    ):
        rows = [*good.column("vector").to_pylist()[:7], bad, *good.column("vector").to_pylist()[8:]]
        frame = engine.frame(good.set_column(1, "vector", pa.array(rows, pa.list_(pa.float32()))))
        with pytest.raises(nearfile.InvalidArgumentError, match=re.escape(f"vector: {said}") + ".*sku 7"):
            engine.build(frame, folder)
        assert not folder.exists()
    engine.build(engine.frame(good), folder)
    with pytest.raises(Exception, match=r"vector: expected finite values, got others in row 7 of .*id = 'sku 7'"):
        engine.search(frame, folder)


def test_what_cannot_be_asked_for_is_refused_before_anything_runs(
    engine: Any, folder: Path, vectors: np.ndarray
) -> None:
    frame = engine.frame(table_of(vectors[:100], np.arange(100), neighbors=np.zeros(100)))
    for options, said in (
        ({"vectors": "vec"}, "expected one of the columns id, vector, neighbors, got 'vec'"),
        ({"attributes": ["x"]}, "got 'x'"),
        ({"partition": "hash"}, "partition: expected one of"),
        ({"segments": 0}, "segments: expected a whole number from 1"),
        ({"metric": "cosin"}, "metric"),
        ({"vectors": "id"}, "id: expected a column of lists of numbers, got one of type int64"),
        ({"segments": 90, "partition": "planes"}, "a sixteenth of the sample"),
    ):
        with pytest.raises(nearfile.InvalidArgumentError, match=said):
            engine.build(frame, folder, **options)
        assert not folder.exists()
    engine.build(frame, folder)
    with pytest.raises(
        nearfile.InvalidArgumentError, match=r"columns: expected none that answers are called by, got 'neighbors'"
    ):
        engine.search(frame, folder)
    with pytest.raises(nearfile.InvalidArgumentError, match="recall"):
        engine.search(frame, folder, columns=["id"], recall=2)
    assert len(engine.search(frame, folder, columns=["id"])["id"]) == 100


def test_a_build_that_fails_changes_nothing(engine: Any, folder: Path, vectors: np.ndarray) -> None:
    engine.build(engine.frame(table_of(vectors[:100], np.arange(100))), folder)
    before = sorted(os.listdir(folder))
    twice = table_of(vectors[:50], [0] * 50)
    with pytest.raises(nearfile.InvalidArgumentError, match="id"):
        engine.build(engine.frame(table_of(vectors[:50], np.arange(50)), twice), folder)
    with pytest.raises(nearfile.InvalidArgumentError, match=r"expected dim 16.*got dim 8"):
        engine.build(engine.frame(table_of(vectors[:50, :8], np.arange(50))), folder)
    with pytest.raises(nearfile.InvalidArgumentError, match=r"rows: expected at least one, got none"):
        engine.build(engine.frame(table_of(vectors[:0], np.arange(0))), folder)
    assert sorted(os.listdir(folder)) == before
    assert len(nearfile.open(folder)) == 100


def test_examples_in_docstrings_hold(engine: Any) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"nearfile.{engine.name}"))
    assert failed == 0
    assert tried > 0


def test_spark_searches_without_a_shuffle(engine: Any, folder: Path, vectors: np.ndarray) -> None:
    if engine.name != "spark":
        pytest.skip("a plan of Spark's")
    import nearfile.spark

    frame = engine.session.createDataFrame(table_of(vectors[:200], np.arange(200)))
    engine.build(frame, folder, segments=2)
    found = nearfile.spark.search(frame, folder)
    plan = found._jdf.queryExecution().toString()
    assert "MapInArrow" in plan
    assert "Exchange" not in plan
    assert found.schema.simpleString() == "struct<id:bigint,neighbors:array<bigint>,distances:array<float>>"
