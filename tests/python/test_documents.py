"""nearfile.documents: what the stores of LangChain, LlamaIndex and Haystack are made of. They are tested in tests/integrations."""

from __future__ import annotations

import datetime
import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nearfile
import numpy as np
import pytest
from made_documents import filled
from nearfile.documents import Documents, Record, dict_filters, writers

UTC = datetime.timezone.utc


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "items"


# What is kept


def test_documents_come_back_as_they_were(folder: Path) -> None:
    metadata = {
        "text": "ä\ud800\0\n",
        "whole": 1 << 80,
        "floats": [0.1, float("inf"), -0.0],
        "none": None,
        "nested": {"a": [{"b": True}, []], "": {}},
        "at": datetime.datetime(2026, 1, 31, 10, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        "on": datetime.date(2026, 1, 31),
    }
    records = [
        Record("a", "", metadata, [0.5, 1.0], {"kind": "x", "at": datetime.datetime(2026, 1, 1)}),
        Record("b", None, {}, None),
        Record("c", "ü" * 300),
    ]
    documents = Documents(folder, dim=2)
    documents.add(records)
    for _ in range(2):
        back = documents.find(vectors=True)
        assert [(each.id, each.text, each.metadata, each.extra) for each in back] == [
            (each.id, each.text, each.metadata, each.extra) for each in records
        ]
        assert back[0].vector.tolist() == [0.5, 1.0]
        assert back[1].vector is None
        assert documents.get(["c", "no", "a"])[1].metadata == metadata
        documents.close()
        documents = Documents(folder)
    documents.close()


def test_tuples_come_back_as_lists_and_scalars_of_numpy_as_those_of_python(folder: Path) -> None:
    documents = filled(folder, {"pair": (1, 2), "n": np.int64(3), "f": np.float32(0.5), "b": np.bool_(True)})
    assert documents.find()[0].metadata == {"pair": [1, 2], "n": 3, "f": 0.5, "b": True}
    assert type(documents.find()[0].metadata["b"]) is bool


@pytest.mark.parametrize(
    "value", [{1: 2}, b"bytes", {1, 2}, object(), {"x": Path("x")}, {"__nearfile__": "date"}, np.zeros(2)]
)
def test_what_json_does_not_have_is_refused_before_anything_is_added(folder: Path, value: Any) -> None:
    documents = filled(folder, {"x": 1})
    with pytest.raises(nearfile.InvalidArgumentError, match=r"document '1'.*expected"):
        documents.add([Record("0", "other"), Record("1", "text", {"value": value})])
    assert [each.text for each in documents.find()] == ["text 0"]


def test_a_circle_is_refused(folder: Path) -> None:
    circle: dict[str, Any] = {}
    circle["self"] = circle
    with pytest.raises(nearfile.InvalidArgumentError, match="circle"):
        filled(folder, circle)


@pytest.mark.parametrize("vector", [[1, 2, 3], [[1, 2]], ["a", "b"], 3.0])
def test_embeddings_of_another_shape_are_refused(folder: Path, vector: Any) -> None:
    documents = filled(folder, {})
    with pytest.raises(nearfile.InvalidArgumentError, match="document 'x': expected an embedding of 2"):
        documents.add([Record("x", "text", {}, vector)])
    with pytest.raises(nearfile.InvalidArgumentError):
        documents.add([Record("x", "text", {}, [float("nan"), 1])])
    assert documents.count() == 1


@pytest.mark.parametrize("name", ["", 3, None])
def test_ids_are_str(folder: Path, name: Any) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match="id that is a str"):
        Documents(folder, dim=2).add([Record(name, "text")])


def test_the_later_of_two_of_one_id_counts(folder: Path) -> None:
    documents = Documents(folder, dim=2)
    documents.add([Record("a", "1"), Record("b", "2"), Record("a", "3")])
    documents.add([Record("b", "4")])
    assert [(each.id, each.text) for each in documents.find()] == [("a", "3"), ("b", "4")]
    assert documents.delete(["a", "no"]) == 1
    assert documents.ids() == ["b"]


