"""Any sequence of calls leaves a collection that answers as one index of what a dict would have."""

from __future__ import annotations

import pathlib
from typing import Any

import nearfile
import numpy as np
import pytest
import reference

DIM = 8
LANGUAGES = ["de", "en", "fr", None]


class Model:
    """What is there: id to vector and attributes, in the order of adding."""

    def __init__(self) -> None:
        """Of nothing."""
        self.items: dict[Any, tuple[np.ndarray, int, str | None]] = {}
        self.largest = -1

    def add(self, ids: list[Any], vectors: np.ndarray, prices: list[int], languages: list[str | None]) -> None:
        """Add or replace."""
        for id_, *rest in zip(ids, vectors, prices, languages):
            self.items.pop(id_, None)
            self.items[id_] = tuple(rest)
            if isinstance(id_, int):
                self.largest = max(self.largest, id_)

    def delete(self, ids: list[Any]) -> int:
        """How many of them were there."""
        return sum(self.items.pop(id_, None) is not None for id_ in ids)

    def index(self, metric: str) -> nearfile.Index:
        """One index of all."""
        vectors, prices, languages = zip(*self.items.values())
        return nearfile.build(
            np.array(vectors),
            metric=metric,
            ids=list(self.items),
            attributes={"price": np.array(prices), "language": list(languages)},
            progress=False,
        )


def check(index: nearfile.Index, model: Model, metric: str, random: np.random.Generator) -> None:
    assert len(index) == len(model.items)
    assert index.ids.tolist() == list(model.items)
    queries = reference.vectors_for(metric, 4, DIM, int(random.integers(1000)))
    if not model.items:
        assert index.search(queries, 3)[0].shape == (4, 0)
        return
    one = model.index(metric)
    some = random.choice(np.array(list(model.items), object), min(5, len(model.items)), replace=False).tolist()
    for options in ({}, {"filter": "price < 3"}, {"filter": "language in ('de', 'fr')", "exclude": some}):
        found = index.search(queries, 7, exact=True, **options)
        expected = one.search(queries, 7, exact=True, **options)
        assert found[0].tolist() == expected[0].tolist()
        assert np.array_equal(found[1], expected[1], equal_nan=True)
    ids = np.array(list(model.items), object)
    for query in queries[:1]:
        far = reference.distances(metric, query, np.array([item[0] for item in model.items.values()]))
        found_ids, found_far = index.search(query, 5, exact=True)
        assert set(found_ids.tolist()) <= set(ids.tolist())
        nearest = np.sort(-far if metric == "dot" else far)[:5]
        tolerance = 2e-3 if metric == "angular" else 1e-4
        np.testing.assert_allclose(-found_far if metric == "dot" else found_far, nearest, rtol=1e-4, atol=tolerance)
    assert np.array_equal(index.vectors(some), one.vectors(some))
    assert index.attributes(some)["price"].tolist() == one.attributes(some)["price"].tolist()
    assert index.attributes(some)["language"].tolist() == one.attributes(some)["language"].tolist()
    assert some[0] in index
    assert (-5 if isinstance(some[0], int) else "nobody") not in index
    reach = float(np.sort(found[1][0][~np.isnan(found[1][0])])[0]) if (~np.isnan(found[1][0])).any() else 1.0
    within, expected_within = index.search_radius(queries, reach), one.search_radius(queries, reach)
    for a, b in zip(within, expected_within):
        assert a.tolist() == b.tolist()


@pytest.mark.parametrize("kind", ["int", "str"])
def test_any_sequence_of_calls_leaves_what_a_dict_has(
    tmp_path: pathlib.Path, metric: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = (
        reference.METRICS.index(metric) + (kind == "str")
    ) % 2  # of two also whether segments are made by themselves
    # Small enough that all kinds of segments come about.
    for name, value in {"LOG_ROWS": 60, "SMALLEST": 20, "BUSY_ROWS": 150, "BUSY_LOG_ROWS": 90}.items():
        monkeypatch.setattr(f"nearfile.collection.merging.{name}", value)
    monkeypatch.setattr("nearfile.collection.writer.SEGMENT_ROWS", 80)
    monkeypatch.setattr("nearfile.collection.policy.FACTOR", 3)
    random = np.random.default_rng([seed, reference.METRICS.index(metric), kind == "str"])
    model = Model()
    folder = tmp_path / "items"
    options: dict[str, Any] = {"background": bool(seed), "grace": 0.0}
    items = nearfile.Collection(folder, dim=DIM, metric=metric, **options)
    reader = nearfile.open(folder)
    for turn in range(45):
        what = random.choice(["add", "number", "replace", "delete", "flush", "compact", "reopen", "many", "step"])
        n = int(random.integers(1, 30)) if what != "many" else 100
        vectors = reference.vectors_for(metric, n, DIM, int(random.integers(1 << 30)))
        prices = random.integers(0, 9, n).tolist()
        languages = [LANGUAGES[i] for i in random.integers(0, 4, n)]
        attributes = {"language": np.array(languages, object).tolist() or None, "price": np.array(prices)}
        if all(each is None for each in languages):
            attributes["language"] = languages = ["en"] * n
        if what in ("add", "many", "replace", "number"):
            largest = 400 if what != "replace" else 60
            numbers = random.choice(largest, n, replace=False).tolist() if n <= largest else list(range(n))
            ids: Any = numbers if kind == "int" else [f"n{number}" for number in numbers]
            if what == "number" and kind == "int":
                ids = list(range(model.largest + 1, model.largest + 1 + n))
                assert items.add(vectors, attributes=attributes).tolist() == ids
            else:
                assert items.add(vectors, ids, attributes=attributes).tolist() == ids
            model.add(ids, vectors, prices, languages)
        elif what == "delete":
            numbers = random.integers(0, 400, 40).tolist()
            ids = numbers if kind == "int" else [f"n{number}" for number in numbers]
            assert items.delete(ids) == model.delete(ids)
        elif what == "flush":
            items.flush()
            assert items.info()["log_rows"] == 0
        elif what == "compact":
            items.compact()
            assert len(items.info()["segments"]) <= 1
        elif what == "reopen":
            items.close()
            items = nearfile.Collection(folder, **options)
        elif not seed:
            items._merger.do_next()
        if turn % 4 == 0:
            check(items, model, metric, random)
            reader.refresh()
            check(reader, model, metric, random)
    items.verify()
    items.close()
    check(nearfile.open(folder, verify=True), model, metric, random)
    # Nothing is left over but what the last generation has.
    nearfile.Collection(folder, **options).close()
    left = {path.name for path in folder.iterdir()}
    state = nearfile.open(folder)._source.state
    kept = {f"manifest-{state.manifest.generation:012d}", "MANIFEST", "lock"}
    assert left == state.manifest.files() | kept
