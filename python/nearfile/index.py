"""An index: opened from a file or built, searched from any number of threads, never changed."""

from __future__ import annotations

import os
import threading
import warnings
from types import TracebackType
from typing import Any, Callable, cast

import numpy as np
from numpy.typing import NDArray

from nearfile import _core, arguments, filters, inputs, items, neighbor_graph
from nearfile.arguments import PathLike
from nearfile.attributes import Attributes
from nearfile.errors import ClosedError, InvalidArgumentError, NotFoundError, UnlikeQueriesWarning
from nearfile.inspection import Inspection
from nearfile.items import Id
from nearfile.neighbor_graph import NeighborGraph
from nearfile.radius import search_radius as search_radius_of
from nearfile.results import Neighbors, Within

#: What a search returns.
Found = Neighbors

# A batch goes to the core in blocks of at most this many queries, so that Ctrl-C is heard between them.
QUERIES_A_BLOCK = 4096


# Of several threads that see the last query one tells.
_telling = threading.Lock()

# A refresh does not open again what is being closed.
_swapping = threading.Lock()

UNLIKE = (
    "the queries are unlike those that this index was calibrated with: {far} of the first {seen} have a nearest item "
    "farther than {limit:.6g} (info()['calibrated_nearest']), which 1 in 100 of the calibration's had, so answers have "
    "less recall than was asked for. Check that queries are made as the items were (the same encoder, order of values "
    "and scale); if they are, build with queries=, a sample of such queries, or measure with `nearfile tune` and give "
    "the effort it takes. docs/recall.md has more."
)