def test_nothing_is_made_before_there_is_something(folder: Path) -> None:
    documents = Documents(folder)
    assert documents.find() == documents.search([1, 2], 3) == documents.get(["a"]) == []
    assert documents.count() == documents.delete(["a"]) == 0
    assert not folder.exists()
    with pytest.raises(nearfile.InvalidArgumentError, match="dim: expected the length"):
        documents.add([Record("a", "text")])
    documents.add([Record("a", "text", {}, [1, 2, 3])])
    assert documents.metric == "cosine"
    assert documents.search([1, 2, 3], 3)[0].record.text == "text"


# Searches


def test_documents_without_an_embedding_are_kept_and_never_near(folder: Path) -> None:
    documents = Documents(folder, dim=2, metric="euclidean")
    documents.add([Record(str(row), None, {"row": row}, None if row % 3 else [row, 0]) for row in range(100)])
    assert documents.count() == 100
    hits = documents.search([0, 0], 100)
    assert [hit.record.id for hit in hits] == [str(row) for row in range(0, 100, 3)]
    assert [hit.distance for hit in hits] == list(range(0, 100, 3))
    odd = dict_filters.condition({"row": {"$in": [1, 2, 3, 4, 6]}}, {})
    assert [hit.record.id for hit in documents.search([0, 0], 100, odd)] == ["3", "6"]
    assert documents.search([0, 0], 100, ids=["1", "9", "no"])[0].record.id == "9"
    assert documents.search([0, 0], 100, ids=["1"]) == documents.search([0, 0], 100, ids=[]) == []


@pytest.mark.parametrize("metric", ["angular", "cosine", "dot", "euclidean", "manhattan"])
def test_searches_are_those_of_the_collection(folder: Path, metric: str) -> None:
    vectors = np.random.default_rng(3).normal(size=(500, 8)).astype(np.float32)
    documents = Documents(folder, metric=metric)
    documents.add([Record(str(row), None, {"row": row}, vector) for row, vector in enumerate(vectors)])
    ids, distances = nearfile.build(vectors, metric=metric, ids=[str(row) for row in range(500)]).search(
        vectors[7], 20, exact=True
    )
    hits = documents.search(vectors[7], 20, exact=True, vectors=True)
    assert [hit.record.id for hit in hits] == ids.tolist()
    assert [hit.distance for hit in hits] == distances.tolist()
    assert np.array_equal([hit.record.vector for hit in hits], vectors[ids.astype(int)])


# Folders, processes


def test_another_collection_is_refused(folder: Path) -> None:
    with nearfile.Collection(folder, dim=2) as items:
        items.add(np.eye(2), ids=["a", "b"], attributes={"x": [1, 2]})
    with pytest.raises(nearfile.InvalidArgumentError, match="expected a collection of documents"):
        Documents(folder)
    with pytest.raises(nearfile.InvalidArgumentError, match="expected a collection of documents"):
        Documents(folder, read_only=True)
    nearfile.Collection(folder).close()  # and nobody holds it


@pytest.mark.parametrize(
    "json",
    [
        "",
        "{",
        "3",
        "{}",
        "[" * 100_000,
        '{"metadata":{}},{"metadata":{}}',
        '{"metadata":[]}',
        '{"metadata":{},"extra":3}',
        '{"metadata":{"at":{"__nearfile__":"date"}}}',
        '{"metadata":{"at":{"__nearfile__":"datetime","value":3}}}',
        None,
    ],
)
def test_what_others_wrote_there_is_an_error(folder: Path, json: str | None) -> None:
    good = '{"metadata":{}}'
    columns = {"_text": ["a", None], "_json": [good, json], "_terms": [["x"], []]}
    with nearfile.Collection(folder, dim=2) as items:
        items.add(np.eye(2), ids=["a", "b"], attributes=columns)
    documents = Documents(folder)
    assert [each.id for each in documents.get(["a"], vectors=True)] == ["a"]
    with pytest.raises(nearfile.BadFileError, match=r"expected .* in the column _json"):
        documents.find(vectors=True)
    documents.close()


