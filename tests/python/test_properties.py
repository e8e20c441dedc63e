"""Whatever the shapes and values: what goes in comes back, and exact search is brute force."""

from __future__ import annotations

import nearfile
import numpy as np
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

METRICS = st.sampled_from(reference.METRICS)
STRUCTURES = st.sampled_from(reference.STRUCTURES)
INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FLOATS = st.floats(-1e6, 1e6, width=32)
# Values of which every distance but those of angles is exact in float32, so that ties are ties.
SMALL = st.integers(-8, 8).map(float)

few = settings(max_examples=60, deadline=None)


@st.composite
def data(draw: st.DrawFn, values: st.SearchStrategy[float] = FLOATS, dtype: str = "f4"):
    """A metric, vectors and a query."""
    metric = draw(METRICS)
    n, dim = draw(st.integers(1, 40)), draw(st.integers(1, 20))
    elements = st.sampled_from([0.0, 1.0]) if metric == "hamming" else values
    rows = draw(st_numpy.arrays(dtype, (n + 1, dim), elements=elements))
    return metric, rows[:n], rows[n]


@few
@given(data(), STRUCTURES, st.sampled_from(["C", "F"]))
def test_vectors_come_back(each, structure, order) -> None:
    metric, vectors, _ = each
    index = nearfile.build(np.asarray(vectors, order=order), metric=metric, structure=structure, n_trees=2)
    assert (index.vectors(range(len(vectors))) == vectors).all()
    index.verify()


@few
@given(data(SMALL), STRUCTURES, st.integers(1, 50), st.booleans(), st.integers(0, 2**64 - 1))
def test_exact_search_is_brute_force_with_its_ties(each, structure, k, exact, seed) -> None:
    metric, vectors, query = each
    index = nearfile.build(vectors, metric=metric, structure=structure, n_trees=2, seed=seed)
    options = {"exact": True} if exact else {reference.BUDGETS[structure]: len(vectors)}
    found_ids, found = index.search(query, k=k, **options)
    expected_ids, expected = reference.search(metric, query, vectors, k)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-3 if metric == "angular" else 1e-5)
    if metric not in ("angular", "cosine"):
        assert found_ids.tolist() == expected_ids.tolist()


@few
@given(data(), STRUCTURES, st.integers(1, 50))
def test_search_gives_distinct_items_with_their_distances_in_order(each, structure, k) -> None:
    metric, vectors, query = each
    index = nearfile.build(vectors, metric=metric, structure=structure, n_trees=2)
    ids, distances = index.search(query, k=k, **{reference.BUDGETS[structure]: 1})
    assert len(ids) == min(k, len(vectors)) == len(set(ids.tolist()))
    assert (np.diff(distances) <= 0).all() if metric == "dot" else (np.diff(distances) >= 0).all()
    # Double precision and float32 differ by the rounding of the largest term.
    scale = float(np.abs(vectors).max() + np.abs(query).max()) ** (2 if metric == "dot" else 1) * vectors.shape[1]
    relative = metric in ("angular", "cosine")
    np.testing.assert_allclose(
        distances,
        reference.distances(metric, query, vectors)[ids],
        rtol=1e-5,
        atol=3e-3 if relative else 1e-6 * scale + 1e-6,
    )


@few
@given(st.lists(INT64, min_size=1, max_size=30, unique=True) | st.lists(TEXT, min_size=1, max_size=30, unique=True))
def test_ids_come_back_and_are_found(ids) -> None:
    vectors = np.arange(2 * len(ids), dtype=np.float32).reshape(-1, 2)
    index = nearfile.build(vectors, metric="euclidean", ids=ids)
    assert index.ids.tolist() == ids
    for row, id_ in enumerate(ids):
        assert index.vector(id_).tolist() == vectors[row].tolist()
        assert index.search(vectors[row], k=1)[0].tolist() == [id_]


@few
@given(st.lists(st.integers(0, 5), max_size=8), data(), STRUCTURES)
def test_any_batches_give_the_bytes_of_one(sizes, each, structure) -> None:
    metric, vectors, _ = each
    builder = nearfile.Builder(vectors.shape[1], metric, structure=structure, n_trees=2)
    start = 0
    for size in [*sizes, len(vectors)]:
        builder.add(vectors[start : start + size])
        start += size
    at_once = nearfile.build(vectors, metric=metric, structure=structure, n_trees=2)
    assert builder.build()._core.contents() == at_once._core.contents()


@few
@given(st.binary(max_size=400))
def test_any_bytes_are_refused(contents) -> None:
    try:
        nearfile.open_buffer(contents)
    except nearfile.BadFileError:
        return
    raise AssertionError("opened")
