"""What opens a folder, and is asked what an index is asked."""

from __future__ import annotations

import functools
import os
import time
from types import TracebackType
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from nearfile import _core, arguments, filters
from nearfile.arguments import PathLike
from nearfile.attributes import Attributes
from nearfile.collection.joined import Joined
from nearfile.collection.source import Source
from nearfile.collection.state import State
from nearfile.errors import ClosedError, InvalidArgumentError
from nearfile.index import Index
from nearfile.inspection import Inspection
from nearfile.items import Id
from nearfile.neighbor_graph import NeighborGraph
from nearfile.results import Neighbors, Within

# With follow=True what is older than this many seconds is looked at again.
LOOKS_EVERY = 0.005


class Generation(Index):
    """An index of what a collection is at a moment. It never changes, and keeps its files mapped while it lives."""

    __slots__ = ("state",)

    filter_type: type = _core.SegmentsFilter

    def __init__(self, state: State, path: str, *, watching: bool) -> None:
        joined = Joined(state)
        super().__init__(joined, path)  # type: ignore[arg-type]
        self.state = state
        self._strings = (state.id_kind or joined.id_kind) == "string"
        self._watching = self._watching and watching

    @property
    def joined(self) -> Joined:
        """The core, as what it is."""
        return self._core  # type: ignore[return-value]

    @property
    def is_watching(self) -> bool:
        """Whether it may still warn of queries that are unlike the items."""
        return self._watching

    def ids_in(self, allowed: object) -> NDArray[Any]:
        """See :meth:`nearfile.Index.ids_in`."""
        rows = self._core.rows_in(filters.compiled(self, allowed))
        return self._named(self._core.names(rows[:, None])) if self._strings else self.joined.ids_at(rows)

    def _pinned(self) -> Generation:
        return self

    def _live_rows(self) -> NDArray[np.int64]:
        return self.joined.segments.live_rows()

    def _far_from(self) -> float:
        return self.joined.segments.far_from


