"""Building an index: all at once with :func:`build`, or in batches with :class:`Builder`."""

from __future__ import annotations

import os
import warnings

from nearfile import _core, arguments, inputs
from nearfile import progress as progress_module
from nearfile.arguments import PathLike
from nearfile.errors import InvalidArgumentError, ScanWarning
from nearfile.index import Index
from nearfile.index import open as open_index
from nearfile.inputs import attributes as attributes_module
from nearfile.inputs import candidates as candidates_module
from nearfile.progress import Progress

# What a search asks for that asks for nothing.
DEFAULT_RECALL = 0.95

# From so many items on it matters that a search looks at all of them.
_MOST_SCANNED_UNSAID = 5000

# Walks that find less, or less than is wanted with so much effort, go astray.
_LED_ASTRAY = 0.8
_MUCH_EFFORT = 100

_SCANS = (
    "on this data walks through the graph go astray and find {found:.2f} of the {k} nearest, so searches that ask for more "
    "(recall={asked} is what a plain one asks for) look at all {count:,} items, which is exact and slower than usual: "
    'see info()["walk_recall"] and docs/recall.md, or build structure="forest"'
)


def _warn_of_scans(index: Index, stacklevel: int) -> None:
    k = 10
    info = index.info()
    found = info["walk_recall"].get(k, 1.0)
    efforts = [each["effort"] for each in info["calibration"] if each["k"] == k]
    # Where looking at every item is so cheap that walks end early, they may miss some of any data.
    astray = found < _LED_ASTRAY or (found < DEFAULT_RECALL and max(efforts) >= _MUCH_EFFORT)
    if astray and len(index) >= _MOST_SCANNED_UNSAID:
        message = _SCANS.format(found=found, k=k, asked=DEFAULT_RECALL, count=len(index))
        warnings.warn(message, ScanWarning, stacklevel=stacklevel)


def _earlier(like: object, structure: str) -> _core.Index | None:
    if like is None:
        return None
    if structure != "graph":
        raise InvalidArgumentError(
            f"like: expected structure='graph', whose edges it gives, got structure={structure!r}: leave like out"
        )
    if isinstance(like, Index):
        return like._core
    if not isinstance(like, (str, bytes, os.PathLike)):
        kind = type(like).__name__
        raise TypeError(f"like: expected a nearfile.Index or the path of one, got {like!r} ({kind})")
    return open_index(like)._core


