"""Sweeps that several libraries share."""

from __future__ import annotations

from bench.shape import Shape

# What is right for answers of so many.
USUAL_K = 10


def beam(shape: Shape, k: int) -> list[int]:
    """How many of the best items met so far a walk on a graph keeps, called ef or window: equal steps of its logarithm.

    From k on, for no walk keeps fewer. Inner products are where such walks lose their way; there the sweep goes on, to show
    that no width helps.
    """
    widths = [10, 16, 25, 40, 64, 100, 160, 250, 400, 640]
    if k > USUAL_K:
        widths = [k, *(round(k * step) for step in (1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.4, 10))]
    return [*widths, 10 * widths[5] if k <= USUAL_K else 16 * k] if shape.metric == "dot" else widths


def measured(steps: list[tuple[int, int]], k: int, most: int) -> list[tuple[int, int]]:
    """Steps of cells searched, ``most`` at most, and of candidates measured exactly, for each answer beyond ten two more."""
    return list(dict.fromkeys((min(cells, most), exact + 2 * max(0, k - USUAL_K)) for cells, exact in steps))