def test_one_process_shares_its_writer(folder: Path) -> None:
    first = filled(folder, {"n": 1})
    second = Documents(folder)
    with pytest.raises(nearfile.InvalidArgumentError, match="dim: expected 2"):
        Documents(folder, dim=3)
    with pytest.raises(nearfile.InvalidArgumentError, match=r"options: expected \{\}"):
        Documents(folder, profile="compact")
    second.add([Record("x", "text")])
    assert first.count() == 2
    first.close()
    with pytest.raises(nearfile.ClosedError):
        first.count()
    second.add([Record("y", "text")])
    with pytest.raises(nearfile.LockedError):
        nearfile.Collection(folder)
    second.close()
    assert not writers._open
    nearfile.Collection(folder).close()


def test_what_is_let_go_of_lets_go_of_the_folder(folder: Path) -> None:
    documents = filled(folder, {"n": 1})
    del documents
    assert not writers._open
    nearfile.Collection(folder).close()


def write_in_a_process(folder: str, ask: Any, answer: Any) -> None:
    documents = Documents(folder)
    answer.put("open")
    while (names := ask.get()) is not None:
        documents.add([Record(name, f"text of {name}", {"name": name}, [1, 2]) for name in names])
        answer.put("added")
    os._exit(0)  # with nothing closed: what returned is on the disk


def test_a_reader_sees_what_another_process_wrote(folder: Path) -> None:
    filled(folder, {"n": 1}).close()
    reader = Documents(folder, read_only=True)
    context = multiprocessing.get_context("spawn")
    ask, answer = context.Queue(), context.Queue()
    process = context.Process(target=write_in_a_process, args=(str(folder), ask, answer))
    process.start()
    try:
        assert answer.get(timeout=60) == "open"
        with pytest.raises(nearfile.LockedError):
            Documents(folder)
        for name in ("x", "y"):
            ask.put([name])
            assert answer.get(timeout=60) == "added"
            reader.collection.refresh()
            assert [each.id for each in reader.find(dict_filters.condition({"name": name}, {}))] == [name]
        with pytest.raises(nearfile.InvalidArgumentError, match="read_only"):
            reader.add([Record("z", "text")])
        with pytest.raises(nearfile.InvalidArgumentError, match="read_only"):
            reader.delete(["x"])
    finally:
        ask.put(None)
        process.join(60)
    assert reader.count() == 3
    assert Documents(folder).count() == 3


def test_there_must_be_something_to_read(folder: Path) -> None:
    with pytest.raises(nearfile.MissingFileError):
        Documents(folder, read_only=True)
    nearfile.build(np.eye(2), folder.with_name("file")).close()
    with pytest.raises(nearfile.FileError):
        Documents(folder.with_name("file"), read_only=True)
    nearfile.Collection(folder, dim=2).close()
    with pytest.raises(nearfile.InvalidArgumentError, match="metric: expected 'angular'"):
        Documents(folder, read_only=True, metric="dot")
    empty = Documents(folder, read_only=True)
    assert empty.find() == empty.search([1, 2], 3) == []
    assert empty.count(dict_filters.condition({"n": {"$gt": 3}}, empty.fields)) == 0


@pytest.mark.parametrize(
    ("module", "needs", "extra"),
    [
        ("langchain", "langchain_core", "langchain"),
        ("llama_index", "llama_index", "llama-index"),
        ("haystack", "haystack", "haystack"),
    ],
)
def test_a_project_that_is_not_installed_is_named(run_python: Any, module: str, needs: str, extra: str) -> None:
    run_python(
        f"""
        import sys
        sys.modules[{needs!r}] = None
        try:
            import nearfile.{module}
        except ModuleNotFoundError as error:
            assert "pip install 'nearfile[{extra}]'" in str(error), error
            assert error.name.startswith({needs!r}), error.name
        else:
            raise AssertionError
        """
    )


def test_threads_write_and_read_at_once(folder: Path) -> None:
    documents = Documents(folder, dim=2)

    def write(part: int) -> None:
        for row in range(20):
            documents.add([Record(f"{part}-{row}", "text", {"part": part}, [part, row])])
            part_of = dict_filters.condition({"part": part}, documents.fields)
            assert documents.count(part_of) == row + 1
            assert len(documents.search([part, row], 100, part_of)) == row + 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert documents.count() == 80
    documents.close()