class Builder:
    """Collects vectors, in as many batches as suits, and builds an index from them.

    Args:
        dim: The length of every vector, from 1 to 65536.
        metric: ``"angular"``, ``"cosine"``, ``"euclidean"``, ``"dot"``, ``"manhattan"`` or ``"hamming"``.
        path: Where to write the index; ``None`` keeps it in memory. A file that is there is replaced when the new one
            is complete, and not touched before.
        structure: ``"graph"``, built with the help of trees and searched by walking from neighbour to neighbour; or
            ``"forest"``, the trees alone, as Annoy's, searched by ``search_k`` in place of ``effort`` and ``recall``.
        profile: Of a graph: ``"compact"`` for the fewest bytes resident while searching, ``"balanced"``, or ``"fast"``
            for the most queries a second.
        keep: Of a graph: ``"exact"`` gives vectors back bit for bit; ``"half"`` keeps half precision, for values up to
            65504; ``"none"`` keeps codes alone, a byte a value, and vectors and distances are those of the codes.
            (``hamming``, and vectors of whole numbers from 0 to 255, are exact in every case.)
        n_trees: How many trees to build, from 1 to 65536; ``None`` chooses. More trees give a forest more of the true
            neighbours for the same work, and a larger file; a graph is built better and more slowly by up to 16,
            and keeps one.
        memory: How much of it a build of a graph may take, in bytes or as ``"2GiB"`` or ``"500MB"``; ``None`` is as
            much as it takes. Then the vectors go to disk as they are added, and the graph is built in parts that fit
            (docs/algorithms/external-build.md). It takes a ``path``, beside which the build works in a folder
            ``.<name>.build``: 5 to 30 times the bytes of the file while it is there. A build that was killed leaves the
            folder; the same vectors added again to a builder with the same options go on from there. The file is one
            as any other. Ids and attributes stay in memory and count, arrays that are passed do not. Such a builder
            builds once, and takes neither ``candidates`` nor ``like``.
        threads: How many threads build; ``None`` is every core. The result is the same for any number.
        seed: Of the random choices, from 0 to 2**64 - 1. The same vectors, seed and version give the same bytes.
        progress: ``None`` draws a bar where stderr is a terminal, ``True`` and ``False`` always or never do; a
            function is called about twenty times a second with ``(stage, done, total)``, and stops the build by
            raising an exception, which comes out of :meth:`build`.

    Raises:
        InvalidArgumentError: A value out of its range, or a metric that is not known.
        FileError: The folder of ``path`` is missing or cannot be written to; with ``memory``, another build of the same
            file is under way.

    A builder is for one thread at a time.

    >>> import numpy, nearfile
    >>> builder = nearfile.Builder(3, metric="euclidean")
    >>> builder.add(numpy.eye(3), ids=["x", "y", "z"])
    >>> builder.add([[0.5, 0, 0]], ids=["half x"])
    >>> index = builder.build()
    >>> index.neighbors("x", k=2)[0].tolist()
    ['x', 'half x']
    """

    def __init__(
        self,
        dim: int,
        metric: str = "angular",
        path: PathLike | None = None,
        *,
        structure: str | None = None,
        profile: str = arguments.DEFAULT_PROFILE,
        keep: str = arguments.DEFAULT_KEEP,
        n_trees: int | None = None,
        memory: int | str | None = None,
        threads: int | None = None,
        seed: int = 0,
        progress: Progress = None,
    ) -> None:
        self._dim = arguments.dim(dim)
        self._metric = arguments.name("metric", metric)
        self._path = arguments.path_to_write(path)
        self._kinds = arguments.kinds(structure, profile, keep)
        self._memory = arguments.memory(memory)
        self._core = self._new_core()
        self._n_trees = arguments.trees(n_trees)
        self._threads = arguments.threads(threads, default=0)
        self._seed = arguments.seed(seed)
        progress_module.check(progress)
        self._progress = progress
        self._count = 0

    @property
    def dim(self) -> int:
        """The length of every vector."""
        return self._dim

    @property
    def metric(self) -> str:
        """The name of the metric."""
        return self._metric

    def __len__(self) -> int:
        """The number of vectors added so far."""
        return self._count

    def __repr__(self) -> str:
        kind = f"metric={self._metric!r}, structure={self._kinds[0]!r}"
        return f"nearfile.Builder(dim={self._dim}, {kind}, count={self._count})"

    def add(self, vectors: object, ids: object = None, *, attributes: object = None) -> None:
        """Add a batch of vectors.

        Args:
            vectors: Shape (n, dim), of any float, integer or bool dtype and any layout, or lists of numbers; taken as
                float32. For ``hamming`` every value is 0 or 1. C-contiguous float32 is read where it is, all else is
                converted a block at a time. Tables of numbers, and columns of lists, of pandas, polars and Arrow are
                taken, tensors in memory, and bfloat16; docs/inputs.md has the list.
            ids: What names each vector: n whole numbers, as an array, a column or a list, or n ``str``. ``None`` takes
                the row numbers. All batches are named in the same way.
            attributes: What is known of each vector besides, to be filtered by and given back: columns of n values. An
                Arrow table, a list of its record batches, or anything that offers Arrow's capsules (polars, DuckDB), a
                pandas DataFrame, or a dict of arrays and lists. Bools, whole numbers, floats, dates and datetimes, str,
                and lists of str, some of them missing: docs/attributes.md has what is taken as what. All batches have
                the same columns.

        Raises:
            InvalidArgumentError: Another shape or dtype, values that are not finite (or not 0 or 1), missing or masked
                values, ids of another length or kind or without an order, attributes of another length or of a type
                that there is none of; with ``memory``, that it is too small for so many vectors. Nothing was added.
            FileError: With ``memory``, the disk is too small for what the build needs.
        """
        self._add(inputs.vectors(vectors, self._dim), ids, attributes, borrowed=False)

    def _add(self, array: inputs.Array, ids: object, attributes: object, borrowed: bool) -> None:
        core = self._whole()
        names = inputs.ids(ids, len(array))
        columns = attributes_module.columns(attributes, len(array))
        if self._count + len(array) > _core.max_count:
            raise InvalidArgumentError(
                f"vectors: expected at most {_core.max_count} in an index, got {self._count + len(array)}"
            )
        core.check_room(len(array))
        most = len(array) if inputs.is_ready(array) else inputs.rows_a_block(4 * self._dim)
        if len(array) > most:
            self._check(array, most)
            if columns is not None:
                core.check_columns(columns, len(array))
        for start, block in inputs.blocks(array, max(1, most)):
            if names is None:
                core.add(block, columns, start, borrowed)
            elif isinstance(names, list):
                core.add_strings(block, names[start : start + most], columns, start, borrowed)
            else:
                core.add_int64(block, names[start : start + most], columns, start, borrowed)
        self._count += len(array)

    def build(
        self, queries: object = None, *, candidates: object = None, like: Index | PathLike | None = None
    ) -> Index:
        """Build the index, write it to ``path`` where one was given, and open it.

        Args:
            queries: Of a graph: a sample of real queries, shape (q, dim), as :meth:`add` takes vectors; ``None`` where
                queries are like the vectors. Where they are not (users who look for items, text for images), a few
                thousand of them make searches faster at the same recall. At most 512, and a quarter, of them are held
                out to measure which effort finds which recall. Without a sample, ``"dot"`` makes queries up from the
                vectors.
            candidates: Of a graph: what another library found, whole numbers of shape (n, c): for each vector those
                that are likely to be its nearest, in any order. They are row numbers, counted as vectors were added,
                also where vectors have ids; -1 where there is none; the vector itself and repetitions count for
                nothing. Only vectors with fewer than 16 are looked for in trees.
            like: Of a graph: an index of the same metric and dimension, open or the path of one; yesterday's, which
                may be the file that is written. A vector that it has under the same id (row number, where there
                are no ids) begins with the neighbours that it had there. Those that are new, have changed, or have lost
                more than half of these neighbours are looked for in trees. ``candidates`` may be given besides.

        Both save time, and the graph is about as good as one built without them: wrong candidates make a worse graph,
        which takes more effort to search, and never a wrong distance.

        The file is written under another name, synced and renamed: whoever opens ``path`` sees the old file or the new
        one. After an error or Ctrl-C there is no new file. The builder keeps its vectors, and can go on.

        Raises:
            InvalidArgumentError: An id that was added twice, a value that half precision cannot hold, or queries, candidates or
                ``like`` that cannot be used.
            FileError: The file could not be written, or that of ``like`` not be read.
            KeyboardInterrupt: Ctrl-C while building.

        Warns:
            ScanWarning: Walks do not find the 10 nearest on this data; searches look at every item, and are exact.
        """
        return self._build(queries, candidates, like, stacklevel=4)

    def _build(self, queries: object, candidates: object, like: Index | PathLike | None, stacklevel: int) -> Index:
        core = self._whole()
        sample = inputs.sample(queries, self._dim, self._kinds[0])
        rows = candidates_module.matrix(candidates, self._count, self._kinds[0])
        earlier = _earlier(like, self._kinds[0])
        path = None if self._path is None else arguments.path_bytes(self._path)
        with progress_module.reporting(self._progress) as report:
            built = core.build(
                path, *self._kinds, self._n_trees, sample, self._seed, self._threads, report, rows, earlier
            )
        index = Index(built, self._path)
        _warn_of_scans(index, stacklevel)
        return index

    def _new_core(self) -> _core.Builder:
        if self._memory is None:
            return _core.Builder(self._dim, self._metric)
        if self._path is None:
            raise InvalidArgumentError("memory: expected a path too, beside which the build works, got path=None")
        if self._kinds[0] != "graph":
            raise InvalidArgumentError(
                f"memory: expected structure='graph', got structure={self._kinds[0]!r}: leave memory out"
            )
        return _core.Builder(self._dim, self._metric, self._memory, arguments.path_bytes(self._path))

    def _check(self, array: inputs.Array, most: int) -> None:
        """Have the core refuse now what it would refuse when earlier blocks are in already."""
        for start, block in inputs.blocks(array, most):
            try:
                self._core.check(block)
            except InvalidArgumentError as error:
                raise InvalidArgumentError(f"{error} (vectors counted from row {start}, values as float32)") from None

    def _whole(self) -> _core.Builder:
        # The core adds a block whole or not at all, but there is no way back to before a batch of several.
        if self._core.size != self._count:
            raise InvalidArgumentError(
                "builder: expected whole batches, got one that was interrupted in add(), by Ctrl-C say: make a new one"
            )
        return self._core


