"""The class itself: what it holds, what it refuses when, and the shapes of its answers."""

from __future__ import annotations

import operator
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from nearfile import _core, arguments, inputs
from nearfile.annoy import engine, files, readers
from nearfile.annoy.readers import METRICS, ROWS_A_BLOCK, NearfileReader, Reader
from nearfile.arguments import PathLike

DEFAULT_METRIC_WARNING = (
    "The default argument for metric will be removed in future version of Annoy."
    " Please pass metric='angular' explicitly."
)

OMITTED = object()

MOST_WIDE = 1 << 62

BUILT = "You can't add an item to a built index: call unbuild() first"
LOADED = "You can't add an item to a loaded index"
BUILDING = "You can't add an item to an index that is being built"


class AnnoyIndex:
    """Nearest neighbours with the methods of Annoy's AnnoyIndex.

    Args:
        f: The length of every vector, from 1 to 65536.
        metric: ``"angular"``, ``"euclidean"``, ``"manhattan"``, ``"hamming"`` or ``"dot"``. Without it ``"angular"``,
            with Annoy's FutureWarning.

    Raises:
        ValueError: A metric that is not known, or an ``f`` out of its range.

    Add items, :meth:`build`, ask; or :meth:`load` what :meth:`save` or Annoy wrote, and ask. Any number of threads may
    ask at once, and the GIL is released while they do; :meth:`load` and :meth:`unload` meanwhile are safe. An index
    that is loaded is pickled as its path, any other as its contents.
    """

    __slots__ = (
        "__weakref__",
        "_changing",
        "_dim",
        "_disk_path",
        "_guessed",
        "_items",
        "_loaded",
        "_metric",
        "_path",
        "_reader",
        "_seed",
        "_verbose",
    )

    _reader: Reader | None
    _path: str | None  # of what is mapped
    _disk_path: str | None  # of what build() writes

    if TYPE_CHECKING:

        def __init__(self, f: SupportsIndex, metric: str = ...) -> None: ...

    else:
        # As with Annoy, the arguments may come through a subclass's __new__ or its __init__, whichever it overrides.
        def __new__(cls, *args, **options):  # noqa: D102
            self = super().__new__(cls)
            if cls.__new__ is not AnnoyIndex.__new__ and (args or options):
                self._set_up(*args, **options)
            elif cls.__init__ is not AnnoyIndex.__init__:
                self._guess(args, options)
            return self

        def __init__(self, *args, **options):
            if not self._is_set_up() or self._guessed:
                self._set_up(*args, **options)

    # Collecting

    @property
    def f(self) -> int:
        """The length of every vector."""
        return self._dim

    def add_item(self, i: SupportsIndex, vector: object) -> None:
        """Add a vector under a number, or replace the one that has it.

        Args:
            i: From 0 to 2**31 - 1. Numbers may be left out, at no cost.
            vector: ``f`` numbers: anything with ``len()`` and ``[]``. Buffers, such as NumPy's arrays, are read fastest;
                a series of pandas is read by position, whatever its labels are.

        Raises:
            IndexError: A negative number, or a vector of another length.
            ValueError: A value that is not finite as float32.
            Exception: The index is built or loaded.
        """
        self._items.add(i, inputs.elements(vector))

    def add_items(self, ids: object, array: object) -> None:
        """Add many vectors at once, all or none.

        Args:
            ids: n whole numbers, or ``None`` for those after the largest so far.
            array: Shape (n, f), of any real dtype.
        """
        rows = inputs.numeric("array", array)
        if rows.ndim != 2:
            raise ValueError(f"array: expected shape (n, {self._dim}), got shape {rows.shape}")
        numbers = None if ids is None else inputs.ids(ids, len(rows))
        if isinstance(numbers, list):
            raise TypeError("ids: expected whole numbers, got str")
        self._items.add_many(numbers, inputs.floats(rows))

    def on_disk_build(self, fn: PathLike) -> bool:
        """Have :meth:`build` write the index to a file; call it before adding items.

        Raises:
            OSError: The file cannot be written.
        """
        with self._changing:
            if self._reader is not None or self._items.count > 0:
                raise Exception("You can't call on_disk_build after adding, building or loading: call it first")
            self._disk_path = files.path_to_write(fn)
        return True

    def build(self, n_trees: SupportsIndex, n_jobs: SupportsIndex = -1, *, structure: str | None = None) -> bool:
        """Build the index, after which it can be asked.

        Args:
            n_trees: How many trees, from 1 to 65536; -1 is about as many as Annoy would choose. More take longer and
                find more. A graph is made by up to 16 of them; more make the default of ``search_k`` larger.
            n_jobs: How many threads; -1 is every core. The result is the same for any number.
            structure: What Annoy has not: ``"graph"`` joins the items of the trees to a graph of neighbours, which is
                searched many times faster; ``"forest"`` keeps the trees alone, which takes less time than Annoy's.
                ``None`` is a graph, but a forest for vectors of fewer than 8 values and for up to 1024 items.

        >>> import numpy
        >>> from nearfile import AnnoyIndex
        >>> index = AnnoyIndex(8, "euclidean")
        >>> index.add_items(None, numpy.eye(8))
        >>> index.build(10, structure="forest")
        True
        """
        trees = _core.int32(n_trees)
        jobs = _core.int32(n_jobs)
        if trees != -1 and not 1 <= trees <= _core.max_trees:
            raise ValueError(f"n_trees: expected 1 to {_core.max_trees}, or -1, got {trees}")
        if jobs == 0 or jobs < -1:
            raise ValueError(f"n_jobs: expected 1 or more, or -1 for every core, got {jobs}")
        if structure is not None:
            arguments.one_of("structure", structure, arguments.STRUCTURES)
        with self._changing:
            if self._reader is not None:
                raise Exception(f"You can't build a {'loaded' if self._loaded else 'built'} index")
            self._items.seal(BUILDING)
            try:
                self._build(
                    engine.trees(self._dim) if trees == -1 else trees,
                    0 if jobs == -1 else min(jobs, arguments.MAX_THREADS),
                    structure,
                )
            except BaseException:
                self._items.seal("")
                raise
        return True

    def unbuild(self) -> bool:
        """Drop the trees, so that items can be added and :meth:`build` called again."""
        with self._changing:
            if self._loaded:
                raise Exception("You can't unbuild a loaded index")
            if isinstance(self._reader, NearfileReader):
                self._collect_again(self._reader.core)
        return True

    def set_seed(self, q: SupportsIndex, /) -> None:
        """Of the random choices of the next :meth:`build`: any number of 32 bits."""
        self._seed = _core.int32(q)

    def verbose(self, v: object, /) -> bool:
        """Whether to say on stderr what is done."""
        self._verbose = bool(v)
        return True

    # Files

    def save(self, fn: PathLike, prefault: object = False) -> bool:
        """Write the index to a file, atomically, and go on with that file mapped.

        Raises:
            OSError: The index is not built, or the file cannot be written.
        """
        with self._changing:
            reader = self._reader
            if reader is None:
                raise OSError("You can't save an index that hasn't been built")
            path = files.path_to_write(fn)
            reader.save(arguments.path_bytes(path))
            self._load(path, bool(prefault))
            self._say(f"saved {path}")
        return True

    def load(self, fn: PathLike, prefault: object = False) -> bool:
        """Map what :meth:`save` wrote, or a file of any version of Annoy of the same ``f`` and metric.

        Args:
            fn: The file. One that Annoy wrote is read whole and checked.
            prefault: Read the whole file into memory now.

        Raises:
            OSError: The file is missing, damaged, or of another ``f`` or metric. The index is as it was.
        """
        with self._changing:
            self._load(files.existing_path(fn), bool(prefault))
            self._say(f"loaded {self._path}")
        return True

    def unload(self) -> bool:
        """Let go of everything, as a new index. Queries under way in other threads end as usual."""
        with self._changing:
            self._reset()
            self._say("unloaded")
        return True

    # Asking

    def get_nns_by_item(
        self, i: SupportsIndex, n: SupportsIndex, search_k: SupportsIndex = -1, include_distances: SupportsIndex = False
    ) -> Any:
        """The nearest items of an item, itself among them; see :meth:`get_nns_by_vector`."""
        reader = self._reader
        number = self._known(i, reader)
        wanted, candidates, distances = wide(n), wide(search_k), truth(include_distances)
        if reader is None:
            return ([], []) if distances else []
        return reader.nearest_of(number, wanted, candidates, distances)

    def get_nns_by_vector(
        self, vector: object, n: SupportsIndex, search_k: SupportsIndex = -1, include_distances: SupportsIndex = False
    ) -> Any:
        """The nearest items of a vector.

        Args:
            vector: ``f`` numbers, as :meth:`add_item` takes them.
            n: How many; negative is all.
            search_k: How many candidates to compare with, and ``f`` more, since Annoy's leaves are that large; -1 is
                ``n`` times the number of trees, other negative numbers are all items, and so is a number as large as
                theirs. Of a graph, which needs fewer for the same answers, it is a measure of how far to walk: never
                less than found 99 % when the index was built, and more for more.
            include_distances: Whether to return the distances too.

        Returns:
            A list of numbers of items, nearest first and ties by smaller number, or a tuple of that and a list of
            distances. Both are empty while the index is not built. For ``dot`` distances are inner products, largest
            first.
        """
        reader = self._reader
        values = inputs.elements(vector)
        wanted, candidates, distances = wide(n), wide(search_k), truth(include_distances)
        if reader is None:
            _core.row(values, self._dim, self._metric == "hamming")  # raises
            return ([], []) if distances else []
        return reader.nearest(values, wanted, candidates, distances)

    def get_nns_by_vectors(
        self,
        array: object,
        n: SupportsIndex,
        search_k: SupportsIndex = -1,
        include_distances: SupportsIndex = False,
        n_jobs: SupportsIndex = -1,
    ) -> Any:
        """The nearest items of each of many vectors, in parallel.

        Args:
            array: Shape (q, f), of any real dtype.
            n: How many for each; negative is all.
            search_k: As in :meth:`get_nns_by_vector`.
            include_distances: Whether to return the distances too.
            n_jobs: How many threads; -1 is every core. Files of Annoy are searched by one.

        Returns:
            Numbers of items as int64, of shape (q, m), or a tuple of that and distances as float32. m is the smaller of
            ``n`` and the number of items. Where a file of Annoy gives fewer, -1 and NaN fill up.
        """
        reader = self._reader
        rows = inputs.numeric("array", array)
        if rows.ndim != 2 or rows.shape[1] != self._dim:
            raise ValueError(f"array: expected shape (q, {self._dim}), got shape {rows.shape}")
        jobs = operator.index(n_jobs)
        if jobs == 0 or jobs < -1:
            raise ValueError(f"n_jobs: expected 1 or more, or -1 for every core, got {jobs}")
        ready = inputs.floats(rows)
        if self._metric == "hamming":
            ready = inputs.floats(ready > 0.5)
        if reader is None:
            found = np.empty((len(ready), 0), np.int64), np.empty((len(ready), 0), np.float32)
        else:
            threads = 0 if jobs == -1 else min(jobs, arguments.MAX_THREADS)
            found = reader.search_many(ready, wide(n), wide(search_k), threads)
        return found if truth(include_distances) else found[0]

    def get_item_vector(self, i: SupportsIndex, /) -> list[float]:
        """The vector of an item, as float32 holds it; zeros for a number that was left out."""
        reader = self._reader
        number = self._known(i, reader)
        row = self._items.get(number) if reader is None else reader.vector(number)
        found: list[float] = row.tolist()
        return found

    def get_distance(self, i: SupportsIndex, j: SupportsIndex, /) -> float:
        """The distance of two items, before :meth:`build` and after. For ``dot`` the inner product."""
        reader = self._reader
        a, b = self._known(i, reader), self._known(j, reader)
        if reader is None:
            return readers.distance(self._metric, self._items.get(a), self._items.get(b))
        found = reader.distance(a, b)
        if found is None:
            found = readers.distance(self._metric, reader.vector(a), reader.vector(b))
        return found

    def get_n_items(self) -> int:
        """The largest number of an item + 1."""
        reader = self._reader
        return self._items.n_items if reader is None else reader.n_items

    def get_n_trees(self) -> int:
        """How many trees there are."""
        reader = self._reader
        return 0 if reader is None else reader.n_trees

    def __repr__(self) -> str:
        if not self._is_set_up():
            return f"<{type(self).__name__}, not set up>"
        state = "loaded" if self._loaded else "not built" if self._reader is None else "built"
        return f"<nearfile.AnnoyIndex of {self.get_n_items()} items, f={self._dim}, metric={self._metric!r}, {state}>"

    def __reduce__(self) -> Any:
        with self._changing:
            contents: object
            if self._loaded:
                contents = self._path
            elif isinstance(self._reader, NearfileReader):
                contents = self._reader.core.contents()
            else:
                contents = self._items.block(0, self._items.count)
            kept = {name: getattr(self, name) for name in ("_dim", "_metric", "_seed", "_verbose", "_disk_path")}
        return revive, (type(self), kept, contents), getattr(self, "__dict__", None) or None

    # Inside

    def _set_up(self, f: SupportsIndex, metric: Any = OMITTED) -> None:
        dim = _core.int32(f)
        if metric is OMITTED:
            warnings.warn(DEFAULT_METRIC_WARNING, FutureWarning, stacklevel=3)
            metric = "angular"
        if not isinstance(metric, str):
            raise TypeError(f"metric: expected a name as str, got {metric!r} ({type(metric).__name__})")
        if metric not in METRICS:
            raise ValueError(f"No such metric: expected one of {', '.join(METRICS)}, got {metric!r}")
        if not 1 <= dim <= _core.max_dim:
            raise ValueError(f"f: expected 1 to {_core.max_dim}, got {dim}")
        self._dim, self._metric = dim, metric
        self._guessed = False
        self._verbose = False
        self._changing = threading.RLock()
        self._reset()

    def _is_set_up(self) -> bool:
        return hasattr(self, "_items")

    def _guess(self, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Set up with the arguments of a subclass's __init__, which may not call this class's, if they fit."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._set_up(*args, **options)
            self._guessed = True
        except (TypeError, ValueError, OverflowError):
            pass

    def _reset(self) -> None:
        self._items = _core.Items(self._dim, self._metric == "hamming")
        self._reader = None
        self._loaded = False
        self._path = None
        self._disk_path = None
        self._seed = 0

    def _empty_items(self, message: str) -> _core.Items:
        items = _core.Items(self._dim, self._metric == "hamming")
        items.seal(message)
        return items

    def _build(self, n_trees: int, threads: int, structure: str | None) -> None:
        start = time.perf_counter()
        builder = _core.Builder(self._dim, self._metric)
        readers.feed(builder, self._items, self._items.count)
        path = None if self._disk_path is None else arguments.path_bytes(self._disk_path)
        kind = structure or engine.structure(self._dim, builder.size)
        made_for, kept = arguments.DEFAULT_PROFILE, arguments.DEFAULT_KEEP
        core = builder.build(path, kind, made_for, kept, n_trees, None, self._seed % (1 << 64), threads, None)
        # Before the reader, so that no thread finds the items gone and nothing else there.
        reader = NearfileReader(core, n_trees)
        self._reader = reader
        self._path = self._disk_path
        self._items = self._empty_items(BUILT)
        what = "" if kind == "forest" else ", and a graph by them,"
        self._say(f"built {n_trees} trees of {core.size} items{what} in {time.perf_counter() - start:.1f} s")

    def _collect_again(self, core: _core.Index) -> None:
        items = _core.Items(self._dim, self._metric == "hamming")
        ids = core.ids()
        assert not isinstance(ids, list)
        for first in range(0, len(ids), ROWS_A_BLOCK):
            rows = np.arange(first, min(first + ROWS_A_BLOCK, len(ids)), dtype=np.int64)
            items.add_many(ids[first : first + ROWS_A_BLOCK], core.vectors(rows))
        self._items = items
        self._reader = None
        self._path = None

    def _load(self, path: str, prefault: bool) -> None:
        reader: Reader
        if files.starts_as_nearfile(path):
            reader = readers.open_nearfile(path, self._dim, self._metric, prefault)
        else:
            reader = readers.open_annoy(path, self._dim, self._metric, prefault)
        self._reader = reader
        self._items = self._empty_items(LOADED)
        self._loaded = True
        self._path = path
        self._disk_path = None

    def _known(self, i: SupportsIndex, reader: Reader | None) -> int:
        number = i if type(i) is int else _core.int32(i)
        if number < 0:
            raise IndexError("Item index can not be negative")
        if number >= (self._items.n_items if reader is None else reader.n_items):
            if number > readers.MAX_ID:
                _core.int32(number)  # raises
            raise IndexError("Item index larger than the largest item index")
        return number

    def _say(self, what: str) -> None:
        if self._verbose and sys.stderr is not None:
            print(f"nearfile: {what}", file=sys.stderr)  # noqa: T201


def revive(cls: type[AnnoyIndex], kept: dict[str, Any], contents: Any) -> AnnoyIndex:
    """An index as it was pickled."""
    index = object.__new__(cls)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        index._set_up(kept["_dim"], kept["_metric"])
    if isinstance(contents, str):
        index._load(contents, False)
    elif isinstance(contents, bytes):
        core = _core.Index.open_buffer(contents, False)
        index._reader = readers.checked(core, index._dim, index._metric, None)
        index._items = index._empty_items(BUILT)
    else:
        index._items.add_many(*contents)
    index._seed, index._verbose, index._disk_path = kept["_seed"], kept["_verbose"], kept["_disk_path"]
    return index


def wide(value: SupportsIndex) -> int:
    """A whole number, cut to what 63 bits hold."""
    number = operator.index(value)
    return number if -MOST_WIDE <= number <= MOST_WIDE else MOST_WIDE if number > 0 else -MOST_WIDE


def truth(value: SupportsIndex) -> bool:
    """A flag as Annoy takes it: a bool or a whole number."""
    return value if type(value) is bool else bool(operator.index(value))
