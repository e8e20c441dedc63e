"""Collections as users have them: what is added, replaced and deleted, and what a reader sees of it."""

from __future__ import annotations

import copy
import os
import pathlib
import pickle
import time

import nearfile
import numpy as np
import pytest
import reference


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "items"


def names_in(folder: pathlib.Path, suffix: str) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name.endswith(suffix))


def test_what_is_added_is_found_and_numbered_on(folder: pathlib.Path) -> None:
    vectors = reference.vectors_for("euclidean", 50, 8)
    with nearfile.Collection(folder, dim=8, metric="euclidean") as items:
        assert items.add(vectors[:20]).tolist() == list(range(20))
        assert items.add(vectors[20:30]).tolist() == list(range(20, 30))
        assert items.add(vectors[30:31], ids=[70]).tolist() == [70]
        assert items.add(vectors[31:]).tolist() == list(range(71, 90))
        assert len(items) == 50
        for query in vectors[:3]:
            ids = np.r_[0:30, 70, 71:90]
            expected, far = reference.search("euclidean", query, vectors, 5, ids)
            found, distances = items.search(query, 5, exact=True)
            assert found.tolist() == expected.tolist()
            np.testing.assert_allclose(distances, far, rtol=1e-5, atol=1e-6)


def test_an_id_that_is_added_again_is_replaced(folder: pathlib.Path) -> None:
    with nearfile.Collection(folder, dim=2, metric="euclidean") as items:
        items.add([[0, 0], [9, 9]], ids=["a", "b"])
        items.flush()
        items.add([[5, 5]], ids=["a"])
        items.add([[6, 6]], ids=["a"])
        assert items.ids.tolist() == ["b", "a"]
        assert items.vector("a").tolist() == [6, 6]
        items.flush()
        items.compact()
        assert items.ids.tolist() == ["b", "a"]
        assert items.search([0, 0], exact=True)[0].tolist() == ["a", "b"]
        items.verify()


def test_what_is_deleted_is_gone_and_its_number_not_given_again(folder: pathlib.Path) -> None:
    with nearfile.Collection(folder, dim=2) as items:
        items.add(np.eye(2))
        items.flush()
        items.add([[1, 1]])
        assert items.delete({1, 2, 3}) == 2
        assert items.delete([1]) == 0
        assert items.delete([]) == 0
        assert items.ids.tolist() == [0]
        items.compact()
        assert items.add([[2, 2]]).tolist() == [3]
        assert items.delete(items.ids) == 2
        items.compact()
        assert len(items) == 0
        assert items.search([1, 0])[0].tolist() == []
        assert items.add([[2, 2]]).tolist() == [4]


def test_what_was_there_is_there_when_it_is_opened_again(folder: pathlib.Path) -> None:
    vectors = reference.vectors_for("cosine", 40, 8)
    for start in range(0, 40, 10):
        with nearfile.Collection(folder, dim=8, metric="cosine") as items:
            items.add(vectors[start : start + 10], ids=[f"item {i}" for i in range(start, start + 10)])
            items.delete([f"item {start}"])
            if start % 20:
                items.flush()
    index = nearfile.open(folder)
    assert len(index) == 36
    expected = [f"item {i}" for i in range(40) if i % 10]
    assert index.ids.tolist() == expected
    assert np.array_equal(index.vectors(expected), vectors[[i for i in range(40) if i % 10]])
    index.verify()


def test_a_reader_stays_what_it_was_until_it_is_refreshed(folder: pathlib.Path) -> None:
    with nearfile.Collection(folder, dim=2) as items:
        items.add(np.eye(2))
        index = nearfile.open(folder)
        items.delete([0])
        items.add([[1, 1]])
        assert index.ids.tolist() == [0, 1]
        assert index.refresh()
        assert index.ids.tolist() == [1, 2]
        assert not index.refresh()
        items.compact()
        assert index.refresh()
        assert index.ids.tolist() == [1, 2]


def test_one_that_follows_takes_up_what_is_new_by_itself(folder: pathlib.Path) -> None:
    with nearfile.Collection(folder, dim=2) as items, nearfile.open(folder, follow=True) as index:
        for count in range(1, 30):
            items.add([[count, 1]])
            if count % 10 == 0:
                items.flush()
            deadline = time.monotonic() + 10
            while len(index) < count:
                assert time.monotonic() < deadline
        assert index.ids.tolist() == list(range(29))


def test_a_writer_sees_its_own_writes_at_once(folder: pathlib.Path) -> None:
    with nearfile.Collection(folder, dim=4) as items:
        for row in range(20):
            items.add(np.eye(4)[row % 4 : row % 4 + 1])
            assert len(items) == row + 1
            assert row in items