class Index:
    """Vectors that can be searched for their nearest neighbours.

    What :func:`nearfile.open` and :func:`nearfile.build` return. It never changes but by :meth:`refresh`, and any number
    of threads may use it at once; the GIL is released while it searches. An index of a file is pickled as its path, one in memory as its
    bytes. As a context manager it is closed at the end.
    """

    __slots__ = ("_bits", "_core", "_path", "_seen", "_strings", "_structure", "_watching")

    #: What :meth:`filter` makes.
    filter_type: type = _core.Filter

    def __init__(self, core: _core.Index, path: str | None, seen: tuple[int, ...] | None = None) -> None:
        self._core = core
        self._path = path
        self._seen = seen  # of the file, when it was opened
        # Kept here because asking the core costs as much as a small search.
        self._strings = core.id_kind == "string"
        self._bits = core.metric == "hamming"
        self._structure = core.structure
        # Until enough queries were seen to tell whether they are like those of the calibration.
        self._watching = self._structure == "graph"

    # What it is

    def __len__(self) -> int:
        """The number of items."""
        return self._core.size

    @property
    def dim(self) -> int:
        """The length of every vector."""
        return self._core.dim

    @property
    def metric(self) -> str:
        """The name of the metric."""
        return self._core.metric

    @property
    def path(self) -> str | None:
        """The absolute path of the file, ``None`` for an index in memory."""
        return self._path

    @property
    def ids(self) -> NDArray[Any]:
        """Every id, in the order of adding: shape (n,), int64, or objects that are ``str``."""
        return self._named(self._core.ids())

    def info(self) -> dict[str, Any]:
        """What the file says about itself.

        A dict with ``path``, ``metric``, ``dim``, ``count``, ``value_type`` (how vectors are kept), ``id_kind``,
        ``structure`` (``"graph"`` or ``"forest"``), ``n_trees`` (that it was built with), ``n_trees_asked`` (more, where a
        graph was asked for more than it takes), ``leaf_size``, ``seed``, ``file_bytes``, ``format_version``,
        ``library_version`` (that wrote it) and ``sections``: a list of dicts with ``name``, ``offset`` and ``bytes``.
        ``columns`` is a list of dicts, one for each column of attributes, with ``name``, ``type``, ``ticks_per_second``
        and ``time_zone`` (of timestamps), ``missing`` (rows without a value) and ``distinct`` (different strings).

        Of a graph also, and ``None`` for a forest: ``profile``, ``keep``, and ``degree``, the neighbours that an item
        has room for. ``calibration`` is what walks found of items that were left out when the index was built: a list
        of dicts with ``k``, ``effort``, ``recall`` and its ``standard_error``, empty for a forest and where there were
        too few to tell. ``walk_recall`` is a dict of the most recall of the 1, 10 and 100 nearest that walks give: what
        asks for more looks at every item (:class:`nearfile.ScanWarning`), and a ``k`` that is not there always does.
        ``calibrated_nearest`` is how far the nearest item was from their queries: a dict of the distances that 1, 25,
        50, 75 and 99 in 100 do not exceed (for ``dot`` the negative inner product of queries of length 1), empty
        likewise. Queries whose nearest items are farther make :class:`nearfile.UnlikeQueriesWarning`.

        >>> import numpy, nearfile
        >>> info = nearfile.build(numpy.eye(3), profile="fast").info()
        >>> info["structure"], info["profile"], info["keep"]
        ('graph', 'fast', 'exact')
        """
        core = self._core
        return {"path": self._path, **core.info(), "columns": core.columns()}

    def verify(self) -> None:
        """Read the whole file and check every checksum and every stored id.

        Raises:
            BadFileError: What does not hold, and in which section.
        """
        self._core.verify()

    def __repr__(self) -> str:
        where = "in memory" if self._path is None else f"at {self._path!r}"
        try:
            facts = f"dim={self.dim}, metric={self.metric!r}, structure={self._structure!r}"
            return f"<nearfile.Index of {len(self)} vectors, {facts}, {where}>"
        except ClosedError:
            return f"<nearfile.Index, closed, {where}>"

    def _repr_html_(self) -> str | None:
        from nearfile.notebook import card

        return card(self)

    # Searching

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
        """The nearest items of one query, or of each of a batch.

        Args:
            query: Shape (dim,) or (q, dim); any real dtype, taken as float32. Zeros and ones for ``hamming``. What
                :meth:`Builder.add` takes for vectors is taken here. In the place of a vector, alone or in a list, may
                stand a :class:`nearfile.Item`.
            k: How many to find, from 1; there are fewer where the index has fewer.
            effort: Of a graph: how many items the walk keeps in view, from 1; there are ``k`` answers all the same. More
                finds more of the true neighbours and takes longer; where it would take longer than looking at all
                items, these are looked at.
            recall: Of a graph: the share of the ``k`` nearest that answers are to have on average, above 0 and up to 1,
                in place of ``effort``. The effort is that which found as many when the index was built, of items that
                were left out (``info()["calibration"]``); queries that are unlike the items may need more.
                ``None`` for both chooses an effort.
            exact: Compare with every item: the answer of brute force.
            search_k: Of a forest: how many candidates to compare with the query, from 1; ``None`` chooses from ``k``.
                More finds more of the true neighbours and takes longer; as many as there are items is exact.
            threads: How many threads share a batch; ``None`` is every core. One query is searched by one thread.
            filter: What may be an answer: whatever :meth:`filter` takes, or a list of such for a batch, one a query (a
                boolean array of shape (q, n) too; a list of ``str`` is always ids, and refused where none is one and
                they read as expressions). There are ``k`` answers, or all that are allowed where they are fewer. What is used more than once is best compiled once, by :meth:`filter`.
            exclude: Ids that are no answers, in any order; for a batch also a list of lists, one a query. Ids that the
                index does not have change nothing.

        Returns:
            :class:`nearfile.Neighbors`, which unpacks as a tuple of two does:
            ids and distances, nearest first, and ties by smaller id (for ``str`` in the order of adding); each of shape
            (m,) for one query and (q, m) for a batch, where m is ``k``, or the number of items where it is smaller, or
            of those that are allowed. Where a query of a batch has fewer answers than another one, behind its last
            distances are nan and ids are -1, or ``None`` in the place of ``str``. ids are int64, or ``str`` in an array of objects;
            distances are float32.
            ``angular`` is sqrt(2 - 2 cos), ``cosine`` 1 - cos, ``euclidean`` and ``manhattan`` are the usual ones,
            ``hamming`` is the number of values that differ, and ``dot`` is the inner product, largest first.

        Raises:
            InvalidArgumentError: A query of another shape or dtype or with values that are not finite; ``k``,
                ``effort``, ``recall``, ``search_k`` or ``threads`` out of range; both ``effort`` and ``recall``;
                ``search_k`` of a graph, or ``effort`` or ``recall`` of a forest; a filter that is none, of another
                index, or not one for each query.
            TypeError: ``k``, ``effort``, ``search_k`` or ``threads`` is no whole number, or ``recall`` no number.
            NotFoundError: There is no such item.
            ClosedError: The index was closed.

        >>> import numpy, nearfile
        >>> index = nearfile.build(numpy.eye(3), metric="euclidean")
        >>> ids, distances = index.search([1.0, 0.2, 0.0], k=2)
        >>> ids.tolist()
        [0, 1]
        >>> index.search([1.0, 0.2, 0.0], k=2, effort=50)[0].tolist()
        [0, 1]
        >>> ids, distances = index.search(numpy.eye(3)[:2], k=1)
        >>> ids.tolist(), distances.tolist()
        ([[0], [1]], [[0.0], [0.0]])
        >>> index.search([1.0, 0.2, 0.0], k=2, filter=[False, True, True])[0].tolist()
        [1, 2]
        >>> index.search([1.0, 0.2, 0.0], k=2, exclude=[1])[0].tolist()
        [0, 2]
        """
        if type(k) is not int or not 1 <= k <= _core.max_count:
            k = arguments.neighbors(k)
        if threads is not None:
            threads = arguments.threads(threads, default=0)
        width, share = 0, 0.0
        if type(effort) is int and recall is None and self._structure == "graph" and 1 <= effort <= _core.max_count:
            width = effort  # the usual case, at the least cost for a call
        elif effort is not None or recall is not None:
            width, share = arguments.steps(effort, recall, self._structure)
        candidates = 0 if search_k is None else arguments.candidates(search_k, self._structure)
        everything = bool(exact)
        ready: Any = filter
        if exclude is not None or not (filter is None or type(filter) is self.filter_type):
            options = (width, share, candidates, everything, threads or 0)
            now = self._pinned()
            return filters.search(now, items.queries(now, query), k, options, filter, exclude)
        found = self._core.search(query, k, width, share, candidates, everything, ready)
        if found is None:  # not one ready row of float32
            now = self._pinned()
            array = items.queries(now, query)
            if array.ndim == 2 and filter is not None:
                options = (width, share, candidates, everything, threads or 0)
                return filters.search(now, array, k, options, filter, None)
            if array.ndim == 2:
                batch = now._search_batch(array, k, (width, share, candidates, everything, threads or 0))
                if self._watching:
                    self._watch()
                return batch
            found = now._core.search(inputs.floats(array), k, width, share, candidates, everything, ready)
            assert found is not None
        if self._watching:
            self._watch()
        return found

    def neighbors(
        self,
        id: Any,
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
        """The nearest items of an item, which is itself among them: first, but for ``dot`` and for equal vectors.

        Takes and returns what :meth:`search` does, with the item's id for the query, or several ids for a batch: a list,
        or whatever else :meth:`vectors` takes.

        Raises:
            NotFoundError: There is no such id.

        >>> import numpy, nearfile
        >>> index = nearfile.build(numpy.eye(2), ids=["left", "right"])
        >>> index.neighbors("right")[0].tolist()
        ['right', 'left']
        >>> index.neighbors(["right", "left"], k=1)[0].tolist()
        [['right'], ['left']]
        """
        now = self._pinned()
        vector = now._vectors(id)
        return now.search(
            vector,
            k,
            effort=effort,
            recall=recall,
            exact=exact,
            search_k=search_k,
            threads=threads,
            filter=filter,
            exclude=exclude,
        )

    def filter(self, allowed: object) -> _core.Filter:
        """What is allowed, compiled for any number of searches: ``search(query, filter=compiled)``.

        Args:
            allowed: A boolean mask of shape (n,), a value for each item in the order of adding; an array, list or set
                of ids, of which those that the index does not have change nothing; an expression about the columns
                (:func:`nearfile.col`, or text, as ``"price < 20"``); or a :class:`nearfile.Filter`.

        Returns:
            A :class:`nearfile.Filter`: ``len()`` is how many items it allows.

        Raises:
            InvalidArgumentError: What is none of these; a mask of another shape; an expression that does not parse or
                fit the columns.

        >>> import numpy, nearfile
        >>> index = nearfile.build(numpy.eye(3), ids=["x", "y", "z"], attributes={"price": [5.0, 10.0, 20.0]})
        >>> cheap = index.filter("price < 15")
        >>> len(cheap), len(cheap & ~index.filter(["x"]))
        (2, 1)
        >>> index.search([0.0, 0.0, 1.0], k=3, filter=cheap)[0].tolist()
        ['x', 'y']
        """
        return filters.compiled(self._pinned(), allowed)

    def ids_in(self, allowed: object) -> NDArray[Any]:
        """The ids that :meth:`filter` would allow, in the order of adding: shape (m,), int64, or objects that are ``str``.

        >>> import numpy, nearfile
        >>> index = nearfile.build(numpy.eye(3), ids=["x", "y", "z"])
        >>> index.ids_in(~index.filter(["y"])).tolist()
        ['x', 'z']
        """
        return filters.ids_in(self._pinned(), allowed)

    def search_radius(
        self,
        query: object,
        radius: float,
        *,
        recall: float | None = None,
        exact: bool = False,
        search_k: int | None = None,
        max_results: int | None = None,
        threads: int | None = None,
        filter: object = None,
        exclude: object = None,
    ) -> Within:
        """All items within a radius of one query, or of each of a batch.

        Args:
            query: As :meth:`search` takes it.
            radius: The largest distance by the index's metric, from 0; for ``dot`` the least inner product. It is
                rounded to float32, as distances are; what is exactly so far is within. ``inf`` holds all (for ``dot``
                ``-inf``).
            recall: Of a graph: the share of what is within the radius that answers are to have on average, above 0 and
                up to 1; ``None`` for .95. Where few items are within, answers have more. Walks ask for more and more of
                the nearest until some are beyond the radius; where that would take longer than a look at all items,
                which is exact, these are looked at.
            exact: Compare with every item: the answer of brute force.
            search_k: Of a forest: how many candidates to compare with the query, from 1, while at most 32 are found,
                and in proportion for more; ``None`` for 6,400.
            max_results: The nearest so many of each query and no more, from 1; ``None`` for all of them.
            threads: How many threads share a batch; ``None`` is every core. One query is searched by one thread.
            filter: As of :meth:`search`: nothing else is found.
            exclude: As of :meth:`search`.

        Returns:
            ids and distances as of :meth:`search`, nearest first; each of shape (m,), with as many as there are. Of a
            batch these are of all queries one after the other, and a third array comes with them
            (:class:`nearfile.RaggedNeighbors`): offsets, shape (q + 1,), int64. What was found for query i is ``ids[offsets[i]:offsets[i + 1]]``.

        Raises:
            InvalidArgumentError: A query as of :meth:`search`; a ``radius`` that is no number, or negative where it is
                no inner product; ``recall``, ``search_k``, ``max_results`` or ``threads`` out of range; ``search_k`` of
                a graph, or ``recall`` of a forest.
            TypeError: ``radius`` or ``recall`` is no number, or ``search_k``, ``max_results`` or ``threads`` no whole
                number.
            NotFoundError: There is no such item.
            ClosedError: The index was closed.

        >>> import numpy, nearfile
        >>> index = nearfile.build([[0.0], [1.0], [3.0]], metric="euclidean")
        >>> ids, distances = index.search_radius([0.5], 0.5)
        >>> ids.tolist(), distances.tolist()
        ([0, 1], [0.5, 0.5])
        >>> ids, distances, offsets = index.search_radius([[0.0], [9.0], [2.5]], 1.5)
        >>> ids.tolist(), offsets.tolist()
        ([0, 1, 2, 1], [0, 2, 2, 4])
        """
        options: dict[str, Any] = {"recall": recall, "exact": exact, "search_k": search_k, "threads": threads}
        options.update(filter=filter, exclude=exclude)
        return search_radius_of(self._pinned(), query, radius, max_results=max_results, **options)

    def knn_graph(
        self, k: int = 15, *, recall: float | None = None, exact: bool = False, threads: int | None = None
    ) -> NeighborGraph:
        """Every item's nearest items: for clustering, for maps of the data, for cleaning it up.

        Args:
            k: How many of each, itself among them, from 1; there are fewer where the index has fewer.
            recall: The share of its ``k - 1`` nearest others that an item is to get on average, above 0 and up to 1;
                ``None`` for .97. How much that takes is measured first, with items from everywhere, of a forest too.
            exact: Compare every item with every item, as ``recall=1`` does.
            threads: How many threads share the work; ``None`` is every core. The result is the same.

        Returns:
            A :class:`nearfile.NeighborGraph`, with ``rows`` and ``distances`` of shape (n, min(k, n)) and
            ``to_scipy()``. Each item is its own first neighbour, also among others that are as near.

        Raises:
            InvalidArgumentError: ``k``, ``recall`` or ``threads`` out of range.
            TypeError: ``k`` or ``threads`` is no whole number, or ``recall`` no number.
            ClosedError: The index was closed.

        >>> import numpy, nearfile
        >>> index = nearfile.build([[0.0], [1.0], [3.0]], metric="euclidean")
        >>> graph = index.knn_graph(k=2)
        >>> graph.rows.tolist()
        [[0, 1], [1, 0], [2, 1]]
        >>> graph.distances.tolist()
        [[0.0, 1.0], [0.0, 1.0], [0.0, 2.0]]
        """
        return neighbor_graph.knn_graph(self._pinned(), k, recall, exact, threads)

    def distance(self, a: Id, b: Id) -> float:
        """The distance of two items by the index's metric.

        Raises:
            NotFoundError: There is no such id.
        """
        now = self._pinned()
        return now._core.distance(now._row(a), now._row(b))

    # Items

    def __contains__(self, id: object) -> bool:
        """Whether there is an item with this id."""
        return self._find(id) is not None

    def vector(self, id: Id) -> NDArray[Any]:
        """The vector as it was added: shape (dim,), float32; uint8 zeros and ones for ``hamming``.

        Where the index was built with ``keep="half"`` or ``"none"``, it is what half precision or the codes kept of it.
        With ``"none"`` that is, for ``angular`` and ``cosine``, its direction: a vector of length 1.

        Raises:
            NotFoundError: There is no such id.
        """
        now = self._pinned()
        return self._as_added(now._core.vector(now._row(id)))

    def vectors(self, ids: Any) -> NDArray[Any]:
        """The vectors of several ids: shape (m, dim), float32; uint8 for ``hamming``.

        Raises:
            NotFoundError: There is no such id; the first that is missing is named.
            InvalidArgumentError: A set or another object that has no order, or one str.
        """
        return self._as_added(self._pinned()._rows_of(ids))

    def inspect(self, id: Id) -> Inspection:
        """What the file has of an item, and where: docs/format.md come alive. ``nearfile inspect`` prints it.

        A dict with ``id``, ``row`` (in the order of adding), ``item`` (in the order of the file), ``extents`` (all that
        the file has for this item alone), ``leaves`` (the way to its leaf in every tree), ``vertex`` (its neighbours in
        the graph), ``nibbles`` and ``code`` (its codes of 4 and of 8 bits, beside what was coded), ``vector`` (where it
        lies) and ``values``: shape (dim,), float32; uint8 for ``hamming``. :mod:`nearfile.inspection` has the types of
        all parts and what they mean. Offsets and lengths are in bytes, from the start of the file.

        Raises:
            NotFoundError: There is no such id.
            BadFileError: What is to be told is damaged, and in which section.

        >>> import numpy, nearfile
        >>> index = nearfile.build(numpy.eye(3), metric="euclidean", ids=["x", "y", "z"])
        >>> found = index.inspect("y")
        >>> found["row"], found["values"].tolist()
        (1, [0.0, 1.0, 0.0])
        >>> sorted(each["id"] for each in found["vertex"]["neighbors"])
        ['x', 'z']
        >>> where = found["vector"]
        >>> where["section"], where["bytes"], where["data"].hex(" ")
        ('codes', 3, '00 01 00')
        """
        now = self._pinned()
        found = cast(Inspection, now._core.inspect(now._row(id)))
        found["values"] = self._as_added(found["values"])
        return found

    @property
    def columns(self) -> dict[str, str]:
        """The columns of attributes, in the order they were given in, and the type of each.

        Types are ``"bool"``, ``"int64"``, ``"float64"``, ``"timestamp"``, ``"string"`` and ``"strings"``, which is
        lists of them. ``info()["columns"]`` has more.
        """
        return {str(column["name"]): str(column["type"]) for column in self._core.columns()}

    def attributes(self, ids: Any = None) -> Attributes:
        """The attributes of several ids, or of all items in the order of adding.

        What is returned goes into ``pyarrow.table()``, ``polars.DataFrame()`` and whatever else reads Arrow's
        capsules; ``to_dict()`` makes NumPy's arrays of it.

        Raises:
            NotFoundError: There is no such id; the first that is missing is named.
            InvalidArgumentError: A set or another object that has no order, or one str.
            BadFileError: The file is damaged where the values are.

        >>> import numpy, nearfile
        >>> index = nearfile.build(numpy.eye(2), ids=["x", "y"], attributes={"price": [3.5, 4.5]})
        >>> index.columns
        {'price': 'float64'}
        >>> index.attributes(["y"])["price"].tolist()
        [4.5]
        """
        now = self._pinned()
        rows = now._live_rows() if ids is None else [now._row(id) for id in inputs.each_id(ids)]
        return Attributes(now._core.attributes(np.asarray(rows, np.int64)), len(rows))

    # Files and copies

    def save(self, path: PathLike) -> None:
        """Write the index to ``path``, atomically: under another name first, then renamed.

        Raises:
            FileError: The file could not be written.
        """
        target = arguments.path_to_write(path)
        assert target is not None
        self._core.save(arguments.path_bytes(target))

    def refresh(self) -> bool:
        """Open the file again where another one was put in its place, as a build and :meth:`save` do.

        Searches under way in other threads end with what they began with; the old file is let go of after the last of
        them. Filters that were compiled before serve the old file alone.

        Returns:
            Whether there was another one; never for an index in memory.

        Raises:
            MissingFileError: There is no file any more. This, and whatever else is raised, changes nothing.
            BadFileError: The file is none that can be opened.
            InvalidArgumentError: It has another dimension, metric, kind of ids or structure: open it by itself.
            ClosedError: The index was closed.

        >>> import numpy, nearfile, os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "items.near")
        >>> index = nearfile.build(numpy.eye(3), path)
        >>> nearfile.build(numpy.eye(3)[:2], path).close()
        >>> len(index), index.refresh(), len(index)
        (3, True, 2)
        """
        before = self._core.fingerprint
        if self._path is None:
            return False
        seen = signature(self._path)
        if seen is not None and seen == self._seen:
            return False
        core = _core.Index.open(arguments.path_bytes(self._path), "none", False)
        got, expected = Index(core, self._path), (self.dim, self.metric, self._strings, self._structure)
        if (got.dim, got.metric, got._strings, got._structure) != expected:
            raise InvalidArgumentError(
                f"refresh: expected an index like the one that was open, {self!r}, got {got!r}: open it by itself"
            )
        with _swapping:
            if self._core.closed:
                core.close()
            self._seen, self._core = seen, core
        return before != core.fingerprint

    def close(self) -> None:
        """Let go of the file. Searches under way in other threads end as usual; later calls raise ClosedError."""
        with _swapping:
            self._core.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __copy__(self) -> Index:
        """Another index of the same file, closed by itself. The vectors are shared."""
        return Index(self._core.copy(), self._path, self._seen)

    def __deepcopy__(self, memo: dict[int, Any]) -> Index:
        return self.__copy__()

    def __reduce__(self) -> tuple[Callable[..., Index], tuple[object]]:
        if self._core.closed or self._path is None:
            return open_buffer, (self._core.contents(),)
        return open, (self._path,)

    # Inside

    def _pinned(self) -> Index:
        """This index for one call of several steps, which a refresh does not change meanwhile."""
        if self._path is None:
            return self
        pinned = Index.__new__(Index)
        pinned._core, pinned._path, pinned._seen = self._core, self._path, None
        pinned._strings, pinned._bits, pinned._structure = self._strings, self._bits, self._structure
        pinned._watching = False  # who is asked tells
        return pinned

    def _live_rows(self) -> NDArray[np.int64]:
        return np.arange(len(self))

    def _watch(self) -> None:
        try:
            counts = self._core.query_drift()
        except ClosedError:  # meanwhile, by another thread
            return
        if counts is None:
            return
        with _telling:
            if not self._watching:
                return
            self._watching = False
        far, seen = counts
        if 2 * far > seen:
            message = UNLIKE.format(far=far, seen=seen, limit=self._far_from())
            warnings.warn(message, UnlikeQueriesWarning, stacklevel=3)

    def _far_from(self) -> float:
        return float(self.info()["calibrated_nearest"][99])

    def _search_batch(self, queries: NDArray[Any], k: int, options: tuple[int, float, int, bool, int]) -> Neighbors:
        shape = (len(queries), min(k, len(self)))
        ids = np.empty(shape, np.int64)
        distances = np.empty(shape, np.float32)
        names = np.empty(shape, object) if self._strings else ids
        most = min(QUERIES_A_BLOCK, inputs.rows_a_block(4 * self.dim), inputs.rows_a_block(16 * shape[1]))
        for start, block in inputs.blocks(queries, most):
            part = slice(start, start + most)
            self._core.search_batch(block, k, *options, ids[part], distances[part])
            if self._strings:
                names[part].reshape(-1)[:] = self._core.names(ids[part])
        return Neighbors(names, distances)

    def _named(self, ids: NDArray[np.int64] | list[str]) -> NDArray[Any]:
        if not isinstance(ids, list):
            return ids
        names = np.empty(len(ids), object)
        names[:] = ids
        return names

    def _as_added(self, values: NDArray[np.float32]) -> NDArray[Any]:
        return values.astype(np.uint8) if self._bits else values

    def _vectors(self, id: Any) -> NDArray[np.float32]:
        """As float32 of one id, or of several."""
        one = isinstance(id, (str, bytes)) or not hasattr(id, "__len__")
        if one or (isinstance(id, np.ndarray) and id.ndim == 0):
            return self._core.vector(self._row(id))
        return self._rows_of(id)

    def _rows_of(self, ids: Any) -> NDArray[np.float32]:
        rows = np.array([self._row(id) for id in inputs.each_id(ids)], np.int64)
        return self._core.vectors(rows)

    def _find(self, id: object) -> int | None:
        if isinstance(id, str):
            return self._core.find(id) if inputs.is_text(id) else None
        try:
            number = arguments.integer("id", id)
        except TypeError:
            return None
        return self._core.find(number) if -(1 << 63) <= number < 1 << 63 else None

    def _row(self, id: object) -> int:
        row = self._find(id)
        if row is None:
            kind = {"row": "row numbers", "int64": "whole numbers", "string": "str"}[self._core.id_kind]
            raise NotFoundError(
                f"id: expected one of this index's {len(self)}, which are {kind}, got {id!r} ({type(id).__name__})"
            )
        return row


def open(path: PathLike, *, prefault: bool | str = False, verify: bool = False, follow: bool = False) -> Index:
    """Map an index file, in microseconds whatever its size: nothing is read before it is needed, nothing is copied.

    Args:
        path: The file, or the folder of a collection, which is opened as a :class:`nearfile.CollectionIndex`.
        prefault: Read the whole file into memory now, so that the first searches are fast too. ``"hot"`` reads what
            every search reads many places of, and not the vectors, of which it reads a few: for a file that is larger
            than memory (docs/larger-than-memory.md). No answer changes by it.
        verify: Check every checksum and every stored id now. Without it a damaged file is refused where the header
            shows it, and gives wrong neighbours or an error elsewhere, but never reads outside the file.
        follow: Of a collection: searches take up what is published and added meanwhile.

    While it is open the file may be deleted, or replaced by renaming another over it, as nearfile does. Overwritten in
    place (``cp new.near live.near``) it gives other answers or ends the process with SIGBUS: docs/files.md.

    Raises:
        MissingFileError: There is no such file; it is a ``FileNotFoundError``.
        FileError: The operating system refused; ``errno`` is its reason.
        BadFileError: The file is not an index, is damaged or cut short, or comes from a newer version.
        InvalidArgumentError: ``prefault`` is none of these.

    >>> import numpy, nearfile, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "items.near")
    >>> nearfile.build(numpy.eye(3), path).close()
    >>> with nearfile.open(path) as index:
    ...     len(index), index.dim, index.metric
    (3, 3, 'angular')
    """
    absolute = arguments.path(path)
    if os.path.isdir(absolute):
        from nearfile.collection.reader import CollectionIndex

        return CollectionIndex(absolute, follow=follow, verify=verify, prefault=prefault)
    if follow and os.path.exists(absolute):
        raise InvalidArgumentError(
            f"follow: expected the folder of a collection, got the file {absolute!r}: use refresh()"
        )
    seen = signature(absolute)
    return Index(
        _core.Index.open(arguments.path_bytes(absolute), arguments.prefault(prefault), bool(verify)), absolute, seen
    )


def signature(path: str) -> tuple[int, ...] | None:
    """What differs when another file is put in the place of one; None where the system does not say."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def open_buffer(buffer: Any, *, verify: bool = False) -> Index:
    """Search the bytes of an index file that are in memory already.

    Args:
        buffer: ``bytes``, ``memoryview``, ``mmap`` or an array. It is used where it is, and kept alive, if it is
            read-only and starts at a multiple of 64 bytes; else it is copied once.
        verify: Check every checksum and every stored id now.

    Raises:
        BadFileError: The bytes are not those of an index, or are damaged or cut short.
        InvalidArgumentError: Not an object with contiguous bytes.

    >>> import numpy, nearfile, pickle
    >>> index = pickle.loads(pickle.dumps(nearfile.build(numpy.eye(3))))  # pickling an index in memory uses it
    >>> len(index)
    3
    """
    return Index(_core.Index.open_buffer(buffer, bool(verify)), None)
