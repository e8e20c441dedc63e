"""Intrinsic dimension from distances of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile.report.facts import Dimension, Floats

# Shorter than this part of the usual distance is a duplicate but for rounding, which says nothing of directions.
DUPLICATE = 1e-3
LEAST_NEIGHBORS = 3
LEAST_ITEMS = 20


def dimension(distances: NDArray[Any]) -> Dimension | None:
    """Estimate the dimension of what items lie on, however many values their vectors have.

    The maximum-likelihood estimate of Levina and Bickel (Maximum likelihood estimation of intrinsic dimension, NIPS 2004),
    with the inverses of items averaged, as MacKay and Ghahramani showed to be right (2005): from how distances of
    neighbours grow. And that of the two nearest alone (Facco, d'Errico, Rodriguez and Laio, Scientific Reports 7, 2017),
    which sees the smallest scale.

    Args:
        distances: Shape (m, k): of each item those of its nearest others, ascending, by a metric.

    Returns:
        None where fewer than 20 items have 3 neighbours at distances that differ.

    >>> import numpy
    >>> plane = numpy.random.default_rng(0).random((2000, 2))
    >>> far = numpy.sort(numpy.hypot(*(plane[:, None] - plane).transpose(2, 0, 1)), axis=1)[:, 1:21]
    >>> round(dimension(far).mle), round(dimension(far).two_nn)
    (2, 2)
    """
    far = np.asarray(distances, np.float64)
    if far.ndim != 2 or far.shape[1] < LEAST_NEIGHBORS:
        return None
    usual = float(np.median(far[:, -1]))
    far = np.where(far > DUPLICATE * usual, far, np.nan)
    inverse = inverse_of_each(far)
    inverse = inverse[np.isfinite(inverse) & (inverse > 0)]
    pairs = ratios_of_two(far)
    if len(inverse) < LEAST_ITEMS or len(pairs) == 0 or not pairs.sum():
        return None
    return Dimension(float(1 / inverse.mean()), float(len(pairs) / pairs.sum()), 1 / inverse, far.shape[1])


def inverse_of_each(far: Floats) -> Floats:
    """One over the dimension at each item: the mean of log(T_k / T_j) of its neighbours j before the last, k; nan for too few."""
    logs = np.log(far[:, -1:] / far[:, :-1])
    counts = np.isfinite(logs).sum(axis=1)
    sums = np.where(np.isfinite(logs), logs, 0).sum(axis=1)
    return np.where(counts >= LEAST_NEIGHBORS - 1, sums / np.maximum(counts, 1), np.nan)


def ratios_of_two(far: Floats) -> Floats:
    """The log of the second distance over the first, of distances that are no duplicates'."""
    order = np.sort(far, axis=1)  # nan comes last
    found = np.log(order[:, 1] / order[:, 0])
    return found[np.isfinite(found)]
