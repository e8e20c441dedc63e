"""Every item's nearest, as other libraries take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nearfile import _core, arguments, results
from nearfile.errors import InvalidArgumentError

if TYPE_CHECKING:
    from nearfile.index import Index


class NeighborGraph:
    """The nearest of every item: what :meth:`Index.knn_graph` returns.

    It is also a table of edges with the columns ``item``, ``rank`` (from 0, where the item itself stands), ``neighbor`` and ``distance``,
    both items by id: polars, DuckDB and ``pyarrow.table()`` take it as it is.

    Attributes:
        rows: Shape (n, k), int32: row numbers in the order of adding. Each row begins with its own number, then come
            its nearest others, nearest first and ties by smaller id.
        distances: Shape (n, k), float32: of these, by the index's metric; of the item itself 0, or for ``dot`` its
            inner product with itself.
    """

    __slots__ = ("_index", "distances", "rows")

    def __init__(self, rows: NDArray[np.int32], distances: NDArray[np.float32], index: Index) -> None:
        self.rows = rows
        self.distances = distances
        self._index = index

    @property
    def ids(self) -> NDArray[Any]:
        """The same as ``rows`` by id: shape (n, k), int64, or objects that are ``str``."""
        return self._index.ids[self.rows]

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """The table as NumPy's arrays: ``item``, ``rank``, ``neighbor`` and ``distance``, each of shape (n * k,).

        >>> import numpy, nearfile
        >>> graph = nearfile.build([[0.0], [1.0], [3.0]], metric="euclidean", ids=["a", "b", "c"]).knn_graph(k=2)
        >>> graph.to_dict()["item"].tolist(), graph.to_dict()["neighbor"].tolist()
        (['a', 'a', 'b', 'b', 'c', 'c'], ['a', 'b', 'b', 'a', 'c', 'b'])
        """
        n, k = self.rows.shape
        ids = self._index.ids
        return {
            "item": np.repeat(ids, k),
            "rank": np.tile(np.arange(k), n),
            "neighbor": ids[self.rows.reshape(-1)],
            "distance": self.distances.reshape(-1),
        }

    def to_arrow(self) -> Any:
        """A ``pyarrow.Table`` with the columns of :meth:`to_dict`; ids are int64 or large_string.

        Raises:
            ImportError: pyarrow is not installed.
        """
        return results.to_arrow(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """That table, as Arrow's PyCapsule interface has it: one batch, a copy. Another schema than its own is not made."""
        return results.stream(self.to_dict())

    def to_scipy(self) -> Any:
        """A ``scipy.sparse.csr_matrix`` of shape (n, n), with k distances a row in the order of ``rows``.

        What scikit-learn takes as ``metric="precomputed"``, and its ``kneighbors_graph(mode="distance")`` gives: each
        row has its own item first, with a zero that is stored. For a step that asks for m neighbours, ask for k = m + 1.

        Raises:
            InvalidArgumentError: ``dot``, whose inner products are no distances.
            ImportError: SciPy is not installed.
        """
        if self._index.metric == "dot":
            raise InvalidArgumentError(
                "to_scipy: expected a metric of distances, got dot, whose largest products are nearest: use rows and"
                " distances"
            )
        try:
            from scipy.sparse import csr_matrix
        except ImportError:
            raise ImportError("to_scipy: expected SciPy to be installed: pip install scipy") from None
        n, k = self.rows.shape
        starts = np.arange(n + 1, dtype=np.int64) * k
        return csr_matrix((self.distances.reshape(-1), self.rows.reshape(-1), starts), shape=(n, n), copy=False)

    def __repr__(self) -> str:
        return f"<nearfile.NeighborGraph of {len(self.rows)} items, k={self.rows.shape[1]}>"


def knn_graph(index: Index, k: object, recall: object, exact: bool, threads: object) -> NeighborGraph:
    """:meth:`Index.knn_graph`."""
    wanted = arguments.neighbors(k)
    share = 0.0 if recall is None else arguments.share("recall", recall)
    n_threads = arguments.threads(threads, default=0)
    n = len(index)
    rows = np.empty((n, min(wanted, n)), np.int32)
    distances = np.empty(rows.shape, np.float32)
    index._core.knn_graph(min(wanted, _core.max_count), share, bool(exact), n_threads, rows, distances)
    return NeighborGraph(rows, distances, index)
