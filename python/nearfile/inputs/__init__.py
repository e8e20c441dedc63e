"""Turns what users pass into the arrays that the core takes: rows of float32, and ids.

Everything is checked before anything is changed, and no array is converted as a whole: rows are converted in blocks of
bounded size, so that a memory-mapped array larger than memory can be read through. (Lists are made arrays first.)

:mod:`.foreign` makes NumPy's arrays of other libraries', with :mod:`.arrow` and :mod:`.tables`; :mod:`.conversion` makes
float32 of them; :mod:`.naming` has ids, :mod:`.candidates` neighbours for a build; :mod:`.refusals` says what cannot be taken, and what to do about it.
"""

from __future__ import annotations

import array as arrays
from collections.abc import Iterator, Mapping

import numpy as np

from nearfile.errors import InvalidArgumentError
from nearfile.inputs import foreign, refusals
from nearfile.inputs.conversion import Array, Floats, blocks, floats, is_ready, is_real, rows_a_block
from nearfile.inputs.naming import Ids, each_id, ids, is_text

__all__ = [
    "Array",
    "Floats",
    "Ids",
    "blocks",
    "each_id",
    "elements",
    "floats",
    "ids",
    "is_ready",
    "is_text",
    "numeric",
    "query",
    "rows_a_block",
    "sample",
    "vectors",
]

# What the core reads by position, as Annoy does, with nothing to be lost by it.
READ_BY_POSITION = frozenset({list, tuple, np.ndarray, arrays.array, memoryview})


def numeric(name: str, values: object) -> Array:
    """``values`` as an array of real numbers, not copied where it is one."""
    array = values if type(values) is np.ndarray else foreign.array_of(name, values)
    if array.dtype == object and array.ndim == 1:
        array = foreign.array_of_rows(name, list(array))
    if not is_real(array.dtype):
        raise refusals.of_dtype(name, values, array)
    return array


def vectors(values: object, dim: int | None, name: str = "vectors") -> Array:
    """``values`` as an array of shape (n, dim), of any real dtype and layout."""
    array = numeric(name, values)
    if array.ndim != 2 or array.shape[1] != (dim or array.shape[1]):
        raise InvalidArgumentError(f"{name}: expected shape (n, {dim or 'dim'}), got shape {array.shape}")
    return array


def sample(queries: object, dim: int, structure: str) -> Floats | None:
    """``queries`` of a build as the core takes them; None where there are none."""
    if queries is None:
        return None
    array = vectors(queries, dim, "queries")
    if structure != "graph":
        raise InvalidArgumentError(
            f"queries: expected structure='graph', whose edges they improve, got structure={structure!r}:"
            " leave queries out"
        )
    return floats(array)


def query(values: object, dim: int) -> Array:
    """``values`` as an array of shape (dim,) or (q, dim), of any real dtype and layout."""
    array = numeric("query", values)
    if array.ndim not in (1, 2) or array.shape[-1] != dim:
        raise InvalidArgumentError(f"query: expected shape ({dim},) or (q, {dim}), got shape {array.shape}")
    return array


def elements(values: object) -> object:
    """One vector as Annoy's methods take it, so that the core reads it by position and not by label.

    What is no array keeps to Annoy's rule, whatever has ``len()`` and ``[]``: so a dict with keys from 0 on is one too.
    """
    if type(values) in READ_BY_POSITION or isinstance(values, Mapping):
        return values
    refusals.refuse_unordered("vector", values)
    if isinstance(values, Iterator):
        raise refusals.of_iterator("vector", values)
    if not foreign.is_foreign(values):
        return values
    return floats(numeric("vector", values))
