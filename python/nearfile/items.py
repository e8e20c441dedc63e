"""Items in the place of vectors: queries that are in the index already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import NDArray

from nearfile import inputs
from nearfile.errors import InvalidArgumentError

if TYPE_CHECKING:
    from nearfile.index import Index

Id = Union[int, str]


@dataclass(frozen=True)
class Item:
    """An item as a query: :meth:`Index.search` takes it in the place of a vector, alone or in a list with vectors.

    A bare id would not do: ``[3, 5]`` may be two ids, and a vector of two values.

    >>> import numpy, nearfile
    >>> index = nearfile.build(numpy.eye(3), metric="euclidean", ids=["x", "y", "z"])
    >>> ids, distances = index.search([nearfile.Item("y"), [0.9, 0.0, 0.1]], k=1)
    >>> ids.tolist()
    [['y'], ['x']]
    """

    id: Id


def queries(index: Index, query: object) -> NDArray[Any]:
    """``query`` as an array of shape (dim,) or (q, dim), of any real dtype: items in it are what the index has of them.

    Raises:
        NotFoundError: There is no such item.
        InvalidArgumentError: What is no item and no vector.
    """
    if isinstance(query, Item):
        return index._vectors(query.id)
    if isinstance(query, (list, tuple)) and any(isinstance(each, Item) for each in query):
        return mixed(index, query)
    try:
        return inputs.query(query, index.dim)
    except InvalidArgumentError:
        refuse_bare_ids(index, query)
        raise


def mixed(index: Index, query: list[Any] | tuple[Any, ...]) -> NDArray[np.float32]:
    """Of items and vectors, a row for each."""
    refuse_bare_ids(index, query)
    rows = np.empty((len(query), index.dim), np.float32)
    for row, each in zip(rows, query):
        vector = index._vectors(each.id) if isinstance(each, Item) else inputs.query(each, index.dim)
        if vector.ndim != 1:
            raise InvalidArgumentError(
                f"query: expected vectors of shape ({index.dim},) beside items, got shape {vector.shape}: give its rows"
                " one by one"
            )
        row[:] = inputs.floats(vector)
    return rows


def refuse_bare_ids(index: Index, query: object) -> None:
    """Raise where ids stand in a list that is to have vectors and items."""
    if not isinstance(query, (list, tuple)):
        return
    vectors = any(isinstance(each, Item) or (hasattr(each, "__len__") and not isinstance(each, str)) for each in query)
    for place, each in enumerate(query):
        bare = isinstance(each, str) or (vectors and isinstance(each, (int, np.integer)))
        if bare and each in index:
            raise InvalidArgumentError(
                f"query: expected vectors and items, got {each!r} at {place}: write nearfile.Item({each!r}) for the item"
                " of this id"
            )
