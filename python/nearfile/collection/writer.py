"""What is written to: one process at a time adds, replaces and deletes."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile import _core, arguments, inputs
from nearfile.arguments import PathLike
from nearfile.collection import disk, given, log, merging, names, publishing
from nearfile.collection.building import fill, of_rows
from nearfile.collection.lock import Lock
from nearfile.collection.part import Ids, Part
from nearfile.collection.publishing import Publisher
from nearfile.collection.reader import CollectionIndex, Generation
from nearfile.collection.state import State, check_kind, unique
from nearfile.collection.wanted import Wanted
from nearfile.errors import InvalidArgumentError
from nearfile.inputs import attributes as attributes_module
from nearfile.inputs import naming

# An add of so many rows becomes a segment by itself; what is less goes into the log.
SEGMENT_ROWS = 16384
# A log's record has at most this much.
SEGMENT_BYTES = 64 << 20

GRACE = 600.0


class Collection(CollectionIndex):
    """A folder of vectors that grows and shrinks: opened, or made where there is none, to be written to.

    One process writes at a time; any number of others read, by :func:`nearfile.open`. What :meth:`add` and
    :meth:`delete` did is on the disk when they return, and stays there whatever happens to the process or the machine.
    A writer is a reader of its own writes: it has all methods of :class:`nearfile.CollectionIndex`.

    Args:
        path: The folder. Its parent must be there.
        dim: The length of every vector, from 1 to 65536. Needed to make a collection; what is given for one that is there
            must agree with it, as all that follows.
        metric: ``"angular"`` (where none is given), ``"cosine"``, ``"euclidean"``, ``"dot"``, ``"manhattan"`` or
            ``"hamming"``.
        profile: What segments are built for, as of :class:`nearfile.Builder`.
        keep: What stays of vectors, as of :class:`nearfile.Builder`. With ``"none"`` every merge makes codes of codes.
        n_trees: How many trees segments are built with; ``None`` chooses.
        seed: Of the random choices of builds.
        threads: How many threads build segments; ``None`` is every core.
        background: Whether a thread makes segments and merges them by itself. Without it they are made by :meth:`flush`
            and :meth:`compact`, and by an :meth:`add` that finds the log too long.
        grace: For how many seconds files that are superseded stay, for readers that are about to open them and for copies
            of the folder that are being made.

    Raises:
        LockedError: Another one writes to it.
        InvalidArgumentError: What is given does not agree with what is there, or is out of range.
        BadFileError: It is damaged; what and where.
        FileError: The folder cannot be made or written to.

    Any number of threads may use it; adds of several are done one after the other. After a fork it is the parent's. As a
    context manager it is closed at the end.

    >>> import numpy, nearfile, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "items")
    >>> with nearfile.Collection(path, dim=2, metric="euclidean") as items:
    ...     items.add([[0, 0], [1, 0], [5, 5]]).tolist()
    ...     items.add([[0.5, 0]], ids=[1]).tolist()  # replaces
    ...     items.search([1, 0], k=2)[1].tolist()
    [0, 1, 2]
    [1]
    [0.5, 1.0]
    """

    __slots__ = ("_closer", "_merger", "_publisher", "_reserved", "_shape")

    def __init__(
        self,
        path: PathLike,
        dim: int | None = None,
        metric: str | None = None,
        *,
        profile: str | None = None,
        keep: str | None = None,
        n_trees: int | None = None,
        seed: int | None = None,
        threads: int | None = None,
        background: bool = True,
        grace: float = GRACE,
    ) -> None:
        folder = arguments.path(path).rstrip(os.sep) or os.sep
        wanted = Wanted(dim, metric, profile, keep, n_trees, seed)
        first = wanted.first()
        n_threads = arguments.threads(threads, default=0)
        least = arguments.number("grace", grace)
        if not least >= 0:
            raise InvalidArgumentError(f"grace: expected seconds from 0, got {least}")
        there = os.path.join(folder, names.MANIFEST)
        if first is None and not os.path.exists(there):
            raise InvalidArgumentError(
                f"dim: expected the length of vectors, to make the collection {folder!r}, got None"
            )
        disk.make_folder(folder)
        lock = Lock(folder)
        try:
            if not os.path.lexists(there):
                assert first is not None
                publishing.begin(folder, first)
            super().__init__(folder)
            assert self._source is not None
            wanted.check(folder, self._source.state.manifest)
            self._publisher = Publisher(folder, lock, self._source, least)
        except BaseException:
            lock.release()
            raise
        self._reserved = 0
        self._shape: tuple[_core.Index | None, _core.Builder | None] = (None, None)
        self._merger = merging.Merger(self._publisher, n_threads, background=bool(background))
        self._closer = weakref.finalize(self, _close, self._merger, self._publisher)
        self._merger.wake()

    @classmethod
    def of(cls, path: PathLike, files: Iterable[PathLike], *, router: Any = None, **options: Any) -> Collection:
        """A collection of indexes that were built elsewhere, by a cluster say. Nothing is copied.

        Args:
            path: The folder. Where there is none it is made; to a collection that is there, files are added behind what it
                has.
            files: Paths of nearfiles of one dimension, metric and kind of ids, with the same columns. They stay where
                they are, are only ever read, and must not be changed: those in the folder or below it are named by
                their path from there, so that the folder can be moved as a whole, all others by their absolute path.
                Those that the collection has already are left out, so that calling it again does no harm.
            router: Where planes cut the files: what ``nearfile.routing`` says of it, with ``cells``, the segment of
                the planes for each of ``files``. It is kept in the manifest, so that queries ask few of them.
            options: As for :class:`nearfile.Collection`; ``profile`` and ``keep`` are those of the first file where they
                are not given.

        Returns:
            The collection, open to be written to. The same id in two files is the later one's. Files without ids have
            row numbers, which are counted on from file to file, in the order they are given in. Only :meth:`compact`
            merges them.

        A file in the folder that has a name as :func:`nearfile.collection.new_segment` gives it becomes the
        collection's own: it is removed when it is not needed any more, and also where it is there and never named, after
        the grace. Builders that may die and be tried again write such files.

        Raises:
            MissingFileError: One of the files is not there.
            BadFileError: One is no index.
            InvalidArgumentError: Files that do not agree with each other or with the collection, or none to make one of.

        >>> import numpy, nearfile, os, tempfile
        >>> folder = tempfile.mkdtemp()
        >>> parts = [os.path.join(folder, f"part {i}.near") for i in range(2)]
        >>> for part in parts:
        ...     nearfile.build(numpy.eye(3), part, metric="euclidean").close()
        >>> with nearfile.Collection.of(os.path.join(folder, "items"), parts) as items:
        ...     items.ids.tolist()
        [0, 1, 2, 3, 4, 5]
        """
        folder = arguments.path(path).rstrip(os.sep) or os.sep
        opened = given.open_files(files)
        given.check_alike(opened)
        if opened and not os.path.exists(os.path.join(folder, names.MANIFEST)):
            options = {**given.options_of(opened[0]), **options}
        made = cls(folder, **options)
        try:
            made._take(opened, router)
        except BaseException:
            made.close()
            raise
        return made

    def add(self, vectors: object, ids: object = None, *, attributes: object = None) -> NDArray[Any]:
        """Add vectors, or replace those of ids that are there; on the disk on return.

        Args:
            vectors: Shape (n, dim), as :meth:`nearfile.Builder.add` takes them.
            ids: n whole numbers or n ``str``, each once; all of a collection are of one kind. ``None`` numbers on from the
                largest number that was ever there, from 0.
            attributes: Columns of n values, as :meth:`nearfile.Builder.add` takes them; those that the collection's other
                items have.

        Returns:
            The ids, shape (n,): int64, or objects that are ``str``.

        What is added at once is there at once, or where it fails not at all. 16,384 vectors or more become a segment
        before it returns, in the time that a build takes; fewer go into the log.

        Raises:
            InvalidArgumentError: What :meth:`nearfile.Builder.add` refuses; ids of another kind than those that are there,
                or the same twice; other columns. Nothing was added.
            FileError: The system refused; ``errno`` is its reason. Nothing was added.
            ClosedError: It was closed.
        """
        merger, publisher = self._open_merger(), self._publisher
        array = inputs.vectors(vectors, self.dim)
        given_ids = inputs.ids(ids, len(array))
        columns = attributes_module.columns(attributes, len(array))
        if len(array) >= SEGMENT_ROWS or array.shape[0] * array.shape[1] * 4 >= SEGMENT_BYTES:
            return _array(self._add_segment(array, given_ids, columns))
        rows = inputs.floats(array)
        merger.make_room()
        with publisher.mutex:
            publisher.check()
            own = self._numbered(given_ids, len(rows))
            self._check_agrees(own, columns)
            core = of_rows(self.dim, self.metric, rows, own, columns)
            if len(rows):
                publisher.append(log.ADD, core.contents(), len(rows))
                self._reserve(own)
        merger.added(len(rows))
        return _array(own)

    def delete(self, ids: object) -> int:
        """Delete ids; on the disk on return.

        Args:
            ids: An array, list or set of ids, in any order.

        Returns:
            How many of them were there.

        Raises:
            InvalidArgumentError: What is no list of ids, or ids of another kind. Nothing was deleted.
            FileError: The system refused. Nothing was deleted.
            ClosedError: It was closed.
        """
        merger, publisher = self._open_merger(), self._publisher
        merger.make_room()
        with publisher.mutex:
            publisher.check()
            publisher.source.refresh()
            state = publisher.source.state
            wanted = unique(naming.some_ids("ids", ids))
            if not len(wanted) or state.id_kind is None:
                return 0
            check_kind("ids", state.id_kind, wanted)
            there = state.rows_of(wanted)
            if there:
                publisher.append(log.DELETE, log.ids_to_bytes(wanted), there)
        merger.added(there)
        return there

    def flush(self) -> None:
        """Make a segment of what is in the log, so that readers need not scan it. It is as durable before.

        Raises:
            FileError: The system refused; all is as it was.
            ClosedError: It was closed.
        """
        merger = self._open_merger()
        self._publisher.check()
        merger.flush()

    def compact(self) -> None:
        """Make one segment of everything, without what is deleted: in the time that a build of all items takes.

        Readers and adds go on meanwhile; what is added meanwhile is in the log.

        Raises:
            FileError: The system refused; all is as it was.
            InvalidArgumentError: There are more items than an index can have; all is as it was.
            ClosedError: It was closed.
        """
        merger = self._open_merger()
        self._publisher.check()
        merger.compact()

    def close(self) -> None:
        """Let another one write. A merge in the background is given up; nothing is lost by it."""
        super().close()
        self._closer()

    def info(self) -> dict[str, Any]:
        """As :meth:`nearfile.CollectionIndex.info`, and ``background_error``: why the last merge in the background failed, or ``None``."""
        return {**super().info(), "background_error": self._merger.error}

    def __enter__(self) -> Collection:
        return self

    # Inside

    def _now(self) -> Generation:
        source = self._source
        if source is not None:
            source.refresh()
        return super()._now()

    def _open_merger(self) -> merging.Merger:
        self._open_source()
        return self._merger

    def _known_state(self) -> State:
        """What is there; read again only where it does not tell yet what items are like."""
        source = self._publisher.source
        if source.state.id_kind is None or not source.state.parts:
            source.refresh()
        return source.state

    def _numbered(self, ids: inputs.Ids, n: int) -> Ids:
        """``ids``, or the numbers after the largest."""
        if ids is not None:
            return ids
        state = self._known_state()
        if state.id_kind == "string":
            raise InvalidArgumentError("ids: expected str, as this collection's are, got None, which would number them")
        start = max(self._reserved, state.next_id)  # what was added since it was looked at is reserved
        if start + n > 1 << 63:
            raise InvalidArgumentError(
                f"ids: expected ids, because {start - 1} is the largest that there is and too few are left behind it, got None"
            )
        return np.arange(start, start + n, dtype=np.int64)

    def _reserve(self, ids: Ids) -> None:
        if not isinstance(ids, list) and len(ids):
            self._reserved = max(self._reserved, int(ids.max()) + 1)

    def _check_agrees(self, ids: Ids, columns: _core.Columns | None) -> None:
        """Raise where ids or columns are others than those that are there."""
        state = self._known_state()
        if state.id_kind is not None and len(ids):
            check_kind("ids", state.id_kind, ids)
        if state.parts:
            self._like(state.parts[0]).check_columns(_core.Columns() if columns is None else columns, len(ids))

    def _like(self, part: Part) -> _core.Builder:
        """A builder that has a row of a part, and takes only what has the same columns."""
        of, builder = self._shape
        if of is not part.core:
            builder = _core.Builder(self.dim, self.metric)
            some = np.arange(min(1, part.count))
            builder.add(part.core.vectors(some), part.core.attributes(some), 0)
            self._shape = (part.core, builder)
        assert builder is not None
        return builder

    def _add_segment(self, array: inputs.Array, ids: inputs.Ids, columns: _core.Columns | None) -> Ids:
        """A segment of its own for what is much."""
        merger, publisher = self._merger, self._publisher
        with merger.jobs:
            merger.flush(raw=True)
            with publisher.mutex:
                publisher.check()
                own = self._numbered(ids, len(array))
                self._check_agrees(own, columns)
                if ids is None:
                    self._reserve(own)
            builder = _core.Builder(self.dim, self.metric)
            for start, block in inputs.blocks(array, max(1, inputs.rows_a_block(4 * self.dim))):
                part = slice(start, start + len(block))
                fill(builder, block, own[part], columns, start)
            built = merger.build_alone(builder)
            try:
                with publisher.mutex:
                    publisher.source.refresh()
                    self._check_agrees(own, columns)
                    earlier = [given.without(part, own) for part in publisher.source.state.published]
                    kind = "string" if isinstance(own, list) else "int64"
                    publisher.publish([*earlier, built], id_kind=kind, next_id=built.highest + 1)
            except BaseException:
                assert built.segment is not None
                merger.remove_unless_published(built.segment.file)
                raise
        merger.added(0)
        return own

    def _take(self, opened: list[given.File], router: Any = None) -> None:
        merger, publisher = self._merger, self._publisher
        with merger.jobs:
            merger.flush()
            with publisher.mutex:
                publisher.check()
                publisher.source.refresh()
                parts = given.joined(publisher.source.state, opened)
                if parts is not None:
                    kinds = {part.core.id_kind for part in parts}
                    kind = "string" if "string" in kinds else "int64"
                    next_id = max(part.highest for part in parts) + 1
                    named = given.routed(publisher.folder, opened, router)
                    publisher.publish(parts, id_kind=kind, next_id=next_id, router=named)


def _close(merger: merging.Merger, publisher: Publisher) -> None:
    merger.stop()
    publisher.clean()
    publisher.close()


def _array(ids: Ids) -> NDArray[Any]:
    """Ids as they are returned."""
    if not isinstance(ids, list):
        return ids
    names_of = np.empty(len(ids), object)
    names_of[:] = ids
    return names_of
