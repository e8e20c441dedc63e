"""Distances as the scores that other projects have: the larger, the more alike."""

from __future__ import annotations

import math


def similarity(metric: str, distance: float) -> float:
    """The cosine of angular and cosine, the product itself of dot, and of the others ``1 / (1 + distance)``.

    >>> similarity("cosine", 0.25), similarity("dot", 7.0), similarity("euclidean", 1.0)
    (0.75, 7.0, 0.5)
    """
    if metric == "cosine":
        return 1.0 - distance
    if metric == "angular":
        return 1.0 - distance * distance / 2.0
    return distance if metric == "dot" else 1.0 / (1.0 + distance)


def relevance(metric: str, distance: float) -> float:
    """From 0 to 1, in the order of similarity: cosines below zero are 0, products go through the logistic function.

    >>> relevance("cosine", 0.25), relevance("cosine", 1.5), relevance("dot", 0.0)
    (0.75, 0.0, 0.5)
    """
    alike = similarity(metric, distance)
    if metric == "dot":
        return 1.0 / (1.0 + math.exp(-alike)) if alike > -700.0 else 0.0
    return min(1.0, max(0.0, alike))
