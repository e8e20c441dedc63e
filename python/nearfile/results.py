"""What searches return: ids and distances, which unpack as a tuple does, and are a table to whoever reads Arrow's capsules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Union

import numpy as np
from numpy.typing import NDArray

from nearfile import _core

Ids = NDArray[Any]
Distances = NDArray[np.float32]
Numbers = NDArray[np.int64]

if TYPE_CHECKING:
    from collections.abc import Iterator

    class Parts:
        """What the core has: arrays that unpack as a tuple does."""

        def __init__(self, *parts: NDArray[Any]) -> None: ...
        def __iter__(self) -> Iterator[NDArray[Any]]: ...
        def __len__(self) -> int: ...
        def __getitem__(self, place: int) -> NDArray[Any]: ...

else:
    Parts = _core._Answer


class Answer(Parts):
    """What the two kinds of answers have in common."""

    __slots__ = ()

    @property
    def ids(self) -> Ids:
        """The ids: int64, or objects that are ``str``."""
        return self[0]

    @property
    def distances(self) -> Distances:
        """The distances by the index's metric: float32, of the shape of ``ids``."""
        return self[1]

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """The table as NumPy's arrays: ``query``, ``rank``, ``id`` and ``distance``, each of shape (m,), a row an answer."""
        query, rank, answers = self._places()
        return {"query": query, "rank": rank, "id": self.ids[answers], "distance": self.distances[answers]}

    def to_arrow(self) -> Any:
        """A ``pyarrow.Table`` with the columns of :meth:`to_dict`: int64, int64, int64 or large_string, and float32.

        Raises:
            ImportError: pyarrow is not installed.
        """
        return to_arrow(self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """That table, as Arrow's PyCapsule interface has it: one batch, a copy. Another schema than its own is not made."""
        return stream(self.to_dict())

    def _places(self) -> tuple[Numbers, Numbers, Any]:
        """Of each row of the table the query and the rank, and where ids and distances have it."""
        raise NotImplementedError

    def __reduce__(self) -> tuple[Callable[..., Answer], tuple[Any, ...]]:
        return type(self), tuple(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self))})"


class Neighbors(Answer):
    """Ids and distances: what :meth:`Index.search` returns, and :meth:`Index.search_radius` for one query.

    It unpacks as a tuple of two does. It is also a table with the columns ``query`` (from 0), ``rank`` (from 0, nearest first), ``id`` and
    ``distance``, with a row for each answer and none for the gaps of queries that have fewer: ``polars.DataFrame(found)``,
    ``pyarrow.table(found)``, ``pandas.DataFrame.from_arrow(found)`` and DuckDB take it as it is. It is no ``tuple`` to
    ``isinstance()``, since some of these would then take ids and distances for the columns.

    >>> import numpy, nearfile
    >>> index = nearfile.build([[0.0], [1.0], [3.0]], metric="euclidean", ids=["a", "b", "c"])
    >>> found = index.search([[0.2], [2.9]], k=2)
    >>> ids, distances = found
    >>> ids.tolist()
    [['a', 'b'], ['c', 'b']]
    >>> {name: column.tolist() for name, column in found.to_dict().items() if name != "distance"}
    {'query': [0, 0, 1, 1], 'rank': [0, 1, 0, 1], 'id': ['a', 'b', 'c', 'b']}
    """

    __slots__ = ()

    def _places(self) -> tuple[Numbers, Numbers, Any]:
        answers = ~np.isnan(np.atleast_2d(self.distances))
        query, rank = (each.astype(np.int64, copy=False) for each in np.nonzero(answers))
        return query, rank, answers.reshape(self.distances.shape)


class RaggedNeighbors(Answer):
    """Ids, distances and offsets: what :meth:`Index.search_radius` returns for a batch.

    It unpacks as a tuple of three does, and is a table as :class:`nearfile.Neighbors` is.

    >>> import numpy, nearfile
    >>> index = nearfile.build([[0.0], [1.0], [3.0]], metric="euclidean")
    >>> found = index.search_radius([[0.0], [9.0], [2.5]], 1.5)
    >>> ids, distances, offsets = found
    >>> found.to_dict()["query"].tolist(), found.to_dict()["id"].tolist()
    ([0, 0, 2, 2], [0, 1, 2, 1])
    """

    __slots__ = ()

    @property
    def offsets(self) -> Numbers:
        """Shape (q + 1,), int64: what was found for query i is from ``offsets[i]`` to ``offsets[i + 1]``."""
        return self[2]

    def _places(self) -> tuple[Numbers, Numbers, Any]:
        counts = np.diff(self.offsets)
        query = np.repeat(np.arange(len(counts)), counts)
        rank = np.arange(len(query)) - np.repeat(self.offsets[:-1], counts)
        return query, rank, slice(None)


#: Of search_radius: of a batch with offsets.
Within = Union[Neighbors, RaggedNeighbors]

_core.give_as(Neighbors)


def lists(found: Within) -> tuple[list[Any], list[Any]]:
    """Ids and distances as lists; of a batch a list for each query, as long as it has answers."""
    ids, distances = found.ids.tolist(), found.distances.tolist()
    if isinstance(found, RaggedNeighbors):
        ends = found.offsets.tolist()
        parts = [slice(*each) for each in zip(ends, ends[1:])]
        return [ids[part] for part in parts], [distances[part] for part in parts]
    if found.distances.ndim == 1:
        return ids, distances
    counts = (~np.isnan(found.distances)).sum(axis=1).tolist()
    return [row[:n] for row, n in zip(ids, counts)], [row[:n] for row, n in zip(distances, counts)]


def stream(columns: dict[str, NDArray[Any]]) -> object:
    """A capsule of one table of int64, float32 and ``str``."""
    return _core.arrow_table({name: plain(column) for name, column in columns.items()})


def plain(column: NDArray[Any]) -> Any:
    """A column as the core takes it."""
    return column.tolist() if column.dtype == object else np.ascontiguousarray(column)


def to_arrow(found: object) -> Any:
    """What gives itself out as a capsule as a ``pyarrow.Table``."""
    try:
        import pyarrow
    except ImportError:
        raise ImportError(
            "to_arrow: expected pyarrow to be installed: pip install pyarrow, or give this to polars or DuckDB as it is"
        ) from None
    return pyarrow.table(found)