class CollectionIndex(Index):
    """A collection that can be searched as one index: what :func:`nearfile.open` returns for a folder.

    It has the methods of :class:`nearfile.Index`, with the same arguments and results, and answers as one index of all
    live items would: up to recall, and exactly where ``exact=True``. It stays what it was when it was opened, until
    :meth:`refresh` takes up what was published since; with ``follow=True`` searches do so by themselves. Any number of
    threads may use it at once, also while others refresh and close it: a search ends with what it began with. It is
    pickled as its path.

    >>> import numpy, nearfile, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "items")
    >>> items = nearfile.Collection(path, dim=3)
    >>> items.add(numpy.eye(3), ids=["x", "y", "z"]).tolist()
    ['x', 'y', 'z']
    >>> index = nearfile.open(path)
    >>> index.search([1.0, 0.2, 0.0], k=2)[0].tolist()
    ['x', 'y']
    >>> items.delete(["x"])
    1
    >>> "x" in index, index.refresh(), "x" in index
    (True, True, False)
    >>> index.close(); items.close()
    """

    __slots__ = ("__weakref__", "_follow", "_generation", "_looked", "_source")

    def __init__(
        self, path: PathLike, *, follow: bool = False, verify: bool = False, prefault: bool | str = False
    ) -> None:
        read_first = arguments.prefault(prefault)
        folder = arguments.path(path).rstrip(os.sep) or os.sep
        self._path = folder
        self._follow = bool(follow)
        self._looked = time.monotonic()
        self._source: Source | None = Source(folder)
        if read_first != "none":
            self._source.state.prefault(read_first)
        self._generation: Generation | None = None
        if verify:
            self.verify()

    # What it is made of now

    def _now(self) -> Generation:
        """The present generation, for one call to keep."""
        source = self._open_source()
        if self._follow and time.monotonic() - self._looked > LOOKS_EVERY:
            source.refresh(wait=False)
            self._looked = time.monotonic()
        generation, state = self._generation, source.state
        if generation is None or generation.state is not state:
            state = source.consolidate(state)
            watching = generation is None or generation.is_watching
            generation = Generation(state, source.folder, watching=watching)
            if self._source is not None:
                self._generation = generation
        return generation

    def _open_source(self) -> Source:
        source = self._source
        if source is None:
            raise ClosedError("expected an open collection, got one that was closed: open it again to use it")
        return source

    def refresh(self) -> bool:
        """Take up what was published and added since; searches under way end with what they began with.

        Returns:
            Whether there was anything.

        Raises:
            BadFileError: What is new is damaged; the index stays what it was.
            MissingFileError: The collection is not there any more; the same.
            ClosedError: It was closed.
        """
        found = self._open_source().refresh()
        self._looked = time.monotonic()
        return found

    def close(self) -> None:
        """Let go of the files; those that searches under way use go with the last of these. Later calls raise ClosedError."""
        self._source = None
        self._generation = None

    def __enter__(self) -> CollectionIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Callable[..., CollectionIndex], tuple[object]]:
        return functools.partial(opened, follow=self._follow), (self.path,)

    def __copy__(self) -> CollectionIndex:
        """Another one of the same folder, which is closed by itself."""
        return opened(self.path, follow=self._follow)

    def __repr__(self) -> str:
        kind = type(self).__name__
        try:
            now = self._now()
        except ClosedError:
            return f"<nearfile.{kind}, closed, at {self._path!r}>"
        facts = f"dim={now.dim}, metric={now.metric!r}, generation={now.state.manifest.generation}"
        return f"<nearfile.{kind} of {len(now)} vectors, {facts}, at {self._path!r}>"

    # What an index is asked

    def __len__(self) -> int:
        """The number of items."""
        return len(self._now())

    def __contains__(self, id: object) -> bool:
        """Whether there is an item with this id."""
        return id in self._now()

    @property
    def dim(self) -> int:
        """The length of every vector."""
        return self._open_source().state.manifest.dim

    @property
    def metric(self) -> str:
        """The name of the metric."""
        return self._open_source().state.manifest.metric

    @property
    def path(self) -> str:
        """The absolute path of the folder."""
        assert self._path is not None
        return self._path

    @property
    def ids(self) -> NDArray[Any]:
        """Every id, in the order of adding: shape (n,), int64, or objects that are ``str``."""
        return self._now().ids

    @property
    def columns(self) -> dict[str, str]:
        """The columns of attributes and the type of each, as :attr:`nearfile.Index.columns`."""
        return self._now().columns

    def info(self) -> dict[str, Any]:
        """What the collection says about itself.

        A dict with ``path``, ``metric``, ``dim``, ``count`` (items), ``id_kind`` (``None`` before the first item),
        ``structure``, ``profile`` and ``keep`` (of segments that are built), ``generation`` (how often it was
        published), ``log_rows`` and ``log_bytes`` (that no segment has yet), ``file_bytes`` (of segments and log) and
        ``columns`` (as of an index; ``distinct`` is ``None``). ``segments`` is a list of dicts with ``file``,
        ``structure``, ``count`` (rows), ``deleted`` (of these), ``bytes`` and ``given`` (by ``Collection.of``).
        """
        return self._now().info()

    def verify(self) -> None:
        """Read all files of the present generation and check every checksum and every stored id, and that no id is there twice.

        Raises:
            BadFileError: What does not hold, and in which file.
        """
        self._now().verify()

    def search(
        self,
        query: object,
        k: int = 10,
        *,
        effort: int | None = None,
        recall: float | None = None,
        exact: bool = False,
        search_k: int | None = None,
        threads: int | None = None,
        filter: object = None,
        exclude: object = None,
    ) -> Neighbors:
        """The nearest items of one query, or of each of a batch: as :meth:`nearfile.Index.search`.

        A compiled filter serves the generation that it was made for, and no other one: it is refused with
        ``InvalidArgumentError`` after a refresh that took up anything. Expressions and ids serve all.
        """
        now = self._now()
        return now.search(
            query,
            k,
            effort=effort,
            recall=recall,
            exact=exact,
            search_k=search_k,
            threads=threads,
            filter=filter,
            exclude=exclude,
        )

    def neighbors(self, id: Any, k: int = 10, **options: Any) -> Neighbors:
        """The nearest items of an item, or of each of several: as :meth:`nearfile.Index.neighbors`, with its options."""
        return self._now().neighbors(id, k, **options)

    def search_radius(self, query: object, radius: float, **options: Any) -> Within:
        """All items within a radius: as :meth:`nearfile.Index.search_radius`, with its options."""
        return self._now().search_radius(query, radius, **options)

    def knn_graph(self, k: int = 15, **options: Any) -> NeighborGraph:
        """Every item's nearest items: as :meth:`nearfile.Index.knn_graph`; ``rows`` count as :attr:`ids` does."""
        return self._now().knn_graph(k, **options)

    def filter(self, allowed: object) -> Any:
        """What is allowed, compiled for searches of the present generation: as :meth:`nearfile.Index.filter`.

        A mask has a value for each of :attr:`ids`. What is returned has ``len()``, ``&``, ``|`` and ``~``.
        """
        return self._now().filter(allowed)

    def ids_in(self, allowed: object) -> NDArray[Any]:
        """The ids that :meth:`filter` would allow, in the order of :attr:`ids`."""
        return self._now().ids_in(allowed)

    def distance(self, a: Id, b: Id) -> float:
        """The distance of two items by the metric; ``NotFoundError`` where there is no such id."""
        return self._now().distance(a, b)

    def vector(self, id: Id) -> NDArray[Any]:
        """The vector of an id: as :meth:`nearfile.Index.vector`."""
        return self._now().vector(id)

    def vectors(self, ids: Any) -> NDArray[Any]:
        """The vectors of several ids: as :meth:`nearfile.Index.vectors`."""
        return self._now().vectors(ids)

    def attributes(self, ids: Any = None) -> Attributes:
        """The attributes of several ids, or of all items in the order of :attr:`ids`: as :meth:`nearfile.Index.attributes`."""
        return self._now().attributes(ids)

    def inspect(self, id: Id) -> Inspection:
        """What the segment that has an item says of it: as :meth:`nearfile.Index.inspect`; its ``row`` is the segment's."""
        return self._now().inspect(id)

    def save(self, path: PathLike) -> None:
        """Refused: copy the folder, or build one index of ``ids``, ``vectors`` and ``attributes``."""
        raise InvalidArgumentError(
            f"save: expected an index of one file, got a collection: copy the folder {self._path!r}, as docs/collections.md"
            f" says; to save into {path!r} compact() it and copy its one segment"
        )


def opened(path: PathLike, *, follow: bool = False) -> CollectionIndex:
    """For unpickling."""
    return CollectionIndex(path, follow=follow)
