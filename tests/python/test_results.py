"""What searches return: a tuple to who unpacks it, a table to who reads Arrow's capsules."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import nearfile
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from nearfile import _core

ROWS = np.random.default_rng(0).random((50, 4), dtype=np.float32)
NAMES = [f"ü{i}" for i in range(50)]


@pytest.fixture(params=["rows", "int64", "str", "collection", "collection of str"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> nearfile.Index:
    ids: Any = {"rows": None, "int64": np.arange(50) - 7}.get(request.param, NAMES)
    if not request.param.startswith("collection"):
        return nearfile.build(ROWS, metric="euclidean", ids=ids)
    with nearfile.Collection(tmp_path / "items", dim=4, metric="euclidean") as items:
        items.add(ROWS[:30], ids=ids[:30] if request.param.endswith("str") else np.arange(30) - 7)
        items.compact()
        items.add(ROWS[30:], ids=ids[30:] if request.param.endswith("str") else np.arange(30, 50) - 7)
    return nearfile.open(tmp_path / "items")


def columns_of(found: Any) -> dict[str, list[Any]]:
    table = pa.table(found)
    assert table.schema.types[:2] == [pa.int64()] * 2
    assert table.schema.types[2] in (pa.int64(), pa.large_string())
    assert table.schema.types[3] == pa.float32()
    table.validate(full=True)
    return table.to_pydict()


def test_it_unpacks_as_a_tuple(index: nearfile.Index) -> None:
    for found in (
        index.search(ROWS[3], k=5),
        index.search(ROWS[3].tolist(), k=5),
        index.search(ROWS[:2], k=5),
        index.search(ROWS[:2], k=5, exclude=[index.ids[9]]),
        index.search(ROWS[3], k=5, filter=index.ids[:8]),
        index.neighbors(index.ids[3], k=5),
        index.search_radius(ROWS[3], 0.5),
    ):
        assert type(found) is nearfile.Neighbors
        ids, distances = found
        assert len(found) == 2
        assert found[0] is found[-2] is found.ids is ids
        assert found[1] is found[-1] is found.distances is distances
        assert found[:1] == (ids,)
        assert [*found] == [ids, distances]
        assert ids.shape == distances.shape
        assert distances.dtype == np.float32
        with pytest.raises(IndexError):
            found[2]
        assert np.asarray(found.ids.tolist()).dtype.kind in "iU"


def test_a_batch_within_a_radius_unpacks_as_three(index: nearfile.Index) -> None:
    found = index.search_radius(ROWS[:3], 0.3)
    assert type(found) is nearfile.RaggedNeighbors
    ids, distances, offsets = found
    assert (found.ids, found.distances, found.offsets) == (ids, distances, offsets)
    assert len(found) == 3
    assert offsets[-1] == len(ids) == len(distances)


def test_one_query_is_a_table(index: nearfile.Index) -> None:
    found = index.search(ROWS[3], k=5)
    told = columns_of(found)
    assert told == {
        "query": [0] * 5,
        "rank": [0, 1, 2, 3, 4],
        "id": found.ids.tolist(),
        "distance": found.distances.tolist(),
    }
    assert pl.DataFrame(found).to_dict(as_series=False) == told
    assert found.to_arrow().to_pydict() == told
    assert pd.DataFrame(found.to_dict()).to_dict("list") == told
    if hasattr(pd.DataFrame, "from_arrow"):
        assert pd.DataFrame.from_arrow(found).to_dict("list") == told


def test_duckdb_takes_it(index: nearfile.Index) -> None:
    duckdb = pytest.importorskip("duckdb")
    found = index.search(ROWS[:9], k=5)
    assert duckdb.sql("select id from found where query = 4 order by rank").fetchall() == [
        (each,) for each in found.ids[4].tolist()
    ]
    assert duckdb.sql("select count(*) from found a join found b using (id)").fetchall()[0][0] >= 45


def test_a_batch_is_a_table_without_its_gaps(index: nearfile.Index) -> None:
    ids = index.ids
    found = index.search(ROWS[:4], k=3, filter=[ids[:1], ids[:7], ids[:2], list(ids[:0])])
    assert np.isnan(found.distances).sum() == 6
    table = columns_of(found)
    assert table["query"] == [0, 1, 1, 1, 2, 2]
    assert table["rank"] == [0, 0, 1, 2, 0, 1]
    assert table["id"] == [ids[0], *found.ids[1].tolist(), *found.ids[2, :2].tolist()]
    assert table["distance"] == found.distances[~np.isnan(found.distances)].tolist()


def test_an_id_of_minus_one_is_no_gap() -> None:
    index = nearfile.build(ROWS, metric="euclidean", ids=np.arange(50) - 1)
    assert columns_of(index.search(ROWS[:1], k=1)) == {"query": [0], "rank": [0], "id": [-1], "distance": [0.0]}


def test_what_is_within_a_radius_is_a_table(index: nearfile.Index) -> None:
    queries = np.concatenate([ROWS[:2], ROWS[:1] + 9, ROWS[2:3]])
    found = index.search_radius(queries, 0.3)
    table = columns_of(found)
    counts = np.diff(found.offsets)
    assert counts[2] == 0 < counts[0]
    assert table["query"] == np.repeat(np.arange(4), counts).tolist()
    assert table["rank"] == [rank for count in counts for rank in range(count)]
    assert (table["id"], table["distance"]) == (found.ids.tolist(), found.distances.tolist())


def test_the_neighbours_of_all_are_a_table_of_edges(index: nearfile.Index) -> None:
    graph = index.knn_graph(k=3)
    table = pl.DataFrame(graph)
    assert table.columns == ["item", "rank", "neighbor", "distance"]
    assert table["item"].to_list() == [each for each in index.ids.tolist() for _ in range(3)]
    assert table["neighbor"].to_list() == graph.ids.reshape(-1).tolist()
    assert table["distance"].to_list() == graph.distances.reshape(-1).tolist()
    assert table["rank"].to_list() == [0, 1, 2] * 50
    assert graph.to_arrow().to_pydict() == table.to_dict(as_series=False)


@pytest.mark.parametrize("ids", [None, list("abc")])
def test_nothing_is_an_empty_table(ids: Any) -> None:
    index = nearfile.build(np.eye(3, dtype=np.float32), ids=ids)
    for found in (
        index.search(np.empty((0, 3), np.float32)),
        index.search(np.eye(3)[0], filter=[]),
        index.search(np.eye(3), filter=[]),
        index.search_radius(np.eye(3), 9, filter=[]),
        index.search_radius(np.empty((0, 3)), 1),
    ):
        table = pa.table(found)
        assert (table.num_rows, table.column_names) == (0, ["query", "rank", "id", "distance"])
        assert pl.DataFrame(found).shape == (0, 4)
        assert table.schema.field("id").type == (pa.int64() if ids is None else pa.large_string())


def test_it_is_taken_again_and_stays_when_the_answer_is_gone() -> None:
    found = nearfile.build(ROWS, ids=NAMES).search(ROWS[:3], k=2)
    first, second = pl.DataFrame(found), pl.DataFrame(found)
    told = found.to_dict()
    del found
    gc.collect()
    assert first.equals(second)
    assert first["id"].to_list() == told["id"].tolist()
    capsule = nearfile.build(ROWS).search(ROWS[0]).__arrow_c_stream__(None)
    del capsule  # never read, let go of all the same


def test_copies_and_pickles_are_the_same(index: nearfile.Index) -> None:
    for found in (index.search(ROWS[:3], k=4), index.search_radius(ROWS[:3], 0.4)):
        for other in (pickle.loads(pickle.dumps(found)), copy.copy(found), copy.deepcopy(found)):
            assert type(other) is type(found)
            assert len(other) == len(found)
            for one, same in zip(other, found):
                np.testing.assert_array_equal(one, same)


def test_it_says_what_it_is() -> None:
    found = nearfile.build(np.eye(2)).search([1, 0], k=1)
    assert repr(found) == "Neighbors(array([0]), array([0.], dtype=float32))"


@pytest.mark.skipif(sys.version_info < (3, 10), reason="has no match")
def test_it_matches_as_a_sequence() -> None:
    names: dict[str, Any] = {"found": nearfile.build(np.eye(2)).search([1, 0], k=1)}
    exec("match found:\n    case (ids, distances): ok = ids.tolist()", names)
    assert names["ok"] == [0]


def test_it_is_no_tuple_which_libraries_would_look_at_first() -> None:
    found = nearfile.build(np.eye(2)).search([1, 0], k=1)
    assert not isinstance(found, (tuple, list))
    assert not hasattr(found, "__dict__")


def test_arrays_go_on_by_dlpack_without_a_copy() -> None:
    found = nearfile.build(ROWS).search(ROWS[:3], k=4)
    for array in found:
        assert np.shares_memory(np.from_dlpack(array), array)


def test_answers_are_let_go_of() -> None:
    index = nearfile.build(ROWS, ids=NAMES)
    arrays = [weakref.ref(part) for part in index.search(ROWS[0])]
    assert [part() for part in arrays] == [None, None]
    before = sys.getrefcount(nearfile.Neighbors)
    kept = [index.search(ROWS[0]) for _ in range(100)]
    assert len(kept) == 100
    del kept
    gc.collect()
    assert abs(sys.getrefcount(nearfile.Neighbors) - before) < 10
    found = nearfile.Neighbors(circle := [], circle)  # type: ignore[arg-type]
    circle.append(found)
    gone = weakref.finalize(Held(circle), lambda: None)
    del found, circle
    gc.collect()
    assert not gone.alive


class Held:
    """Goes with a list that is part of a circle."""

    def __init__(self, circle: list[Any]) -> None:
        circle.append(self)


def test_many_threads_search_and_read() -> None:
    index = nearfile.build(ROWS, ids=NAMES)
    expected = index.search(ROWS[:5], k=3).to_dict()["id"].tolist()
    wrong: list[Any] = []

    def work() -> None:
        for _ in range(50):
            if pl.DataFrame(index.search(ROWS[:5], k=3))["id"].to_list() != expected:
                wrong.append(expected)
            index.search(ROWS[0], k=3)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_extension_takes_no_class_that_would_not_fit() -> None:
    class Larger(nearfile.Neighbors):
        __slots__ = ("more",)

    class Open(nearfile.Neighbors):
        pass

    for wrong in (tuple, int, 3, Larger, Open):
        with pytest.raises(TypeError):
            _core.give_as(wrong)
    with pytest.raises(TypeError):
        nearfile.Neighbors(ids=np.arange(3))
    with pytest.raises(IndexError):
        _ = nearfile.Neighbors().ids
    assert type(nearfile.build(np.eye(2)).search(np.eye(2, dtype=np.float32)[0])) is nearfile.Neighbors


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": np.arange(3), "b": np.arange(2)}, "'b': expected 3 rows, got 2"),
        ({"a": np.arange(3.0)}, "'a': expected an array of int64 or float32"),
        ({"a": np.arange(6)[::2]}, "'a': expected an array of int64 or float32"),
        ({"a": ["x", None]}, "'a': expected str that UTF-8 can hold, got None"),
        ({"a": ["\ud800"]}, "'a': expected str that UTF-8 can hold"),
        ({"a\0b": np.arange(3)}, "without zero bytes"),
    ],
)
def test_the_extension_refuses_other_columns(columns: Any, message: str) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match=message):
        _core.arrow_table(columns)


def test_pyarrow_is_needed_for_nothing_but_its_own_table(run_python) -> None:
    run_python(
        """
        import sys
        sys.modules["pyarrow"] = None
        import nearfile, numpy
        import polars
        found = nearfile.build(numpy.eye(2)).search([1, 0])
        assert polars.DataFrame(found)["id"].to_list() == [0, 1]
        class Column:
            def __arrow_c_stream__(self, requested_schema=None):
                return polars.Series(numpy.eye(3)).__arrow_c_stream__()
        assert len(nearfile.build(Column(), ids=polars.Series(["x", "y", "z"]))) == 3
        try:
            found.to_arrow()
        except ImportError as error:
            assert "pip install pyarrow" in str(error)
        else:
            raise AssertionError
        """
    )
