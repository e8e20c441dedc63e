"""What :meth:`nearfile.Index.inspect` gives: where the file has an item, and what the bytes there say.

These are the types of dicts. docs/format.md says what each part of a file means; names are those of that page.
"""

from __future__ import annotations

import builtins
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray


class Extent(TypedDict):
    """Some bytes of the file."""

    #: The name of the section they are in, as in ``Index.info()["sections"]``.
    section: str
    #: Of the first byte, from the start of the file.
    offset: int
    #: How many there are.
    bytes: int
    #: The bytes themselves.
    data: builtins.bytes


class Split(TypedDict):
    """A split on the way from the root of a tree to the leaf of the item."""

    #: Its number.
    split: int
    extent: Extent
    #: Its plane; ``None`` for ``hamming``.
    plane: Extent | None
    #: How far above the plane a search for the item's vector is; ``None`` for ``hamming``.
    margin: float | None
    #: For ``hamming``: the number of the bit that parts the sides. ``None`` where both sides are alike, and for planes.
    bit: int | None
    #: Whether the item is on the side ``above``.
    above: bool
    #: Whether a search for the item's vector goes there first: the sign of the margin, or the bit.
    search_above: bool


class Leaf(TypedDict):
    """Where a tree has the item."""

    tree: int
    #: The reference that the tree starts with.
    root: Extent
    #: From the root down.
    path: list[Split]
    #: The leaf's number.
    leaf: int
    #: The two numbers of ``leaf_starts`` between which its items are.
    bounds: Extent
    #: Of all its items, in the order of the file.
    ids: list[int] | list[str]


class Neighbor(TypedDict):
    """A neighbour of the item in the graph."""

    #: In the vertex; the number of the neighbour lies ``place * id_bytes`` bytes from the start of ``numbers``, but
    #: where ``id_bytes`` is 0.
    place: int
    id: int | str
    #: As ``Index.distance()`` gives it.
    distance: float
    #: Of the neighbour's sketch; ``None`` without sketches, and for ``dot``.
    additive: float | None
    #: The same; ``None`` without sketches.
    factor: float | None


class Vertex(TypedDict):
    """The item's row of the graph."""

    extent: Extent
    #: For neighbours; those that are not taken are not among ``neighbors``.
    places: int
    #: Of the number of a neighbour: 2 up to 65,535 items, 3 up to 16,777,215, else 4; 0 where neighbours are sorted,
    #: whose numbers have no bytes of their own.
    id_bytes: int
    #: Within ``extent``, for all places: the neighbours' numbers.
    numbers: Extent
    #: The same: ``additive`` of the sketches. ``None`` without sketches, and for ``dot``.
    additives: Extent | None
    #: The same; ``None`` without sketches, as the next.
    factors: Extent | None
    signs: Extent | None
    neighbors: list[Neighbor]


class Code(TypedDict):
    """A short form of the vector."""

    extent: Extent
    #: Shape (dim,), of nibbles that of the space; int64.
    code: NDArray[np.int64]
    #: What the code stands for: the same shape, float32.
    decoded: NDArray[np.float32]
    #: What was coded, beside it: the vector, where the metric is ``angular`` or ``cosine`` at length one, for ``scaled``
    #: codes and nibbles less the center, for nibbles in the space of the file. ``None`` where no vectors are kept, where
    #: this one has no direction, and for the nibbles of ``dot``.
    exact: NDArray[np.float32] | None
    #: These are ``None`` where the code has none.
    scale: float | None
    factor: float | None
    squared_norm: float | None
    error: float | None


class Inspection(TypedDict):
    """One item."""

    id: int | str
    #: In the order of adding, from 0.
    row: int
    #: In the order of the file, from 0; in a forest the row.
    item: int
    #: All that the file has for this item alone, in the order of their offsets; ids, their order, the numbers that
    #: lead from rows to items and back, and the inverse of its length are nowhere else.
    extents: list[Extent]
    #: One a tree: of a graph its entry tree.
    leaves: list[Leaf]
    #: ``None`` for a forest.
    vertex: Vertex | None
    #: Codes of 4 bits; ``None`` where there are none.
    nibbles: Code | None
    #: Codes of 8 bits, or of 1 for ``hamming``; ``None`` where there are none. Of those whose upper four bits are
    #: ``nibbles`` the extent is that of the lower ones.
    code: Code | None
    #: The vector: the extent of the code where codes are the vectors, ``None`` where none are kept. Where the upper and
    #: the lower 16 bits of its values lie apart, that of the upper ones.
    vector: Extent | None
    #: And that of the lower ones; else ``None``.
    vector_lower: Extent | None
    #: What ``Index.vector()`` gives.
    values: NDArray[Any]