def build(
    vectors: object,
    path: PathLike | None = None,
    *,
    metric: str = "angular",
    ids: object = None,
    attributes: object = None,
    structure: str | None = None,
    profile: str = arguments.DEFAULT_PROFILE,
    keep: str = arguments.DEFAULT_KEEP,
    n_trees: int | None = None,
    queries: object = None,
    candidates: object = None,
    like: Index | PathLike | None = None,
    memory: int | str | None = None,
    threads: int | None = None,
    seed: int = 0,
    progress: Progress = None,
) -> Index:
    """Build an index of ``vectors`` and open it.

    Args:
        vectors: Shape (n, dim); see :meth:`Builder.add`. C-contiguous float32 is not copied: nobody may write to it
            before this returns (if somebody does, some vectors of the index are neither the old nor the new ones).
        path: Where to write the index; ``None`` keeps it in memory.
        metric: ``"angular"``, ``"cosine"``, ``"euclidean"``, ``"dot"``, ``"manhattan"`` or ``"hamming"``.
        ids: n whole numbers or n ``str`` that name the vectors; ``None`` takes the row numbers.
        attributes: Columns of n values to filter by: an Arrow table, a DataFrame, or a dict of arrays and lists; see
            :meth:`Builder.add`.
        structure: ``"graph"``, or ``"forest"`` for trees alone, as Annoy's; ``None`` is a graph.
        profile: Of a graph: ``"compact"``, ``"balanced"`` or ``"fast"``; see :class:`Builder`.
        keep: Of a graph: ``"exact"``, ``"half"`` or ``"none"``, what stays of the vectors; see :class:`Builder`.
        n_trees: How many trees; ``None`` chooses.
        queries: Of a graph: a sample of real queries, shape (q, dim), where these are unlike the vectors; see
            :meth:`Builder.build`.
        candidates: Of a graph: row numbers of likely neighbours, shape (n, c), that another library found; see
            :meth:`Builder.build`.
        like: Of a graph: yesterday's index, open or its path, whose neighbours are taken over by id; see
            :meth:`Builder.build`.
        memory: Of a graph: how much of it the build may take, as ``"2GiB"``; see :class:`Builder`.
        threads: How many threads build; ``None`` is every core.
        seed: Of the random choices.
        progress: A bar, or a function to call; see :class:`Builder`.

    Raises:
        InvalidArgumentError: A value that cannot be used; the message says which and why.
        FileError: The file could not be written.
        KeyboardInterrupt: Ctrl-C while building. There is no new file then.

    Warns:
        ScanWarning: Walks do not find the 10 nearest on this data; searches look at every item, and are exact.

    >>> import numpy, nearfile
    >>> index = nearfile.build(numpy.eye(4), ids=["north", "east", "south", "west"])
    >>> ids, distances = index.search([0.9, 0.1, 0, 0], k=2)
    >>> ids.tolist(), distances.round(2)
    (['north', 'east'], array([0.11, 1.33], dtype=float32))
    """
    array = inputs.vectors(vectors, None)
    builder = Builder(
        array.shape[1],
        metric,
        path,
        structure=structure,
        profile=profile,
        keep=keep,
        n_trees=n_trees,
        memory=memory,
        threads=threads,
        seed=seed,
        progress=progress,
    )
    # It is this builder's alone, and the array lives as long as the call: nothing is copied that is as the core takes it.
    builder._add(array, ids, attributes, borrowed=inputs.is_ready(array))
    return builder._build(queries, candidates, like, stacklevel=4)
