"""Series and tables of pandas and polars as NumPy's arrays: by position, whatever labels they have."""

from __future__ import annotations

from typing import Any

import numpy as np

from nearfile.errors import InvalidArgumentError
from nearfile.inputs import refusals
from nearfile.inputs.conversion import Array, is_real


def beside(name: str, columns: list[tuple[object, Array]]) -> Array:
    """Columns of numbers, each with its label, side by side."""
    for label, column in columns:
        if column.ndim > 1 or not is_real(column.dtype):
            raise refusals.of_column(name, label, column)
    return np.column_stack([column for _, column in columns]) if columns else np.empty((0, 0))


def array_of_pandas(name: str, values: Any) -> Array:
    """A series or a table. The dtypes of pandas itself may have missing values, which have no number."""
    dtypes = getattr(values, "dtypes", getattr(values, "dtype", None))
    own = [each for each in (dtypes if np.iterable(dtypes) else [dtypes]) if not isinstance(each, np.dtype)]
    missing = int(np.sum(np.asarray(values.isna()))) if own and hasattr(values, "isna") else 0
    if missing:
        raise refusals.of_nulls(name, refusals.kind_of(values), missing, "fillna()")
    array = np.asarray(values)
    if array.ndim < 2 or is_real(array.dtype):
        return array
    columns = [values.iloc[:, place] for place in range(values.shape[1])]
    return beside(name, [(column.name, column_of_pandas(column)) for column in columns])


def column_of_pandas(column: Any) -> Array:
    """A column as numbers where it has any: older versions make objects of nullable ones."""
    nullable = not isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub"
    return np.asarray(column, np.float64 if nullable else None)


def array_of_polars(name: str, values: Any) -> Array:
    """A series or a table."""
    if hasattr(values, "collect"):
        kind = refusals.kind_of(values)
        raise InvalidArgumentError(f"{name}: expected numbers, got a {kind}, which has none yet: give its collect()")
    missing = int(np.sum(np.asarray(values.null_count())))
    if missing:
        raise refusals.of_nulls(name, refusals.kind_of(values), missing, "fill_null()")
    array = np.asarray(values)
    if array.ndim < 2 or is_real(array.dtype):
        return array
    return beside(name, [(column.name, np.asarray(column)) for column in values.iter_columns()])
