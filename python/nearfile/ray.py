"""Collections built and searched by Ray Data: ``pip install 'nearfile[ray]'``, on the driver and wherever tasks run.

A build makes one nearfile a block and publishes them as a collection; a search maps batches of queries, without a
shuffle, in processes that have opened the collection once. docs/clusters.md has the arithmetic.

The folder of a collection is on storage that the driver and all workers share, under the same path.

>>> import nearfile.ray, os, ray, tempfile
>>> dataset = ray.data.from_items([{"id": "x", "vector": [1.0, 0.0]}, {"id": "y", "vector": [0.0, 1.0]}])
>>> path = os.path.join(tempfile.mkdtemp(), "items")
>>> index = nearfile.ray.build(dataset, path, metric="euclidean", segments=1)
>>> queries = ray.data.from_items([{"query": 7, "vector": [0.5, 1.0]}])
>>> nearfile.ray.search(queries, path, k=2).take_all()
[{'query': 7, 'neighbors': ['y', 'x'], 'distances': [0.5, 1.1180340051651]}]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from nearfile import arguments
from nearfile.arguments import PathLike

try:
    import pyarrow as pa
    from ray.data import Dataset
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"nearfile.ray needs {error.name}: pip install 'nearfile[ray]'", name=error.name
    ) from error

from nearfile.clusters import building, parts, searching
from nearfile.clusters.parts import Plan
from nearfile.collection import CollectionIndex

_Task = Callable[[pa.Table], pa.Table]


def build(
    dataset: Dataset,
    path: PathLike,
    *,
    vectors: str = "vector",
    ids: str = "id",
    attributes: Sequence[str] = (),
    metric: str = "angular",
    partition: str = "random",
    segments: int | None = None,
    dim: int | None = None,
    structure: str | None = None,
    profile: str = arguments.DEFAULT_PROFILE,
    keep: str = arguments.DEFAULT_KEEP,
    n_trees: int | None = None,
    threads: int | None = None,
    seed: int = 0,
    remote: Mapping[str, Any] | None = None,
) -> CollectionIndex:
    """Build a collection of the rows of a Dataset: one segment a block.

    Args:
        dataset: Ray's Dataset.
        path: The folder, on shared storage; made where it is not there. To a collection that is there the rows are
            added; of an id that it has the new row counts.
        vectors: The column of vectors: tensors of one dimension or lists of numbers, all of one length.
        ids: The column of ids, whole numbers or strings, each once.
        attributes: Columns to filter by; see :meth:`nearfile.Builder.add` for what they may have.
        metric: As for :func:`nearfile.build`.
        partition: ``"random"``: blocks become segments as they come, or by ``segments``, and every search asks all of
            them. ``"planes"``: rows are cut by planes between halves of a sample, one shuffle, and most searches ask one
            to three segments; for a collection that has nothing yet.
        segments: How many segments; ``None`` is as many as there are blocks. Blocks as they come from files are small:
            say how many segments you want.
        dim: The length of every vector; ``None`` takes that of the first row.
        structure: As for :func:`nearfile.build`.
        profile: As for :func:`nearfile.build`.
        keep: As for :func:`nearfile.build`.
        n_trees: As for :func:`nearfile.build`.
        threads: How many threads build in a task; ``None`` is its ``num_cpus``.
        remote: What Ray is told of the tasks that build: ``num_cpus``, ``memory``, ``max_retries`` and whatever else
            ``map_batches`` takes.
        seed: Of the random choices, those of planes too.

    Returns:
        The collection, open. It is there for readers when this returns, all of it, and not before; where it fails
        nothing has changed. Tasks may be tried again or run twice.

    A task takes about four times the bytes of its vectors while it builds: ``remote={"memory": ...}`` tells Ray.

    Raises:
        InvalidArgumentError: Columns that are not there, or a row that cannot be added, by number and id.
        FileError: The folder cannot be written to, or the driver does not find there what tasks wrote.
    """
    given = dict(remote or {})
    asked = building.Asked(
        path, vectors, ids, attributes, metric, partition, segments, dim,
        {"structure": structure, "profile": profile, "keep": keep, "n_trees": n_trees, "seed": seed},
        _threads(given, threads),
    )  # fmt: skip
    return building.build(asked, _Ray(dataset, given))


def search(
    queries: Dataset,
    path: PathLike,
    k: int = 10,
    *,
    vectors: str = "vector",
    columns: Sequence[str] | None = None,
    effort: int | None = None,
    recall: float | None = None,
    exact: bool = False,
    search_k: int | None = None,
    filter: object = None,
    exclude: object = None,
    threads: int | None = None,
    batch_size: int | None = 8192,
    remote: Mapping[str, Any] | None = None,
) -> Dataset:
    """The nearest items of every query of a Dataset: a Dataset again, computed when it is consumed.

    Args:
        queries: Ray's Dataset.
        path: A collection or a nearfile, under the same path on the driver and on all workers.
        k: As for :meth:`nearfile.Index.search`.
        vectors: The column of vectors, tensors of one dimension or lists of numbers.
        columns: Those that the answers keep; ``None`` is all others.
        effort: As for :meth:`nearfile.Index.search`.
        recall: As for :meth:`nearfile.Index.search`.
        exact: As for :meth:`nearfile.Index.search`.
        search_k: As for :meth:`nearfile.Index.search`.
        filter: As for :meth:`nearfile.Index.search`, one for all queries.
        exclude: Ids that are no answers of any query.
        threads: How many threads search in a task; ``None`` is its ``num_cpus``.
        batch_size: How many queries are searched at once; ``None`` is those of a block.
        remote: What Ray is told of the tasks: ``num_cpus``, ``memory`` and whatever else ``map_batches`` takes.

    Returns:
        The columns kept, then ``neighbors``, lists of ids, and ``distances``, lists of floats: nearest first, ``k`` of
        them, or all that there are.

    Every worker process opens the file once and maps it, so that it is in a machine's memory once. A task answers by
    what was published when it began.

    Raises:
        InvalidArgumentError: Columns that are not there, or options that cannot be used. What is wrong with a row is
            told when it is computed.
    """
    names = list(queries.schema().names)
    kept = [name for name in names if name != vectors] if columns is None else list(columns)
    given = dict(remote or {})
    options = {
        "k": k, "effort": effort, "recall": recall, "exact": exact, "search_k": search_k, "filter": filter,
        "exclude": exclude, "threads": _threads(given, threads),
    }  # fmt: skip
    asked, _ = searching.checked(path, vectors, kept, names, options)
    return queries.select_columns(asked.needed).map_batches(_searching(asked), batch_size=batch_size, **_ARROW, **given)


# As they lie in Ray's memory.
_ARROW: dict[str, Any] = {"batch_format": "pyarrow", "zero_copy_batch": True}


class _Ray:
    """A Dataset as :mod:`nearfile.clusters.building` asks for it."""

    def __init__(self, dataset: Dataset, remote: dict[str, Any]) -> None:
        self.dataset = dataset
        self._remote = remote

    def columns(self) -> list[str]:
        return list(self.dataset.schema().names)

    def first(self, vectors: str) -> Any:
        one: Any = self.dataset.select_columns([vectors]).limit(1)
        return next((each.column(0) for each in one.iter_batches(batch_format="pyarrow") if len(each)), None)

    def sample(self, vectors: str, rows: int, seed: int) -> Any:
        share = min(1.0, rows / max(1, self.dataset.count()))
        column: Any = self.dataset.select_columns([vectors])
        if share < 1:
            column = column.random_sample(share, seed=seed % (1 << 31))
        return [each.column(0) for each in column.iter_batches(batch_size=None, batch_format="pyarrow")]

    def n_partitions(self) -> int:
        return int(self.dataset.materialize().num_blocks())

    def write(self, plan: Plan, segments: int | None) -> list[dict[str, Any]]:
        dataset = self.dataset.select_columns(plan.columns)
        if plan.planes is not None:
            dataset = dataset.map_batches(_assigning(plan), batch_size=None, **_ARROW)
            groups = dataset.groupby(parts.SEGMENT, num_partitions=len(plan.planes))
            return list(groups.map_groups(_writing(plan), batch_format="pyarrow", **self._remote).take_all())
        if segments is not None:
            dataset = dataset.repartition(segments)
        return list(dataset.map_batches(_writing(plan), batch_size=None, **_ARROW, **self._remote).take_all())


def _assigning(plan: Plan) -> _Task:
    def task(table: pa.Table) -> pa.Table:
        return pa.Table.from_batches(parts.assign(plan, iter(table.to_batches()), "a block"))

    return task


def _writing(plan: Plan) -> _Task:
    def task(table: pa.Table) -> pa.Table:
        written = parts.write(plan, iter(table.to_batches()), 0, "a block")
        return pa.Table.from_batches(written, schema=parts.WRITTEN)

    return task


def _searching(asked: searching.Search) -> _Task:
    def task(table: pa.Table) -> pa.Table:
        return pa.Table.from_batches(asked.answers(iter(table.to_batches()), "a batch"))

    return task


def _threads(remote: dict[str, Any], threads: int | None) -> int:
    return arguments.threads(threads, default=max(1, int(remote.get("num_cpus") or 1)))
