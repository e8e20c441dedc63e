"""Arrow's arrays, columns and tables as NumPy's arrays, without copying where they are in one piece and have no nulls."""

from __future__ import annotations

from typing import Any

import numpy as np

from nearfile.inputs import refusals, tables
from nearfile.inputs.conversion import Array

FILL = "fill_null()"


def array_of_arrow(name: str, values: Any) -> Array:
    """Lists of numbers of one length become rows, a table's columns become columns."""
    if hasattr(values, "column_names"):
        columns = zip(values.column_names, values.columns)
        return tables.beside(name, [(label, array_of_arrow(name, column)) for label, column in columns])
    if hasattr(values, "chunks"):
        whole = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
        return array_of_arrow(name, whole)
    if hasattr(values, "as_py"):
        return array_of_arrow(name, values.values) if hasattr(values, "values") else np.asarray(values.as_py())
    if hasattr(values, "storage"):
        return array_of_arrow(name, values.storage)
    if not hasattr(values, "null_count"):
        raise refusals.of_failure(name, values, TypeError("it is no array, column or table"))
    if values.null_count:
        raise refusals.of_nulls(name, refusals.kind_of(values), values.null_count, FILL)
    if hasattr(values, "value_lengths"):
        return rows_of_lists(name, values)
    array: Array = values.to_numpy(zero_copy_only=False)
    return array


def rows_of_lists(name: str, values: Any) -> Array:
    """An array of lists as one of rows."""
    flat = array_of_arrow(name, values.flatten())
    length = getattr(values.type, "list_size", None)
    if length is None:
        lengths = values.value_lengths().to_numpy()
        length = int(lengths[0]) if len(lengths) else 0
        if (lengths != length).any():
            raise refusals.of_ragged(name, [range(each) for each in lengths.tolist()], ValueError())
    return flat.reshape(len(values), length, *flat.shape[1:])
