"""What is said of values that no array of numbers can be made of: what came, and the one thing to do about it."""

from __future__ import annotations

import decimal
import numbers
from collections.abc import Mapping, Sequence, Set, ValuesView
from typing import Any

import numpy as np

from nearfile.errors import InvalidArgumentError
from nearfile.inputs.conversion import Array

EMBED = "vectors are numbers: have a model make them of the text"
PARSE = "make numbers of it, numpy.asarray(values, numpy.float32)"
FILL = "leave such rows out, or fill the gaps"


def kind_of(value: object) -> str:
    """The type of a value with the package that it is from, as ``scipy.csr_matrix``."""
    package = type(value).__module__.partition(".")[0]
    name = type(value).__qualname__
    return name if package in ("builtins", "__main__") else f"{package}.{name}"


def refuse_unordered(name: str, values: object) -> None:
    """Raise where values come in no order, an arbitrary one, or one by one and no more."""
    if isinstance(values, (Set, ValuesView)):
        raise InvalidArgumentError(f"{name}: expected values in order, got a {kind_of(values)}: make it a list first")
    if isinstance(values, Mapping):
        advice = "give list(it.values()), or list(it) where these are ids"
        raise InvalidArgumentError(f"{name}: expected values in order, got a {kind_of(values)}: {advice}")


def of_iterator(name: str, values: object) -> InvalidArgumentError:
    """Of a generator, whose values are there once and one by one."""
    return InvalidArgumentError(f"{name}: expected an array or a list, got a {kind_of(values)}: give list() of it")


def of_masked(name: str, masked: int) -> InvalidArgumentError:
    """Of an array some of whose values are masked."""
    return InvalidArgumentError(
        f"{name}: expected a value in every place, got a masked array with {masked} masked: drop these rows, or give its"
        " filled() with a value to take in their place"
    )


def of_nulls(name: str, kind: str, nulls: int, fill: str) -> InvalidArgumentError:
    """Of a column or table some of whose values are missing."""
    return InvalidArgumentError(
        f"{name}: expected a value in every place, got a {kind} with {nulls} missing: drop these rows, or fill them by"
        f" {fill}"
    )


def of_sparse(name: str, values: object, method: str) -> InvalidArgumentError:
    """Of a sparse matrix, whose zeros are not there."""
    return InvalidArgumentError(
        f"{name}: expected every value, got a {kind_of(values)}, which leaves zeros out: give its {method}()"
    )


def of_failure(name: str, values: Any, error: Exception) -> InvalidArgumentError:
    """Of an object that NumPy could not read: its own reason, then what helps."""
    device = getattr(getattr(values, "device", None), "type", "cpu")
    steps = []
    if getattr(values, "requires_grad", False):
        steps.append("detach()")
    if device not in ("cpu", "meta"):
        steps.append("cpu()")
    elif is_elsewhere(values):
        steps += [f"{method}()" for method in ("cpu", "get") if callable(getattr(values, method, None))][:1]
    if not steps and "unsupported ScalarType" in str(error):
        steps.append("float()")
    advice = f"give its {'.'.join(steps)}" if steps else "make it a NumPy array first"
    if device == "meta":
        advice = "it has no values yet, load them first"
    reason = " ".join(str(error).split()).rstrip(".")
    return InvalidArgumentError(f"{name}: expected an array in memory, got a {kind_of(values)}: {reason}: {advice}")


def is_elsewhere(values: Any) -> bool:
    """Whether a tensor says by DLPack that its memory is a device's."""
    try:
        return int(values.__dlpack_device__()[0]) != 1
    except Exception:  # noqa: BLE001 (whatever it raises, it does not say so)
        return False


def of_ragged(name: str, rows: Sequence[Any], error: Exception) -> InvalidArgumentError:
    """Of rows of different lengths."""
    lengths = [len(row) if hasattr(row, "__len__") else None for row in rows]
    odd = next((number for number, length in enumerate(lengths) if length != lengths[0]), None)
    expected = f"{name}: expected rows of equal length, got "
    if odd is None:
        return InvalidArgumentError(f"{expected}a {kind_of(rows)}: {error}")
    if None in (lengths[odd], lengths[0]):
        at = odd if lengths[odd] is None else 0
        return InvalidArgumentError(f"{expected}{rows[at]!r} for row {at}: {FILL}")
    return InvalidArgumentError(
        f"{expected}{lengths[0]} values in row 0 and {lengths[odd]} in row {odd}: leave such rows out, or fill them up"
    )


def of_column(name: str, label: object, column: Array) -> InvalidArgumentError:
    """Of a table one of whose columns is no numbers."""
    first = column[0] if len(column) else None
    if column.ndim > 1 or (hasattr(first, "__len__") and not isinstance(first, (str, bytes))):
        got, advice = "lists", f"give that column alone, table[{label!r}]"
    else:
        got, advice = f"dtype {column.dtype}", "leave that column out"
    return InvalidArgumentError(f"{name}: expected columns of numbers, got {got} in the column {label!r}: {advice}")


def of_dtype(name: str, values: object, array: Array) -> InvalidArgumentError:
    """Of an array whose values are no real numbers."""
    kind = array.dtype.kind
    got, advice = f"dtype {array.dtype}", "convert it to float32 first"
    if kind == "O":
        got, advice = of_objects(values, array)
    elif kind in "UST":
        advice = PARSE if parses(array) else EMBED
    elif kind == "c":
        advice = "give its real part, or both parts side by side, numpy.concatenate([x.real, x.imag], axis=-1)"
    elif kind in "Mm":
        advice = "make numbers of it, such as days, x.astype('datetime64[D]').astype(numpy.float32)"
        if kind == "m":
            advice = "make numbers of it, such as seconds, x / numpy.timedelta64(1, 's')"
    elif array.dtype.names is not None:
        advice = "give structured_to_unstructured(x), of the module numpy.lib.recfunctions"
    elif kind == "V":
        advice = "view it as the dtype that its bytes are of, x.view(dtype)"
    return InvalidArgumentError(f"{name}: expected floats, integers or bools, got {got}: {advice}")


def of_objects(values: object, array: Array) -> tuple[str, str]:
    """What came in an array of objects, and what to do."""
    got = f"dtype object from a {kind_of(values)}"
    if array.ndim == 0:
        return got, "give a NumPy array, or lists of numbers"
    for place, value in np.ndenumerate(array):
        if isinstance(value, (numbers.Real, decimal.Decimal, np.bool_)):
            continue
        got += f" with {value!r:.60} at {list(place)}"
        if isinstance(value, (str, bytes)):
            return got, PARSE if parses(np.asarray(value)) else EMBED
        if value is None or type(value).__name__ in ("NAType", "NaTType"):
            return got, FILL
        return got, "give numbers alone, one row for each vector"
    return got, PARSE


def parses(text: Array) -> bool:
    """Whether all of some text is numbers."""
    try:
        text.astype(np.float32)
    except ValueError:
        return False
    return True
