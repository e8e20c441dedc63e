"""From arrays of any real dtype to rows of float32, in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Array = NDArray[Any]

BLOCK_BYTES = 16 << 20

#: The upper halves of float32, where the array came without a dtype for that: NumPy has none of its own.
BFLOAT16 = np.dtype([("bfloat16", np.uint16)])


def is_real(dtype: np.dtype[Any]) -> bool:
    """Whether values of ``dtype`` are real numbers; of those that packages have registered, whether float32 holds all."""
    registered = dtype.isbuiltin == 2 and np.can_cast(dtype, np.float32)  # ml_dtypes has bfloat16, float8 and int4
    return dtype.kind in "fiub" or registered or dtype == BFLOAT16


def is_ready(array: Array) -> bool:
    """Whether the core can read ``array`` where it is."""
    return bool(array.dtype == np.float32 and array.flags.c_contiguous and array.flags.aligned)


def floats(array: Array) -> Floats:
    """``array`` as C-contiguous float32, a copy only where it is not. What float32 cannot hold becomes infinite."""
    if is_ready(array):
        return array
    if array.dtype == BFLOAT16:
        wide = array["bfloat16"].astype(np.uint32, order="C")
        return np.left_shift(wide, 16, out=wide).view(np.float32)
    with np.errstate(over="ignore"):
        return array.astype(np.float32, order="C")


def blocks(array: Array, most: int) -> Iterator[tuple[int, Floats]]:
    """Pairs of (first row, rows as float32) of at most ``most`` rows; all of them at once in the best case."""
    for start in range(0, len(array), most):
        yield start, floats(array[start : start + most])


def rows_a_block(bytes_a_row: int) -> int:
    """How many rows of this size to convert at a time."""
    return max(1, BLOCK_BYTES // max(1, bytes_a_row))
