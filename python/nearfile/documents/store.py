"""A collection of documents: written by one process, read by any number, found by vectors and by conditions."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nearfile import arguments
from nearfile.arguments import PathLike
from nearfile.collection import CollectionIndex
from nearfile.collection.names import holds_collection
from nearfile.documents import fields as field_types
from nearfile.documents import records, terms, writers
from nearfile.documents.conditions import Condition
from nearfile.documents.fields import Fields
from nearfile.documents.records import Record
from nearfile.errors import ClosedError, InvalidArgumentError
from nearfile.index import Index

# Documents are read and judged so many at a time.
_BLOCK = 4096


class Hit(NamedTuple):
    """A document that a search found, and its distance by the metric."""

    record: Record
    distance: float


class Documents:
    """A folder of documents, opened or made where there is none.

    Args:
        path: The folder of the collection. Its parent must be there.
        dim: The length of embeddings. A collection that is not there is made of the first documents that are added; where
            none of these has an embedding it must be given.
        metric: As of :class:`nearfile.Collection`; ``"cosine"`` where none is given for a new collection.
        fields: Names of metadata that are columns too, with their types: :func:`.fields.declared`. Of a collection that has
            documents they are those that it was begun with.
        read_only: Whether to read alone, beside whoever writes, and to take up at each call what was written meanwhile.
        options: As for :class:`nearfile.Collection`.

    Raises:
        MissingFileError: There is none to read.
        LockedError: Another process writes to it.
        InvalidArgumentError: It is no collection of documents, or is not as it is said to be.

    Any number of threads may use it. Stores of one folder in one process share its writer; :meth:`close` lets go of it.

    >>> import os, tempfile
    >>> documents = Documents(os.path.join(tempfile.mkdtemp(), "items"), dim=2)
    >>> documents.add([Record("a", "one", {"page": 1}, [1, 0]), Record("b", "two", {"page": 2})])
    >>> [record.text for record in documents.find()]
    ['one', 'two']
    >>> [(hit.record.id, hit.distance) for hit in documents.search([1, 0], 5)]
    [('a', 0.0)]
    >>> documents.close()
    """

    def __init__(
        self,
        path: PathLike,
        *,
        dim: int | None = None,
        metric: str | None = None,
        fields: Mapping[str, Any] | None = None,
        read_only: bool = False,
        **options: Any,
    ) -> None:
        self.path = arguments.path(path)
        self.read_only = bool(read_only)
        self._wanted = (None if dim is None else arguments.dim(dim), metric, options)
        self._declared = field_types.declared(fields)
        self._reader: CollectionIndex | None = None
        self._writer: writers.Writer | None = None
        self._closer: Any = None
        self._closed = False
        self._lock = threading.RLock()
        if self.read_only:
            self._reader = CollectionIndex(self.path, follow=True)
            writers.check(self.path, self._reader, self._wanted[0], metric)
        elif dim is not None:
            self._open_writer(dim)
        try:
            self._now()
        except BaseException:
            self.close()
            raise

    # What is there

    @property
    def metric(self) -> str:
        """The name of the metric."""
        there = self.collection
        return self._wanted[1] or "cosine" if there is None else there.metric

    @property
    def fields(self) -> Fields:
        """The fields that are columns, with their types."""
        now = self._now()
        return self._fields_of(now) if now is not None else dict(self._declared or {})

    @property
    def collection(self) -> CollectionIndex | None:
        """The collection; None as long as it is not made."""
        self._check_open()
        if not self.read_only and self._writer is None and holds_collection(self.path):
            self._open_writer(None)  # made meanwhile, by another store
        return self._reader if self._writer is None else self._writer.collection

    def get(self, ids: Iterable[str], *, vectors: bool = False) -> list[Record]:
        """The documents of those ids that are there, in the order of ``ids``."""
        now = self._now()
        known = _known(now, ids) if now is not None else []
        return _read(now, known, vectors) if now is not None and known else []

    def known(self, ids: Iterable[str]) -> list[str]:
        """Those of some ids that are there, each once."""
        now = self._now()
        return _known(now, ids) if now is not None else []

    def find(
        self, condition: Condition | None = None, ids: Iterable[str] | None = None, *, vectors: bool = False
    ) -> list[Record]:
        """The documents that a condition matches, of some ids or all, in the order of adding."""
        now = self._now()
        if now is None:
            return []
        names = _names(now, condition, ids)
        return [
            record
            for start in range(0, len(names), _BLOCK)
            for record in _read(now, names[start : start + _BLOCK], vectors)
        ]

    def ids(self, condition: Condition | None = None, ids: Iterable[str] | None = None) -> list[str]:
        """Their ids alone."""
        now = self._now()
        return _names(now, condition, ids) if now is not None else []

    def count(self, condition: Condition | None = None) -> int:
        """How many they are."""
        now = self._now()
        if now is None:
            return 0
        allowed = _allowed(now, condition, None)
        return len(now) if allowed is None else len(allowed)

    def search(
        self,
        vector: Any,
        k: int,
        condition: Condition | None = None,
        ids: Iterable[str] | None = None,
        *,
        vectors: bool = False,
        **options: Any,
    ) -> list[Hit]:
        """The nearest of those documents that have an embedding: ``k``, or all that match where they are fewer.

        ``options`` are those of :meth:`nearfile.Index.search`: ``recall``, ``effort``, ``exact``, ``exclude``.
        """
        now = self._now()
        if now is None or k == 0:
            return []
        allowed = _allowed(now, condition, ids)
        without = now.filter(terms.having(terms.WITHOUT_VECTOR))
        if len(without):
            allowed = ~without if allowed is None else allowed & ~without
        if allowed is not None and not len(allowed):
            return []
        names, distances = now.search(np.asarray(vector), k, filter=allowed, **options)
        found = _read(now, names.tolist(), vectors)
        return [Hit(record, float(distance)) for record, distance in zip(found, distances)]

    # What changes it

    def add(self, documents: Sequence[Record]) -> None:
        """Add documents, or replace those of ids that are there; on the disk on return, all of them or none.

        Of an id that comes twice the later one counts.

        Raises:
            InvalidArgumentError: Metadata that JSON does not have, a field of another type than it is declared, an embedding
                of another length. Nothing was added.
            FileError: The system refused. Nothing was added.
        """
        last = {record.id: place for place, record in enumerate(documents)}
        kept = [record for place, record in enumerate(documents) if last[record.id] == place]
        if not kept:
            return
        self._check_writes()
        columns = records.columns_of(kept, self.fields)
        there = self.collection
        first = next((each.vector for each in kept if each.vector is not None), None)
        dim = there.dim if there is not None else self._wanted[0] or (None if first is None else np.size(first))
        vectors = None if dim is None else records.vectors_of(kept, dim)
        writer = self._open_writer(dim)
        with writer.lock:
            writer.collection.add(vectors, ids=[record.id for record in kept], attributes=columns)

    def delete(self, ids: Iterable[str]) -> int:
        """Delete documents, on the disk on return: how many of them were there."""
        self._check_writes()
        names = list(ids)
        if self.collection is None or self._writer is None or not names:
            return 0
        with self._writer.lock:
            return self._writer.collection.delete(names)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """For several calls that no other thread of this process writes between."""
        self._check_writes()
        with self._lock:
            writing = None if self.collection is None else self._writer
            with contextlib.nullcontext() if writing is None else writing.lock:
                yield

    def close(self) -> None:
        """Let go of the files; the last store of a folder in this process lets another process write."""
        self._closed = True
        if self._closer is not None:
            self._closer()
        if self._reader is not None:
            self._reader.close()
        self._reader = self._writer = None

    def __repr__(self) -> str:
        kind = "closed" if self._closed else "read only" if self.read_only else "to be written to"
        return f"<nearfile.documents.Documents, {kind}, at {self.path!r}>"

    # Inside

    def _now(self) -> Index | None:
        """What is there at a moment, for one call to keep; None where there is nothing."""
        collection = self.collection
        now = collection._now() if collection is not None else None
        if now is None or not len(now):
            return None
        self._check(now)
        return now

    def _check(self, now: Index) -> None:
        there = now.columns
        if any(there.get(name) != kind for name, kind in records.COLUMNS.items()) or now.info()["id_kind"] != "string":
            raise InvalidArgumentError(
                f"{self.path}: expected a collection of documents, whose ids are str and which has the columns"
                f" {list(records.COLUMNS)}, got columns {there}: make one of its own for documents"
            )
        fields = self._fields_of(now)
        if self._declared is not None and self._declared != fields:
            raise InvalidArgumentError(
                f"fields: expected {fields}, which the collection {self.path!r} was begun with, got {self._declared}: leave"
                " them out, or copy the documents into a new collection"
            )

    @staticmethod
    def _fields_of(now: Index) -> Fields:
        return {name: kind for name, kind in now.columns.items() if name not in records.COLUMNS}

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError(f"expected an open store, got one of {self.path!r} that was closed: make another one")

    def _check_writes(self) -> None:
        self._check_open()
        if self.read_only:
            raise InvalidArgumentError(f"expected a store to write to, got {self!r}: open it without read_only")

    def _open_writer(self, dim: int | None) -> writers.Writer:
        self._check_writes()
        with self._lock:
            if self._writer is None:
                wanted, metric, options = self._wanted
                if wanted is None and dim is None and not holds_collection(self.path):
                    raise InvalidArgumentError(
                        f"dim: expected the length of embeddings, to make the collection {self.path!r} of documents without"
                        " one, got None"
                    )
                self._writer = writers.of(self.path, dim if wanted is None else wanted, metric, options)
                self._closer = weakref.finalize(self, self._writer.release)
            return self._writer


def _known(now: Index, ids: Iterable[str]) -> list[str]:
    return [name for name in dict.fromkeys(ids) if name in now]


def _read(now: Index, ids: list[str], vectors: bool) -> list[Record]:
    return records.of_columns(ids, now.attributes(ids), now.vectors(ids) if vectors and ids else None)


def _allowed(now: Index, condition: Condition | None, ids: Iterable[str] | None) -> Any:
    """A compiled filter, or None where all is allowed."""
    if condition is None:
        return None if ids is None else now.filter(_known(now, ids))
    allowed = now.filter(condition.superset.allowed)
    if ids is not None:
        allowed = allowed & now.filter(_known(now, ids))
    return allowed if condition.superset.exact else now.filter(_judged(now, now.ids_in(allowed).tolist(), condition))


def _judged(now: Index, names: list[str], condition: Condition) -> list[str]:
    """Those that a condition matches by its own rules."""
    return [
        record.id
        for start in range(0, len(names), _BLOCK)
        for record in _read(now, names[start : start + _BLOCK], condition.vectors)
        if condition.matches(record)
    ]


def _names(now: Index, condition: Condition | None, ids: Iterable[str] | None) -> list[str]:
    allowed = _allowed(now, condition, ids)
    found: list[str] = (now.ids if allowed is None else now.ids_in(allowed)).tolist()
    return found
