"""Which segments a query is to be asked of, and which part of its neighbours each may be expected to have.

A neighbour lies in a segment where it lies on the segment's side of every plane above it. How often it lies on the lower
side depends on how far above the plane the query is, in standard deviations of what the plane cuts: a curve that falls
from one to zero, steeper for the first planes, which cut what is wider. The curves are counted on queries whose
neighbours are known, one for the planes of each level; the share of a segment is the product along its planes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile.errors import InvalidArgumentError
from nearfile.routing.planes import Planes, halves

Shares = NDArray[np.float32]

#: Curves are told from -REACH to REACH standard deviations, and go on as they end.
_REACH = 3.0
_KNOTS = 49


class Router:
    """Planes, and curves counted for some k.

    Args:
        planes: That cut the segments.
        curves: For each k an array of shape (levels, knots): the share on the lower side.

    >>> import numpy
    >>> from nearfile.routing.planes import Planes
    >>> from nearfile.routing.router import Router
    >>> items = numpy.random.default_rng(0).random((2000, 2), dtype=numpy.float32)
    >>> planes = Planes.fit(items, 2, "euclidean")
    >>> near = planes.assign(items)[:, None]  # as if an item's neighbours were all where it is
    >>> router = Router.fit(planes, items, {1: near})
    >>> bool((router.shares(items, k=1).argmax(1) == near[:, 0]).mean() > 0.97)
    True
    """

    def __init__(self, planes: Planes, curves: dict[int, NDArray[np.float32]]) -> None:
        self.planes = planes
        self._curves = curves
        self._levels = _levels(len(planes))

    @classmethod
    def fit(cls, planes: Planes, queries: object, segments: dict[int, NDArray[Any]]) -> Router:
        """Curves counted on queries whose neighbours are known.

        Args:
            planes: That cut the segments.
            queries: Shape (q, dim).
            segments: For each k the segment of each of the k nearest of every query: shape (q, k), -1 for none.
        """
        margins = planes.margins(queries)
        counts = {
            k: np.stack([(found == each).sum(1) for each in range(len(planes))], 1) for k, found in segments.items()
        }
        return cls(planes, {k: _curves(planes, margins, count) for k, count in counts.items()})

    def shares(self, queries: object, k: int) -> Shares:
        """Which part of the k nearest of every query is to be expected in each segment: shape (q, segments), sums of one.

        Args:
            queries: Shape (q, dim).
            k: The shares are those of the next larger k that curves were counted for, or of the largest.
        """
        known = sorted(self._curves)
        curves = self._curves[next((each for each in known if each >= k), known[-1])]
        n = len(self.planes)
        if n == 1:
            return np.ones((len(np.asarray(queries)), 1), np.float32)
        lower = _lower_shares(curves, self._levels, self.planes.margins(queries))
        shares = np.empty((n, len(lower)), np.float32)
        stack = [(np.ones(len(lower), np.float32), 0, 0, n)]
        while stack:
            share, place, first, count = stack.pop()
            if count == 1:
                shares[first] = share
                continue
            below = halves(count)
            stack.append((share * lower[:, place], place + 1, first, below))
            stack.append((share * (1 - lower[:, place]), place + below, first + below, count - below))
        return np.ascontiguousarray(shares.T)

    def to_dict(self) -> dict[str, Any]:
        """What :meth:`of_dict` makes the same router of: for JSON."""
        curves = {str(k): np.round(curve.astype(np.float64), 4).tolist() for k, curve in self._curves.items()}
        return {"planes": self.planes.to_dict(), "curves": curves}

    @classmethod
    def of_dict(cls, saved: dict[str, Any]) -> Router:
        """The router of :meth:`to_dict`.

        Raises:
            InvalidArgumentError: What is no such dict.
        """
        try:
            planes = Planes.of_dict(saved["planes"])
            curves = {int(k): np.array(curve, np.float32) for k, curve in saved["curves"].items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidArgumentError(
                f"router: expected what to_dict() gave, got a {type(error).__name__}: {error}"
            ) from None
        levels = int(_levels(len(planes)).max(initial=-1)) + 1
        fit = [curve.shape == (levels, _KNOTS) and ((curve >= 0) & (curve <= 1)).all() for curve in curves.values()]
        if not curves or not all(fit):
            raise InvalidArgumentError(f"router: expected curves of {levels} levels and {_KNOTS} knots, got others")
        return cls(planes, curves)


def _levels(n: int) -> NDArray[np.intp]:
    """The level of every plane, the first one's is 0."""
    levels = np.zeros(n - 1, np.intp)
    stack = [(0, n, 0)]
    while stack:
        place, count, level = stack.pop()
        if count > 1:
            levels[place] = level
            stack += [(place + 1, halves(count), level + 1), (place + halves(count), count - halves(count), level + 1)]
    return levels


def _position(margins: Shares) -> tuple[NDArray[np.intp], Shares]:
    """The knot at or below each margin, and how far it is to the next one."""
    at = (np.clip(margins, -_REACH, _REACH) + _REACH) * ((_KNOTS - 1) / (2 * _REACH))
    knot = np.minimum(at.astype(np.intp), _KNOTS - 2)
    return knot, (at - knot).astype(np.float32)


def _lower_shares(curves: NDArray[np.float32], levels: NDArray[np.intp], margins: Shares) -> Shares:
    knot, part = _position(margins)
    start = curves[levels, knot]
    return np.asarray(start + part * (curves[levels, knot + 1] - start), np.float32)


def _curves(planes: Planes, margins: Shares, counts: NDArray[Any]) -> NDArray[np.float32]:
    """Of each level: the share of neighbours on the lower side, by margin."""
    levels = _levels(len(planes))
    lower = np.zeros((int(levels.max(initial=-1)) + 1, _KNOTS))
    both = np.zeros_like(lower)
    knot, part = _position(margins)
    stack = [(0, 0, len(planes))]
    while stack:
        place, first, count = stack.pop()
        if count == 1:
            continue
        below = halves(count)
        on_lower = counts[:, first : first + below].sum(1)
        on_both = counts[:, first : first + count].sum(1)
        for at, weight in ((knot[:, place], 1 - part[:, place]), (knot[:, place] + 1, part[:, place])):
            np.add.at(lower[levels[place]], at, weight * on_lower)
            np.add.at(both[levels[place]], at, weight * on_both)
        stack += [(place + 1, first, below), (place + below, first + below, count - below)]
    return np.stack([_falling(a, b) for a, b in zip(lower, both)]) if len(lower) else np.zeros((0, _KNOTS), np.float32)


def _falling(lower: NDArray[np.float64], both: NDArray[np.float64]) -> NDArray[np.float32]:
    """The curve of shares that never rises and is nearest to what was counted: neighbouring knots that rise are pooled.

    Half a neighbour on either side, at the ends alone, so that a curve without counts leads from one to zero.
    """
    lower, both = lower.copy(), both.copy()
    lower[0] += 0.5
    both[[0, -1]] += 0.5
    pools: list[tuple[float, float, int]] = []
    for part, whole in zip(lower, both):
        pools.append((float(part), float(whole), 1))
        while len(pools) > 1 and (pools[-1][1] == 0 or pools[-2][0] * pools[-1][1] < pools[-1][0] * pools[-2][1]):
            (part_a, whole_a, n_a), (part_b, whole_b, n_b) = pools[-2:]
            pools[-2:] = [(part_a + part_b, whole_a + whole_b, n_a + n_b)]
    return np.concatenate([np.full(n, part / whole if whole else 1.0) for part, whole, n in pools]).astype(np.float32)
