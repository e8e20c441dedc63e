"""A plane for a graph of neighbours: points that are neighbours attract each other, all others push each other away."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearfile.report.facts import Floats

EPOCHS = 300
PUSHES = 5  # other points that each end of an edge is pushed from in an epoch

# 1 / (1 + A d^2B) is how near two points at distance d count: UMAP's curve for min_dist = 0.1.
A, B = 1.577, 0.895
FARTHEST_STEP = 4.0
FIRST_RATE = 0.3


class Edges(NamedTuple):
    """Pairs of points, and how much each counts, above 0 and up to 1: shape (e,) each."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    weight: Floats


def layout(rows: NDArray[Any], distances: NDArray[Any], start: Floats, seed: int) -> Floats:
    """Lay out a graph of neighbours as UMAP does (McInnes, Healy and Melville, 2018), with NumPy alone.

    All edges of an epoch pull at once, each with the probability of its weight, so nothing depends on an order.

    Args:
        rows: Shape (m, k): of each point its nearest others.
        distances: Shape (m, k): of these, ascending.
        start: Shape (m, 2): where points are before.
        seed: The same gives the same layout.

    Returns:
        Shape (m, 2), around 0.
    """
    edges = fuzzy_edges(rows, distances)
    rng = np.random.default_rng(seed)
    xy = start.copy()
    m = len(xy)
    for epoch in range(EPOCHS):
        rate = FIRST_RATE * (1 - epoch / EPOCHS)
        pulled = rng.random(len(edges.weight)) < edges.weight
        a, b = edges.a[pulled], edges.b[pulled]
        apart = xy[a] - xy[b]
        square = (apart * apart).sum(axis=1)
        some = np.maximum(square, 1e-9)  # two points may be at one place
        pull = -2 * A * B * some ** (B - 1) / (1 + A * some**B)
        step = np.clip(pull[:, None] * apart, -FARTHEST_STEP, FARTHEST_STEP)
        move = added(a, step, m) - added(b, step, m)
        ends = np.repeat(np.concatenate((a, b)), PUSHES)
        others = rng.integers(0, m, len(ends))
        apart = xy[ends] - xy[others]
        square = (apart * apart).sum(axis=1)
        push = 2 * B / ((0.001 + square) * (1 + A * square**B))
        move += added(ends, np.clip(push[:, None] * apart, -FARTHEST_STEP, FARTHEST_STEP), m)
        xy += rate * move
    laid: Floats = xy - xy.mean(axis=0)
    return laid


def added(at: NDArray[np.int64], steps: Floats, m: int) -> Floats:
    """The sum of steps of each of ``m`` points."""
    summed: Floats = np.stack([np.bincount(at, steps[:, axis], minlength=m) for axis in (0, 1)], axis=1)
    return summed


def fuzzy_edges(rows: NDArray[Any], distances: NDArray[Any]) -> Edges:
    """How much neighbours count: less the farther they are for their item, and the more where it is mutual."""
    m, k = rows.shape
    far = distances.astype(np.float64)
    above = np.where(far > 0, far, np.inf).min(axis=1)
    least = np.where(np.isfinite(above), above, 0)
    beyond = np.maximum(0, far - least[:, None])
    weight = np.exp(-beyond / widths(beyond, np.log2(max(k, 2)))[:, None])
    a, b = np.repeat(np.arange(m, dtype=np.int64), k), rows.reshape(-1).astype(np.int64)
    keys, at = np.unique(np.minimum(a, b) * m + np.maximum(a, b), return_inverse=True)
    # Of two that both see, w + v - wv; 1 - (1 - w)(1 - v) is the same, and so for one alone.
    unlike = np.exp(np.bincount(at, np.log(np.maximum(1e-12, 1 - weight.reshape(-1))), minlength=len(keys)))
    return Edges(keys // m, keys % m, 1 - unlike)


def widths(beyond: Floats, wanted: float) -> Floats:
    """For each item the width at which its weights sum to ``wanted``, by halving intervals."""
    low, high = np.zeros(len(beyond)), np.full(len(beyond), np.inf)
    width = np.ones(len(beyond))
    for _ in range(64):
        too_wide = np.exp(-beyond / width[:, None]).sum(axis=1) > wanted
        high, low = np.where(too_wide, width, high), np.where(too_wide, low, width)
        width = np.where(np.isfinite(high), (low + high) / 2, 2 * width)
    typical = float(beyond.mean()) or 1.0
    clipped: Floats = np.clip(width, 1e-3 * typical, 1e6 * typical)
    return clipped


def principal(vectors: NDArray[Any], seed: int) -> Floats:
    """The two directions in which vectors differ most: shape (m, 2), rounded, so that the last bits of a sum change nothing.

    Directions are found among the vectors' products with some random directions, so that long vectors cost no more.
    """
    values = vectors.astype(np.float64)
    values -= values.mean(axis=0)
    if values.shape[1] > 64:
        rng = np.random.default_rng(seed)
        some = rng.standard_normal((values.shape[1], 32))
        for _ in range(3):  # subspace iteration
            some, _ = np.linalg.qr(values.T @ (values @ some))
        values = values @ some
    _, directions = np.linalg.eigh(values.T @ values)
    xy: Floats = values @ directions[:, ::-1][:, :2]
    if xy.shape[1] < 2:
        xy = np.concatenate((xy, np.zeros((len(xy), 2 - xy.shape[1]))), axis=1)
    # The sign of a direction is anybody's choice: the longest way is to the right and up.
    sign = np.sign(xy[np.abs(xy).argmax(axis=0), [0, 1]]) if len(xy) else 1
    xy *= np.where(sign == 0, 1, sign)
    spread = float(np.abs(xy).max()) if len(xy) else 0.0
    return (xy / spread).round(4) if spread else xy
