"""What neighbours say: how far they are, who is everybody's, who is there twice, who is far out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile.report.dimension import dimension
from nearfile.report.facts import Dimension, Distances, Duplicates, FarOut, Floats, Hubs, Id
from nearfile.report.subject import Subject

#: The neighbour whose distance says how crowded it is around an item.
K = 10

PAIRS = 5000
TOP = 8  # rows of a table
LEAST_FOR_HUBS = 20


def measure_distances(subject: Subject) -> Distances | None:
    """How far nearest others are, and pairs at random; None for fewer than two items."""
    if len(subject.index) < 2:
        return None
    far = subject.near.distances.astype(np.float64)
    k = min(K, far.shape[1])
    return Distances(far[:, 0], far[:, k - 1], k, of_pairs(subject), len(far) == len(subject))


def of_pairs(subject: Subject) -> Floats:
    """Distances of sampled items at random, never of one to itself."""
    m = len(subject)
    if m < 2:
        return np.empty(0)
    rng = np.random.default_rng(subject.seed)
    first = rng.integers(0, m, PAIRS)
    second = (first + rng.integers(1, m, PAIRS)) % m
    found = [
        between(
            subject.vectors[first[start : start + 256]],
            subject.vectors[second[start : start + 256]],
            subject.index.metric,
        )
        for start in range(0, PAIRS, 256)
    ]
    return np.concatenate(found)


def between(a: NDArray[Any], b: NDArray[Any], metric: str) -> Floats:
    """The distance of each row of ``a`` to the same row of ``b``."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    if metric in ("euclidean", "manhattan", "hamming"):
        apart = np.abs(a - b)
        far: Floats = np.sqrt((apart * apart).sum(axis=1)) if metric == "euclidean" else apart.sum(axis=1)
        return far
    products: Floats = (a * b).sum(axis=1)
    if metric == "dot":
        return products
    lengths = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    # Of a vector of zeros the cosine is taken as 0.
    cosines = np.where(lengths > 0, products / np.where(lengths > 0, lengths, 1), 0)
    far = np.maximum(0, 1 - cosines)
    return far if metric == "cosine" else np.sqrt(2 * far)


def metric_distances(subject: Subject) -> Floats:
    """Of neighbours, by distances that are those of a metric: of each item the nearest first."""
    if subject.index.metric == "dot":  # within the sample, by euclidean
        return subject.plane_graph.distances[:, 1:].astype(np.float64)
    far = subject.near.distances.astype(np.float64)
    return np.sqrt(2 * np.maximum(far, 0)) if subject.index.metric == "cosine" else far


def measure_dimension(subject: Subject) -> Dimension | None:
    """Of the whole index; None where it is too small or too much alike."""
    return None if len(subject.index) < 2 else dimension(metric_distances(subject))


def measure_hubs(subject: Subject) -> Hubs | None:
    """Within the sample; None for fewer than 20 items."""
    m = len(subject)
    if m < LEAST_FOR_HUBS:
        return None
    k = min(K, m - 1)
    counts = np.bincount(subject.graph.rows[:, 1 : k + 1].reshape(-1), minlength=m)
    order = np.argsort(-counts, kind="stable")[:TOP]
    top = [(subject.ids[at], int(counts[at])) for at in order]
    return Hubs(counts, k, skewness(counts), float((counts == 0).mean()), top)


def skewness(counts: NDArray[Any]) -> float:
    """The third moment of ``counts`` around their mean, over the cube of their standard deviation; 0 where all are equal."""
    apart = counts - counts.mean()
    spread = float(np.sqrt((apart**2).mean()))
    return float((apart**3).mean()) / spread**3 if spread else 0.0


def measure_duplicates(subject: Subject) -> Duplicates | None:
    """Which sampled items have a vector that others have; None for fewer than two items."""
    if len(subject.index) < 2:
        return None
    if subject.index.metric == "dot":  # whose nearest need not be itself
        return duplicates_within(subject)
    ids, far = subject.near
    first = subject.vectors[: len(ids)]
    same = (first == subject.index._vectors(list(ids[:, 0]))).all(axis=1)
    groups: dict[bytes, dict[Id, None]] = {}
    for at in np.flatnonzero(same):
        group = groups.setdefault(first[at].tobytes(), {})
        as_near = ids[at][far[at] <= far[at, 0]].tolist()
        group.update(dict.fromkeys([subject.ids[at], *as_near]))
    pairs: dict[frozenset[Id], tuple[Id, Id, float]] = {}
    for at in np.argsort(far[:, 0], kind="stable"):
        one, other = subject.ids[at], ids[at, 0] if subject.index._strings else int(ids[at, 0])
        if not same[at]:
            pairs.setdefault(frozenset((one, other)), (one, other, float(far[at, 0])))
        if len(pairs) == TOP:
            break
    return Duplicates(float(same.mean()), largest(groups), len(groups), "index", list(pairs.values()))


def duplicates_within(subject: Subject) -> Duplicates:
    """The same, looked for in the sample alone."""
    groups: dict[bytes, dict[Id, None]] = {}
    for id_, vector in zip(subject.ids, subject.vectors):
        groups.setdefault(vector.tobytes(), {})[id_] = None
    several = {key: group for key, group in groups.items() if len(group) > 1}
    alike = sum(map(len, several.values()))
    return Duplicates(alike / len(subject), largest(several), len(several), "sample", [])


def largest(groups: dict[bytes, dict[Id, None]]) -> list[list[Id]]:
    """The TOP largest groups, of equal ones those that were seen first."""
    return sorted((list(group) for group in groups.values()), key=len, reverse=True)[:TOP]


def measure_far_out(subject: Subject) -> FarOut | None:
    """Those whose k-th nearest other is farthest; None where there are too few items to tell, or all are alike."""
    if len(subject) < LEAST_FOR_HUBS:
        return None
    products = subject.index.metric == "dot"
    far = subject.plane_graph.distances[:, 1:] if products else subject.near.distances
    k = min(K, far.shape[1])
    kth = far[:, k - 1].astype(np.float64)
    median = float(np.median(kth))
    if not kth.max() > 0:
        return None
    order = np.argsort(-kth, kind="stable")[:TOP]
    rows = [(subject.ids[at], float(kth[at]), float(kth[at] / median) if median else float("inf")) for at in order]
    metric, within = ("euclidean", "sample") if products else (subject.index.metric, "index")
    return FarOut(rows, k, median, metric, within)
