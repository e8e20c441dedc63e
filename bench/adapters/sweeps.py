"""Sweeps that several libraries share."""

from __future__ import annotations

from bench.shape import Shape


def beam(shape: Shape) -> list[int]:
    """How many of the best items met so far a walk on a graph keeps, called ef or window: equal steps of its logarithm.

    Inner products are where such walks lose their way; there the sweep goes on, to show that no width helps.
    """
    widths = [10, 16, 25, 40, 64, 100, 160, 250, 400, 640]
    return [*widths, 1000] if shape.metric == "dot" else widths
