"""HDF5, by h5py: datasets are columns."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from nearfile.reading.arrays import batch_of, checked, column_of
from nearfile.reading.part import TEXT, Batch, Chosen, Column, Part, reading

#: What h5py raises of a file that is damaged.
BAD_FILE = (OSError, RuntimeError, TypeError, ValueError, KeyError)

INSTALL = "expected h5py, which reads HDF5, and it is not installed: pip install h5py"


def library() -> Any:
    """h5py.

    Raises:
        ImportError: It is not installed; what to do.
    """
    try:
        return importlib.import_module("h5py")
    except ImportError:
        raise ImportError(INSTALL) from None


class Hdf5(Part):
    """A file: its datasets, in all groups, by their paths."""

    takes = 64 << 20

    def __init__(self, path: str) -> None:
        self.h5py = library()
        self.shapes: dict[str, Any] = {}
        columns: list[Column] = []

        def visit(name: str, found: Any) -> None:
            if isinstance(found, self.h5py.Dataset) and found.shape is not None:
                columns.append(self.column_of(name, found))

        with reading(path, "an HDF5 file", *BAD_FILE), self.opened(path) as file:
            file.visititems(visit)
        super().__init__(path, tuple(columns), None)

    def column_of(self, name: str, dataset: Any) -> Column:
        """A dataset as a column."""
        try:
            dtype = dataset.dtype
        except (TypeError, ValueError):
            return Column(name, "values of a type that NumPy has none of")
        self.shapes[name] = (dataset.shape, dtype)
        is_text = self.h5py.check_string_dtype(dtype) is not None and len(dataset.shape) == 1
        return Column(name, TEXT) if is_text else column_of(name, dataset.shape, dtype)

    def opened(self, path: str) -> Any:
        """The file; that it is missing or may not be read, said as of every file."""
        with open(path, "rb"):
            pass
        return self.h5py.File(path, "r")

    def dim(self, chosen: Chosen) -> int:
        """The second of the shape of the vectors."""
        return checked(self, self.shapes, chosen)[1]

    def batches(self, chosen: Chosen, rows: int) -> Iterator[Batch]:
        """Rows of the datasets, a stretch at a time."""
        count, _ = checked(self, self.shapes, chosen)
        with reading(self.path, "an HDF5 file", *BAD_FILE), self.opened(self.path) as file:
            for start in range(0, count, rows):
                values = {
                    each: self.values(file[each], self.column(each).kind, slice(start, start + rows))
                    for each in chosen.names()
                }
                yield batch_of(chosen, values, self.path, start)

    def values(self, dataset: Any, kind: str, part: slice) -> Any:
        """Some values of a dataset; text as ``str``."""
        return dataset.asstr()[part] if kind == TEXT else dataset[part]
