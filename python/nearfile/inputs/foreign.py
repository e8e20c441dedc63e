"""What people keep vectors in, as NumPy's arrays: known by what its type is called and can do, since nothing is imported here.

Where memory can be shared it is. What has no such array, or not without losing something, is refused by name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Callable

import numpy as np

from nearfile.inputs import arrow, capsules, refusals, tables
from nearfile.inputs.conversion import BFLOAT16, Array

# What numpy.asarray takes for what it is, as rows of a list.
PLAIN_ROWS = (list, tuple, np.ndarray)


def array_of(name: str, values: object) -> Array:
    """``values`` as an array of any dtype; of objects, where NumPy knows no better."""
    if isinstance(values, (list, tuple)):
        return array_of_rows(name, values)
    refusals.refuse_unordered(name, values)
    if isinstance(values, Iterator):
        raise refusals.of_iterator(name, values)
    if isinstance(values, np.ma.MaskedArray):
        return array_of_masked(name, values)
    reader = reader_of(values)
    array = converted(name, values) if reader is None else reader(name, values)
    return array_of_rows(name, list(array)) if array.dtype == object and array.ndim == 1 else array


def array_of_rows(name: str, rows: Sequence[Any]) -> Array:
    """Rows of a list as one array. Those that are not plain are looked at one by one: NumPy would ignore their masks."""
    kinds = set(map(type, rows))
    if not all(kind in PLAIN_ROWS or issubclass(kind, (int, float, complex, np.generic, str, bytes)) for kind in kinds):
        rows = [row if type(row) in PLAIN_ROWS else row_of(f"{name}[{place}]", row) for place, row in enumerate(rows)]
    try:
        return np.asarray(rows)
    except ValueError as error:
        raise refusals.of_ragged(name, rows, error) from None


def row_of(name: str, row: object) -> Any:
    """A row of a list, or a number, as NumPy takes it; what is neither stays what it is."""
    array = array_of(name, row)
    return row if array.ndim == 0 else array


def array_of_masked(name: str, values: np.ma.MaskedArray[Any, Any]) -> Array:
    """The values of a masked array, where nothing is masked."""
    masked = int(np.sum(np.ma.getmaskarray(values)))
    if masked:
        raise refusals.of_masked(name, masked)
    return np.ma.getdata(values, subok=False)


def is_foreign(values: object) -> bool:
    """Whether ``values`` say of themselves that they are an array, or are known to be one."""
    return hasattr(values, "__array__") or hasattr(values, "__dlpack__") or reader_of(values) is not None


def reader_of(values: object) -> Callable[[str, Any], Array] | None:
    """What reads objects of the package that ``values``, or what they inherit from, are of, or any that offer Arrow's capsules."""
    for kind in type(values).__mro__:
        reader = READERS.get(kind.__module__.partition(".")[0])
        if reader is not None:
            return reader
    return capsules.array_of_capsules if capsules.is_capsules(values) else None


def converted(name: str, values: Any) -> Array:
    """What the object itself makes of itself by the protocols of arrays."""
    gradients = getattr(values, "requires_grad", False)
    if str(getattr(values, "dtype", "")) == "torch.bfloat16" and not gradients:
        # NumPy has no such dtype; as numbers of 16 bits the memory can be shared.
        return converted(name, values.view(sys.modules["torch"].int16)).view(BFLOAT16)
    only_dlpack = hasattr(values, "__dlpack__") and not hasattr(values, "__array__")
    try:
        return np.from_dlpack(values) if only_dlpack else np.asarray(values)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise refusals.of_failure(name, values, error) from error


def array_of_scipy(name: str, values: Any) -> Array:
    """Nothing that is sparse."""
    if hasattr(values, "nnz"):
        raise refusals.of_sparse(name, values, "toarray" if hasattr(values, "toarray") else "todense")
    return converted(name, values)


def array_of_torch(name: str, values: Any) -> Array:
    """A tensor in memory, without gradients, and not sparse."""
    if "sparse" in str(getattr(values, "layout", "")):
        raise refusals.of_sparse(name, values, "to_dense")
    return converted(name, values)


READERS: dict[str, Callable[[str, Any], Array]] = {
    "pandas": tables.array_of_pandas,
    "polars": tables.array_of_polars,
    "pyarrow": arrow.array_of_arrow,
    "scipy": array_of_scipy,
    "sparse": array_of_scipy,
    "torch": array_of_torch,
}
