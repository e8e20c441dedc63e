"""Nearest neighbours in a memory-mapped file.

Build an index of vectors once, into one file; open it in microseconds, in any number of processes; search it.

>>> import numpy, nearfile
>>> vectors = numpy.random.default_rng(0).random((1000, 16))
>>> index = nearfile.build(vectors, metric="euclidean")
>>> ids, distances = index.search(vectors[7], k=3)
>>> int(ids[0]), float(distances[0])
(7, 0.0)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from nearfile import _core
from nearfile._core import Filter, SegmentsFilter
from nearfile.attributes import Attributes
from nearfile.builder import Builder, build
from nearfile.convert import convert
from nearfile.errors import (
    BadFileError,
    ClosedError,
    FileError,
    InvalidArgumentError,
    LockedError,
    MissingFileError,
    NearfileError,
    NotFoundError,
    OlderGenerationWarning,
    ScanWarning,
    UnlikeQueriesWarning,
)
from nearfile.expressions import Expression, col
from nearfile.index import Index, open_buffer
from nearfile.index import open as open
from nearfile.items import Item
from nearfile.neighbor_graph import NeighborGraph
from nearfile.results import Neighbors, RaggedNeighbors

if TYPE_CHECKING:
    from nearfile.annoy import AnnoyIndex
    from nearfile.collection import Collection, CollectionIndex

__version__: str = _core.version

# Without open: `from nearfile import *` leaves Python's own what it is.
__all__ = [
    "AnnoyIndex",
    "Attributes",
    "BadFileError",
    "Builder",
    "ClosedError",
    "Collection",
    "CollectionIndex",
    "Expression",
    "FileError",
    "Filter",
    "Index",
    "InvalidArgumentError",
    "Item",
    "LockedError",
    "MissingFileError",
    "NearfileError",
    "NeighborGraph",
    "Neighbors",
    "NotFoundError",
    "OlderGenerationWarning",
    "RaggedNeighbors",
    "ScanWarning",
    "SegmentsFilter",
    "UnlikeQueriesWarning",
    "__version__",
    "build",
    "col",
    "convert",
    "info",
    "open_buffer",
]

# Imported when first asked for: a process that only opens and searches one file starts a fifth sooner.
_LATER = {
    "AnnoyIndex": "nearfile.annoy",
    "Collection": "nearfile.collection",
    "CollectionIndex": "nearfile.collection",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'nearfile' has no attribute {name!r}")
    found = getattr(importlib.import_module(_LATER[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


def info() -> dict[str, Any]:
    """What this library is and what it uses of this machine.

    A dict with ``version``, ``instruction_set`` (in use; the environment variable ``NEARFILE_ISA`` forces one),
    ``supported_instruction_sets`` (a list, slowest first) and ``cores`` (that this process may use).

    Raises:
        InvalidArgumentError: ``NEARFILE_ISA`` names a set that is unknown or not supported here.

    >>> import nearfile
    >>> nearfile.info()["instruction_set"] in nearfile.info()["supported_instruction_sets"]
    True
    """
    return {
        "version": __version__,
        "instruction_set": _core.instruction_set(),
        "supported_instruction_sets": _core.supported_instruction_sets(),
        "cores": _core.cores(),
    }
