"""Columns of pandas, by position whatever their labels: what pandas takes for missing is missing."""

from __future__ import annotations

from typing import Any

import numpy as np

from nearfile import _core
from nearfile.errors import InvalidArgumentError
from nearfile.inputs import values
from nearfile.inputs.naming import column_name


def is_pandas(table: object) -> bool:
    """Whether it is of pandas, or inherits from what is."""
    return any(kind.__module__.partition(".")[0] == "pandas" for kind in type(table).__mro__)


def columns_of(frame: Any) -> list[tuple[str, Any]]:
    """The columns of a DataFrame with their names."""
    if not hasattr(frame, "iloc") or frame.ndim != 2:
        kind = type(frame).__name__
        raise InvalidArgumentError(
            f"attributes: expected a DataFrame or a dict, got a pandas.{kind}: give {{'name': it}}"
        )
    return [(column_name(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns)]


def add(made: _core.Columns, name: str, column: Any) -> None:
    """A series, or an index."""
    dtype = column.dtype
    if hasattr(dtype, "pyarrow_dtype"):
        whole = column.array.__arrow_array__()
        chunks = whole.chunks if hasattr(whole, "chunks") else [whole]
        made.add_arrow_arrays([each for chunk in chunks for each in chunk.__arrow_c_array__()], name, len(column))
        return
    missing = np.asarray(column.isna(), bool)
    if isinstance(dtype, np.dtype):
        values.add(made, name, np.ma.MaskedArray(column.to_numpy(), missing))
    elif hasattr(dtype, "tz"):
        utc = (column.dt if hasattr(column, "dt") else column).tz_convert(None)
        values.add(made, name, utc.to_numpy(), str(dtype.tz))
    elif hasattr(dtype, "numpy_dtype") and dtype.kind in "iufb":
        array = column.to_numpy(dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
        values.add(made, name, np.ma.MaskedArray(array, missing))
    elif dtype.name in ("string", "str", "category"):
        values.add(made, name, np.ma.MaskedArray(np.asarray(column, object), missing))
    else:
        raise values.refusal(name, f"dtype {dtype}")