def test_a_large_add_becomes_a_segment(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nearfile.collection.writer.SEGMENT_ROWS", 100)
    vectors = reference.vectors_for("euclidean", 300, 8)
    with nearfile.Collection(folder, dim=8, metric="euclidean", background=False) as items:
        items.add(vectors[:10], ids=range(10), attributes={"price": np.arange(10)})
        items.add(vectors[:200], ids=range(5, 205), attributes={"price": np.arange(200)})
        assert len(items) == 205
        assert [each["count"] - each["deleted"] for each in items.info()["segments"]] == [5, 200]
        assert items.vector(7).tolist() == vectors[2].tolist()
        assert items.attributes([3, 7])["price"].tolist() == [3, 2]
        assert items.add(vectors[:150], attributes={"price": np.zeros(150, int)})[0] == 205
        assert items.add(vectors[:1], attributes={"price": [5]}).tolist() == [355]
        items.verify()


def test_the_methods_of_an_index_answer_as_one_index(folder: pathlib.Path) -> None:
    vectors = reference.vectors_for("euclidean", 120, 8)
    names = np.array([f"n{i}" for i in range(120)], object)
    prices = np.arange(120) % 7
    with nearfile.Collection(folder, dim=8, metric="euclidean", background=False) as items:
        for start in range(0, 120, 30):
            part = slice(start, start + 30)
            items.add(vectors[part], ids=names[part].tolist(), attributes={"price": prices[part]})
            if start < 60:
                items.flush()
        items.delete(names[::10].tolist())
        left = np.flatnonzero(np.arange(120) % 10)
        one = nearfile.build(
            vectors[left], metric="euclidean", ids=names[left].tolist(), attributes={"price": prices[left]}
        )
        assert items.ids.tolist() == one.ids.tolist()
        assert items.columns == one.columns
        assert items.attributes()["price"].tolist() == one.attributes()["price"].tolist()
        some = ["n101", "n3", "n41"]
        assert items.attributes(some)["price"].tolist() == one.attributes(some)["price"].tolist()
        assert np.array_equal(items.vectors(some), one.vectors(some))
        assert items.distance("n1", "n2") == one.distance("n1", "n2")
        assert items.distance("n1", "n111") == pytest.approx(one.distance("n1", "n111"))
        mask = prices[left] < 3
        for allowed in (mask, "price < 3", nearfile.col("price") < 3, names[left][mask].tolist()):
            compiled = items.filter(allowed)
            assert len(compiled) == mask.sum()
            assert items.ids_in(allowed).tolist() == names[left][mask].tolist()
            for given in (allowed, compiled, compiled & ~items.filter(["n3"])):
                found = items.search(vectors[:5], 6, exact=True, filter=given, exclude=["n1"])
                want = one.search(
                    vectors[:5],
                    6,
                    exact=True,
                    filter=allowed,
                    exclude=["n1", "n3"][: 1 + (given is not allowed and given is not compiled)],
                )
                assert found[0].tolist() == want[0].tolist()
        for exact in (True, False):
            graph, of_one = items.knn_graph(5, exact=exact), one.knn_graph(5, exact=True)
            assert graph.ids.tolist() == of_one.ids.tolist()
            np.testing.assert_allclose(graph.distances, of_one.distances, rtol=1e-5)
        within, of_one_within = items.search_radius(vectors[:9], 3.0), one.search_radius(vectors[:9], 3.0)
        for a, b in zip(within, of_one_within):
            assert a.tolist() == b.tolist()
        assert items.neighbors(["n5", "n111"], 3)[0].tolist() == one.neighbors(["n5", "n111"], 3)[0].tolist()
        assert items.search([nearfile.Item("n5"), vectors[3]], 2)[0].tolist() == [
            one.neighbors("n5", 2)[0].tolist(),
            one.search(vectors[3], 2)[0].tolist(),
        ]
        assert items.inspect("n111")["values"].tolist() == vectors[111].tolist()


def test_a_compiled_filter_serves_its_own_generation_alone(folder: pathlib.Path) -> None:
    with nearfile.Collection(folder, dim=2) as items:
        items.add(np.eye(2), ids=[5, 6])
        compiled = items.filter([5])
        assert items.search([1, 1], filter=compiled)[0].tolist() == [5]
        other = nearfile.build(np.eye(2))
        with pytest.raises(nearfile.InvalidArgumentError, match="filter"):
            items.search([1, 1], filter=other.filter([0]))
        with pytest.raises(nearfile.InvalidArgumentError, match="filter"):
            other.search([1, 1], filter=compiled)
        items.add([[3, 3]])
        with pytest.raises(nearfile.InvalidArgumentError, match="filter"):
            items.search([1, 1], filter=compiled)


def test_copies_and_pickles_open_the_folder_again(folder: pathlib.Path) -> None:
    with nearfile.Collection(folder, dim=2) as items:
        items.add(np.eye(2))
        index = nearfile.open(folder, follow=True)
        again = pickle.loads(pickle.dumps(index))
        assert isinstance(again, nearfile.CollectionIndex)
        assert again.ids.tolist() == [0, 1]
        assert again._follow
        other = copy.copy(index)
        index.close()
        assert len(other) == 2
        reader = pickle.loads(pickle.dumps(items))
        assert not isinstance(reader, nearfile.Collection)
        with pytest.raises(nearfile.ClosedError):
            len(index)
    with pytest.raises(nearfile.ClosedError):
        items.add(np.eye(2))
    assert "closed" in repr(items)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda items: items.add([[1, 2, 3]]), "vectors"),
        (lambda items: items.add([[1, np.nan]]), "finite"),
        (lambda items: items.add([[1, 2]], ids=["x"]), "whole numbers"),
        (lambda items: items.add(np.eye(2), ids=[5, 5]), "twice|distinct|5"),
        (lambda items: items.add(np.eye(2), ids=[5]), "ids"),
        (lambda items: items.add([[1, 2]], attributes={"price": [1]}), "same columns"),
        (lambda items: items.delete("x"), "ids"),
        (lambda items: items.delete(["x"]), "whole numbers"),
        (lambda items: items.delete(3), "ids"),
        (lambda items: items.save("somewhere"), "collection"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(folder: pathlib.Path, call, message: str) -> None:
    with nearfile.Collection(folder, dim=2) as items:
        items.add(np.eye(2))
        before = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
        with pytest.raises(nearfile.InvalidArgumentError, match=message):
            call(items)
        assert {name: (folder / name).read_bytes() for name in os.listdir(folder)} == before
        assert items.ids.tolist() == [0, 1]


def test_columns_stay_what_they_are(folder: pathlib.Path) -> None:
    with nearfile.Collection(folder, dim=2) as items:
        items.add(np.eye(2), attributes={"price": [1, 2], "name": ["x", "y"]})
        for wrong in (
            None,
            {"price": [1]},
            {"price": ["a"], "name": ["x"]},
            {"price": [1], "name": ["x"], "more": [1]},
        ):
            with pytest.raises(nearfile.InvalidArgumentError, match="same columns"):
                items.add([[1, 2]], attributes=wrong)
        items.add([[1, 2]], attributes={"name": [None], "price": np.ma.MaskedArray([0], [True])})
        items.flush()
        items.add([[1, 2]], attributes={"name": ["z"], "price": [7]})
        assert items.attributes()["name"].tolist() == ["x", "y", None, "z"]
        assert items.attributes([3, 0])["price"].tolist() == [7, 1]
        items.compact()
        assert items.attributes()["name"].tolist() == ["x", "y", None, "z"]
        assert items.attributes()["price"].tolist() == [1, 2, None, 7]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dim": 3}, "dim"),
        ({"metric": "dot"}, "metric"),
        ({"profile": "fast"}, "profile"),
        ({"keep": "none"}, "keep"),
        ({"seed": 5}, "seed"),
        ({"n_trees": 3}, "n_trees"),
        ({"metric": "none"}, "metric"),
        ({"dim": 0}, "dim"),
        ({"threads": 0}, "threads"),
        ({"grace": -1.0}, "grace"),
    ],
)
def test_what_does_not_agree_with_what_is_there_is_refused(folder: pathlib.Path, options: dict, message: str) -> None:
    nearfile.Collection(folder, dim=2).close()
    with pytest.raises(nearfile.InvalidArgumentError, match=message):
        nearfile.Collection(folder, **options)
    nearfile.Collection(folder, dim=2, metric="angular", profile="balanced").close()


def test_without_a_dim_there_must_be_one(folder: pathlib.Path) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match="dim"):
        nearfile.Collection(folder)
    assert not folder.exists()
    folder.mkdir()
    with pytest.raises(nearfile.MissingFileError, match="collection"):
        nearfile.open(folder)
    with pytest.raises(nearfile.MissingFileError):
        nearfile.open(folder / "missing")


def test_options_are_kept(folder: pathlib.Path) -> None:
    nearfile.Collection(folder, dim=2, metric="dot", profile="fast", keep="half", n_trees=3, seed=9).close()
    with nearfile.Collection(folder) as items:
        items.add(np.eye(2))
        items.flush()
        info = nearfile.open(folder / items.info()["segments"][0]["file"]).info()
        assert (info["metric"], info["profile"], info["keep"]) == ("dot", "fast", "half")
        assert (info["n_trees"], info["seed"]) == (3, 9)
