"""What gives itself out by Arrow's PyCapsule interface, whichever library made it, as NumPy's arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from nearfile import _core
from nearfile.inputs import refusals, tables
from nearfile.inputs.conversion import Array


def is_capsules(values: object) -> bool:
    """Whether ``values`` offer Arrow's capsules."""
    return hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__")


def array_of_capsules(name: str, values: Any) -> Array:
    """One column of numbers or text, or of lists of numbers, which become rows; a table's columns of numbers side by side."""
    try:
        stream = hasattr(values, "__arrow_c_stream__")
        capsules = (values.__arrow_c_stream__(),) if stream else tuple(values.__arrow_c_array__())
    except (TypeError, ValueError, NotImplementedError, ImportError) as error:
        raise refusals.of_failure(name, values, error) from error
    columns = (_core.arrow_vectors if stream else _core.arrow_vectors_of_array)(name, *capsules)
    arrays: list[tuple[object, Array]] = [(label, joined(name, parts)) for label, parts in columns]
    return arrays[0][1] if len(arrays) == 1 else tables.beside(name, arrays)


def joined(name: str, parts: list[Any]) -> Array:
    """Parts of a column one after the other, where they are if there is one."""
    if isinstance(parts[0], list):
        return np.array([text for part in parts for text in part], object)
    lengths = {part.shape[1] for part in parts if part.ndim == 2}
    if len(lengths) > 1:
        raise refusals.of_ragged(name, [row for part in parts for row in part], ValueError())
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
