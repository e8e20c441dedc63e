"""nearfile.datasets: an index that datasets' own methods ask."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import nearfile
import nearfile.datasets
import numpy as np
import pytest
from datasets import Array2D, Dataset, Features
from datasets.search import BaseIndex, MissingIndex
from nearfile.datasets import NearfileIndex, add_index, load_index

ROWS = np.random.default_rng(0).random((200, 8), dtype=np.float32)


@pytest.fixture
def dataset() -> Dataset:
    return Dataset.from_dict(
        {"word": [f"w{i}" for i in range(200)], "even": [i % 2 == 0 for i in range(200)], "at": ROWS}
    )


def nearest(row: int, k: int) -> list[int]:
    return np.linalg.norm(ROWS - ROWS[row], axis=1).argsort(kind="stable")[:k].tolist()


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(nearfile.datasets).attempted == 6
    assert doctest.testmod(nearfile.datasets).failed == 0


def test_the_datasets_own_methods_answer_from_it(dataset: Dataset) -> None:
    index = add_index(dataset, "at", metric="euclidean")
    assert isinstance(index, BaseIndex)
    assert dataset.list_indexes() == ["at"]
    assert dataset.get_index("at") is index
    scores, examples = dataset.get_nearest_examples("at", ROWS[7], k=5)
    assert examples["word"] == [f"w{row}" for row in nearest(7, 5)]
    assert scores[0] == 0
    assert sorted(scores) == list(scores)
    total_scores, total_examples = dataset.get_nearest_examples_batch("at", ROWS[:3], k=4)
    assert [each["word"] for each in total_examples] == [[f"w{row}" for row in nearest(i, 4)] for i in range(3)]
    assert [len(each) for each in total_scores] == [4, 4, 4]
    assert dataset.search("at", ROWS[7], k=2).indices.tolist() == nearest(7, 2)
    assert dataset.search_batch("at", ROWS[:2], k=2, recall=0.99).total_indices.tolist() == [
        nearest(0, 2),
        nearest(1, 2),
    ]
    dataset.drop_index("at")
    with pytest.raises(MissingIndex):
        dataset.search("at", ROWS[7])


def test_searches_filter_by_columns(dataset: Dataset) -> None:
    add_index(dataset, "at", "near", attributes=["even", "word"])
    _, examples = dataset.get_nearest_examples("near", ROWS[7], k=9, filter="even == true and word != 'w4'")
    assert len(examples["word"]) == 9
    assert all(examples["even"])
    assert "w4" not in examples["word"]
    scores, examples = dataset.get_nearest_examples_batch("near", ROWS[:2], k=5, filter=[[3], [4, 5, 6]])
    assert [len(each["word"]) for each in examples] == [len(each) for each in scores] == [1, 3]


def test_a_dataset_has_several(dataset: Dataset) -> None:
    add_index(dataset, "at", "far", metric="manhattan")
    add_index(dataset, "at", "near", metric="euclidean")
    assert dataset.list_indexes() == ["far", "near"]
    assert dataset.search("near", ROWS[7], k=3).indices.tolist() == nearest(7, 3)
    assert dataset.get_index("far").index.metric == "manhattan"


def test_a_file_is_attached_again(dataset: Dataset, tmp_path: Path) -> None:
    add_index(dataset, "at", path=tmp_path / "at.near", metric="euclidean", seed=3)
    index = dataset.get_index("at")
    index.save(tmp_path / "copy.near")
    assert NearfileIndex.load(tmp_path / "copy.near").search(ROWS[7], 3).indices.tolist() == nearest(7, 3)
    fresh = Dataset.from_dict({"word": [f"w{i}" for i in range(200)]})
    for file in (tmp_path / "at.near", tmp_path / "copy.near", nearfile.open(tmp_path / "at.near")):
        load_index(fresh, "it", file)
        assert fresh.get_nearest_examples("it", ROWS[7], k=3)[1]["word"] == [f"w{row}" for row in nearest(7, 3)]


def test_batches_and_other_columns_of_vectors(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearfile.datasets, "_ROWS_A_BATCH", 33)
    shuffled = dataset.shuffle(seed=0)
    add_index(shuffled, "at", metric="euclidean")
    assert shuffled.get_nearest_examples("at", ROWS[7], k=3)[1]["word"] == [f"w{row}" for row in nearest(7, 3)]
    assert "at" in shuffled.column_names
    assert shuffled.format == dataset.format


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda ds: add_index(ds, "vectors"), "column: expected one of word, even, at, got 'vectors'"),
        (lambda ds: add_index(ds, "at", attributes=["lang"]), "got 'lang'"),
        (lambda ds: add_index(ds, "word"), "expected lists of numbers in 'word', got 'w0' in row 0"),
        (lambda ds: add_index(ds.select([]), "at"), "dataset: expected rows, got none"),
        (lambda ds: load_index(ds, "x", nearfile.build(ROWS[:9])), "index: expected ids from 0 to 199"),
        (
            lambda ds: load_index(ds, "x", nearfile.build(ROWS, ids=list(map(str, range(200))))),
            "expected ids from 0 to 199",
        ),
        (lambda ds: load_index(ds, "x", "/no/such.near"), "no such file|No such file|such"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(dataset: Dataset, call: Any, message: str) -> None:
    with pytest.raises(nearfile.NearfileError, match=message):
        call(dataset)
    assert dataset.list_indexes() == []


def test_matrices_are_no_vectors() -> None:
    given = Dataset.from_dict({"at": ROWS.reshape(200, 2, 4)}, features=Features({"at": Array2D((2, 4), "float32")}))
    with pytest.raises(nearfile.InvalidArgumentError):
        add_index(given, "at")
