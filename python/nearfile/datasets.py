"""A nearfile as an index of a ``datasets.Dataset`` of Hugging Face, beside its FAISS and Elasticsearch ones.

Needs the extra ``nearfile[datasets]``. :func:`add_index` builds one of a column of vectors, :func:`load_index` takes one that is there; then
``dataset.get_nearest_examples(name, query, k)`` and its siblings answer from it.
"""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Any

import numpy as np
from datasets import Dataset
from datasets.search import BaseIndex, BatchedSearchResults, SearchResults

from nearfile.arguments import PathLike
from nearfile.builder import Builder
from nearfile.errors import InvalidArgumentError
from nearfile.index import Index
from nearfile.index import open as open_index

__all__ = ["NearfileIndex", "add_index", "load_index"]

# Read and added at a time.
_ROWS_A_BATCH = 10_000


class NearfileIndex(BaseIndex):  # type: ignore[misc]
    """What :func:`add_index` gives a dataset, and ``dataset.get_index(name)`` gives back.

    Attributes:
        index: The :class:`nearfile.Index`; its ids are the numbers of the dataset's rows.
    """

    def __init__(self, index: Index) -> None:
        self.index = index

    def search(self, query: Any, k: int = 10, **options: Any) -> SearchResults:
        """Distances and row numbers of the nearest of one query; options are those of :meth:`nearfile.Index.search`."""
        found = self.index.search(query, k, **options)
        return SearchResults(found.distances, found.ids)

    def search_batch(self, queries: Any, k: int = 10, **options: Any) -> BatchedSearchResults:
        """The same of each query of a batch, on all cores."""
        found = self.index.search(queries, k, **options)
        return BatchedSearchResults(found.distances, found.ids)

    def save(self, file: str | PurePath) -> None:
        """Write the index to a file of its own: :meth:`nearfile.Index.save`."""
        self.index.save(os.fspath(file))

    @classmethod
    def load(cls, file: str | PurePath) -> NearfileIndex:
        """Open a file: :func:`nearfile.open`."""
        return cls(open_index(os.fspath(file)))


def add_index(
    dataset: Dataset,
    column: str,
    index_name: str | None = None,
    *,
    path: PathLike | None = None,
    attributes: list[str] | None = None,
    **options: Any,
) -> NearfileIndex:
    """Build an index of a column of vectors, a batch at a time, and attach it to the dataset.

    Args:
        dataset: The dataset; it gets the index, and stays as it is otherwise.
        column: Its column of vectors: lists of numbers of one length.
        index_name: What to call the index; ``None`` is the column's name, as of ``add_faiss_index``.
        path: Where to write it; ``None`` keeps it in memory.
        attributes: Columns to keep beside the vectors, so that searches can filter by them.
        options: ``metric``, ``memory`` and whatever else :class:`nearfile.Builder` takes.

    Raises:
        InvalidArgumentError: There is no such column, or no rows, or vectors that :meth:`nearfile.Builder.add` does not take.

    >>> from datasets import Dataset
    >>> import nearfile.datasets
    >>> words = Dataset.from_dict({"word": ["a", "b", "c"], "at": [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]})
    >>> index = nearfile.datasets.add_index(words, "at", metric="euclidean", attributes=["word"])
    >>> words.get_nearest_examples("at", [0.9, 0.1], k=2).examples["word"]
    ['b', 'c']
    >>> words.get_nearest_examples("at", [0.9, 0.1], k=2, filter="word != 'b'").examples["word"]
    ['c', 'a']
    """
    for name in [column, *(attributes or [])]:
        if name not in dataset.column_names:
            raise InvalidArgumentError(f"column: expected one of {', '.join(dataset.column_names)}, got {name!r}")
    if not len(dataset):
        raise InvalidArgumentError("dataset: expected rows, got none, which have no dimension")
    columns = dataset.select_columns(list(dict.fromkeys([column, *(attributes or [])]))).with_format("arrow")
    builder = None
    for batch in columns.iter(_ROWS_A_BATCH):
        vectors = batch[column]
        if builder is None:
            builder = Builder(_dim_of(vectors[0].as_py(), column), path=path, **options)
        builder.add(vectors, attributes=batch.select(attributes) if attributes else None)
    assert builder is not None
    return _attached(dataset, column if index_name is None else index_name, builder.build())


def load_index(dataset: Dataset, index_name: str, file: PathLike | Index) -> NearfileIndex:
    """Attach an index that was built before: a file, the folder of a collection, or one that is open.

    Raises:
        InvalidArgumentError: Its ids are not the numbers of the dataset's rows.
        MissingFileError: There is no such file.
    """
    return _attached(dataset, index_name, file if isinstance(file, Index) else open_index(file))


def _dim_of(first: Any, column: str) -> int:
    if not isinstance(first, list) or not first:
        raise InvalidArgumentError(f"column: expected lists of numbers in {column!r}, got {first!r:.60} in row 0")
    return len(first)


def _attached(dataset: Dataset, name: str, index: Index) -> NearfileIndex:
    if not np.array_equal(index.ids, np.arange(len(dataset))):
        raise InvalidArgumentError(
            f"index: expected ids from 0 to {len(dataset) - 1}, which are the dataset's rows, got {index!r}: build it by"
            " add_index(), or without ids"
        )
    made = NearfileIndex(index)
    dataset._indexes[name] = made  # where add_faiss_index() puts its own: there is no method for others
    return made
