"""What an index gives back of its attributes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from nearfile import _core

_UNITS = {1: "s", 10**3: "ms", 10**6: "us", 10**9: "ns"}


class Attributes:
    """Rows of the columns of an index, which :meth:`nearfile.Index.attributes` returns.

    It offers Arrow's capsules, so ``pyarrow.table(rows)``, ``polars.DataFrame(rows)`` and DuckDB read it where it lies;
    ``rows["price"]`` is a NumPy array, and :meth:`to_dict` has all of them. It is a copy, and stays when the index is
    closed.

    >>> import numpy, nearfile
    >>> index = nearfile.build(numpy.eye(3), ids=["x", "y", "z"], attributes={"price": [3, None, 5], "tags": [["a"], [], ["b"]]})
    >>> rows = index.attributes(["z", "x"])
    >>> rows["price"].tolist(), rows["tags"].tolist()
    ([5, 3], [['b'], ['a']])
    """

    __slots__ = ("_columns", "_names", "_rows")

    def __init__(self, columns: _core.Columns, rows: int) -> None:
        self._columns = columns
        self._rows = rows
        self._names = {str(columns.head(place)["name"]): place for place in range(len(columns))}

    def __len__(self) -> int:
        """The number of rows."""
        return self._rows

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._names)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """The values of a column: bool, int64, float64 or datetime64, or objects that are ``str`` or lists of ``str``.

        Where values are missing: a masked array of bools or numbers, ``NaT`` in one of moments, which are those of UTC, and ``None``
        among ``str`` and lists.

        Raises:
            KeyError: There is no such column.
        """
        place = self._names[name]
        head, values, missing = self._columns.head(place), self._columns.values(place), self._columns.missing(place)
        if isinstance(values, list):
            objects = np.empty(len(values), object)
            objects[:] = values
            return objects
        array: NDArray[Any] = values
        gone = None if missing is None else np.frombuffer(missing, np.bool_)
        if head["type"] == "timestamp":
            array = array.view(f"datetime64[{_UNITS[cast(int, head['ticks_per_second'])]}]")
            if gone is not None:
                array[gone] = np.datetime64("NaT")
            return array
        if head["type"] == "bool":
            array = array.astype(np.bool_)
        return array if gone is None else np.ma.MaskedArray(array, gone)

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """All columns by name, as ``[]`` gives them."""
        return {name: self[name] for name in self._names}

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A table of one batch, as Arrow's PyCapsule interface has it; another schema than its own is not made."""
        return self._columns.arrow_stream(self._rows)

    def __repr__(self) -> str:
        return f"<nearfile.Attributes of {self._rows} rows: {', '.join(self._names) or 'no columns'}>"
