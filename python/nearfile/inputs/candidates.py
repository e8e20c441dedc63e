"""Candidates as users pass them to a build: for every vector the numbers of others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nearfile.errors import InvalidArgumentError
from nearfile.inputs import foreign
from nearfile.inputs.conversion import Array


def matrix(values: object, n: int, structure: str) -> NDArray[np.int64] | None:
    """``candidates`` of ``n`` vectors as the core takes them; None where there are none."""
    if values is None:
        return None
    array: Array = values if type(values) is np.ndarray else foreign.array_of("candidates", values)
    if structure != "graph":
        raise InvalidArgumentError(
            f"candidates: expected structure='graph', whose edges are chosen from them, got structure={structure!r}:"
            " leave candidates out"
        )
    if array.ndim != 2 or array.shape[0] != n or array.shape[1] == 0:
        raise InvalidArgumentError(
            f"candidates: expected shape ({n}, c), a row for each of {n} vectors, got shape {array.shape}:"
            " fill rows that are shorter with -1"
        )
    if array.dtype.kind not in "iu":
        raise InvalidArgumentError(
            f"candidates: expected whole numbers of a dtype such as int32 or int64, got dtype {array.dtype}:"
            " give row numbers in the order of adding, also where vectors have ids, and -1 for none"
        )
    if array.size and array.dtype.kind == "u" and array.dtype.itemsize == 8 and int(array.max()) >= 1 << 63:
        raise InvalidArgumentError(
            f"candidates: expected row numbers from 0 to {n - 1}, and -1 for none, got {array.max()}: put -1 in its place"
        )
    return np.ascontiguousarray(array, np.int64)
