"""What the answers must be: brute force in NumPy and double precision, written for clarity."""

from __future__ import annotations

import numpy as np

METRICS = ("angular", "cosine", "euclidean", "dot", "manhattan", "hamming")
STRUCTURES = ("graph", "forest")

#: What a search of a structure calls its budget.
BUDGETS = {"graph": "effort", "forest": "search_k"}


def distances(metric: str, query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """The distance of ``query`` to each of ``vectors``, by its definition."""
    q = np.asarray(query, np.float64)
    v = np.asarray(vectors, np.float64)
    if metric in ("angular", "cosine"):
        lengths = np.sqrt((q @ q) * (v * v).sum(axis=1))
        cosine = np.divide(v @ q, lengths, out=np.zeros(len(v)), where=lengths > 0)
        return np.sqrt(np.maximum(0, 2 - 2 * cosine)) if metric == "angular" else 1 - cosine
    if metric == "euclidean":
        return np.sqrt(((v - q) ** 2).sum(axis=1))
    if metric == "dot":
        return v @ q
    if metric == "manhattan":
        return np.abs(v - q).sum(axis=1)
    assert metric == "hamming"
    return (v != q).sum(axis=1).astype(np.float64)


def search(metric: str, query: np.ndarray, vectors: np.ndarray, k: int, ids: np.ndarray | None = None):
    """Ids and distances of the ``k`` nearest, ties by smaller id."""
    found = distances(metric, query, vectors)
    names = np.arange(len(vectors)) if ids is None else np.asarray(ids)
    order = np.lexsort((names, -found if metric == "dot" else found))[:k]
    return names[order], found[order]


def vectors_for(metric: str, n: int, dim: int, seed: int = 0) -> np.ndarray:
    """Random float32 vectors that ``metric`` takes."""
    random = np.random.default_rng(seed)
    if metric == "hamming":
        return random.integers(0, 2, (n, dim)).astype(np.float32)
    return random.standard_normal((n, dim)).astype(np.float32)


def check(metric: str, found, query: np.ndarray, vectors: np.ndarray, k: int) -> None:
    """That ``found`` is the brute force answer, where near ties may stand in either order."""
    ids, found_distances = found
    expected_ids, expected = search(metric, query, vectors, k)
    assert ids.shape == expected_ids.shape
    assert len(set(ids.tolist())) == len(ids)
    # The angular distance of near-identical vectors is the root of a rounding error.
    tolerance = 2e-3 if metric == "angular" else 1e-4 if metric == "cosine" else 0
    np.testing.assert_allclose(found_distances, expected, rtol=1e-5, atol=max(tolerance, 1e-5))
    np.testing.assert_allclose(distances(metric, query, vectors[ids]), expected, rtol=1e-5, atol=max(tolerance, 1e-5))
