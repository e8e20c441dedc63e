"""The shares of a query's neighbours that the parts of a collection have: those that a router knows, and others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from nearfile.errors import InvalidArgumentError
from nearfile.routing.router import Router, Shares

#: A part of a collection: the file of its segment, if it is one, and how many live items it has.
Part = tuple[Optional[str], int]

#: What may be left unasked, in parts of the neighbours that a recall leaves out.
SLACK = 0.25
#: The recall that is meant where none is said.
DEFAULT_RECALL = 0.95


class Asking:
    """A router for the parts that a collection has now.

    Parts that no plane cut, those that were added later, have the share that they have of all items. Of the others a
    query leaves out those that together are expected to have next to nothing of its neighbours.
    """

    def __init__(self, router: Router, cells: dict[str, int], parts: Sequence[Part]) -> None:
        self._router = router
        sizes = np.array([count for _, count in parts], np.float64)
        sizes /= max(1.0, sizes.sum())
        self._cells = np.array([cells.get(file or "", -1) for file, _ in parts], np.intp)
        self._cut = self._cells >= 0
        self._sizes = sizes.astype(np.float32)

    @classmethod
    def of_dict(cls, saved: Any, parts: Sequence[Part]) -> Asking:
        """Of what a manifest has: what :meth:`Router.to_dict` gave, and ``cells``, for each file its segment of the planes.

        Raises:
            InvalidArgumentError: What is no such dict.
        """
        router = Router.of_dict(saved)
        cells = saved.get("cells")
        n = len(router.planes)
        known = isinstance(cells, dict) and all(type(cell) is int and 0 <= cell < n for cell in cells.values())
        if not known:
            raise InvalidArgumentError(f"router: expected cells from 0 to {n - 1} by file, got {cells!r:.60}")
        return cls(router, cells, parts)

    @property
    def dim(self) -> int:
        """The length of every query."""
        return self._router.planes.dim

    def shares(self, queries: NDArray[np.float32], k: int, recall: float) -> Shares:
        """Which part of the k nearest of each query to expect in each part: shape (q, parts); 0 need not be asked.

        Args:
            queries: Shape (q, dim).
            k: How many are asked for.
            recall: That is asked for; 0 is the usual one.
        """
        cut = self._router.shares(queries, k)[:, self._cells[self._cut]]
        least = np.argsort(cut, axis=1)
        sums = np.take_along_axis(cut, least, 1).cumsum(1)
        slack = SLACK * (1 - (recall or DEFAULT_RECALL))
        np.put_along_axis(cut, least, np.where(sums <= slack, 0, np.take_along_axis(cut, least, 1)), 1)
        shares = np.broadcast_to(self._sizes, (len(cut), len(self._sizes))).copy()
        shares[:, self._cut] = cut * self._sizes[self._cut].sum()
        return shares
