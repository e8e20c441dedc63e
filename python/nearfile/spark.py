"""Collections built and searched by Spark: ``pip install 'nearfile[spark]'``, on the driver and wherever tasks run.

A build makes one nearfile a partition and publishes them as a collection; a search maps batches of queries, without a
shuffle, in processes that have opened the collection once. docs/clusters.md has the arithmetic.

The folder of a collection is on storage that the driver and all workers share, under the same path.

>>> import nearfile.spark, os, tempfile
>>> from pyspark.sql import SparkSession
>>> spark = SparkSession.builder.master("local[2]").getOrCreate()
>>> frame = spark.createDataFrame([("x", [1.0, 0.0]), ("y", [0.0, 1.0])], ["id", "vector"])
>>> path = os.path.join(tempfile.mkdtemp(), "items")
>>> index = nearfile.spark.build(frame, path, metric="euclidean")
>>> queries = spark.createDataFrame([(7, [0.5, 1.0])], ["query", "vector"])
>>> nearfile.spark.search(queries, path, k=2).collect()
[Row(query=7, neighbors=['y', 'x'], distances=[0.5, 1.1180340051651])]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Callable

from nearfile import arguments
from nearfile.arguments import PathLike

try:
    import pyarrow as pa
    from pyspark import TaskContext
    from pyspark.sql import DataFrame
    from pyspark.sql.types import ArrayType, FloatType, IntegerType, LongType, StringType, StructField, StructType
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"nearfile.spark needs {error.name}: pip install 'nearfile[spark]'", name=error.name
    ) from error

from nearfile.clusters import building, parts, searching
from nearfile.clusters.parts import Plan
from nearfile.collection import CollectionIndex

_Batches = Iterator[pa.RecordBatch]
_Task = Callable[[_Batches], _Batches]

_WRITTEN = "part bigint, file string, rows bigint, bytes bigint, fingerprint string"


def build(
    frame: DataFrame,
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
) -> CollectionIndex:
    """Build a collection of the rows of a DataFrame: one segment a partition.

    Args:
        frame: Spark's DataFrame.
        path: The folder, on shared storage; made where it is not there. To a collection that is there the rows are
            added; of an id that it has the new row counts.
        vectors: The column of vectors: arrays of floats or whole numbers, all of one length. (Of ``VectorUDT`` make
            arrays, ``pyspark.ml.functions.vector_to_array``.)
        ids: The column of ids, whole numbers or strings, each once.
        attributes: Columns to filter by; see :meth:`nearfile.Builder.add` for what they may have.
        metric: As for :func:`nearfile.build`.
        partition: ``"random"``: partitions become segments as they come, or by ``segments``, and every search asks all of
            them. ``"planes"``: rows are cut by planes between halves of a sample, one shuffle, and most searches ask one
            to three segments; for a collection that has nothing yet.
        segments: How many segments; ``None`` is as many as there are partitions.
        dim: The length of every vector; ``None`` takes that of the first row.
        structure: As for :func:`nearfile.build`.
        profile: As for :func:`nearfile.build`.
        keep: As for :func:`nearfile.build`.
        n_trees: As for :func:`nearfile.build`.
        threads: How many threads build in a task; ``None`` is ``spark.task.cpus``.
        seed: Of the random choices, those of planes too.

    Returns:
        The collection, open. It is there for readers when this returns, all of it, and not before; where it fails
        nothing has changed. Tasks may be tried again or run twice.

    A task takes about four times the bytes of its vectors while it builds, outside of the JVM:
    ``spark.executor.memoryOverhead`` has to have room for it.

    Raises:
        InvalidArgumentError: Columns that are not there, or a row that cannot be added, by number and id.
        FileError: The folder cannot be written to, or the driver does not find there what tasks wrote.
    """
    asked = building.Asked(
        path, vectors, ids, attributes, metric, partition, segments, dim,
        {"structure": structure, "profile": profile, "keep": keep, "n_trees": n_trees, "seed": seed},
        _threads(frame, threads),
    )  # fmt: skip
    return building.build(asked, _Spark(frame))


def search(
    queries: DataFrame,
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
) -> DataFrame:
    """The nearest items of every query of a DataFrame: a DataFrame again, computed when an action asks for it.

    Args:
        queries: Spark's DataFrame. Its partitions are searched as they are; some thousands of rows in each are enough.
        path: A collection or a nearfile, under the same path on the driver and on all workers.
        k: As for :meth:`nearfile.Index.search`.
        vectors: The column of vectors, arrays of numbers.
        columns: Those that the answers keep; ``None`` is all others.
        effort: As for :meth:`nearfile.Index.search`.
        recall: As for :meth:`nearfile.Index.search`.
        exact: As for :meth:`nearfile.Index.search`.
        search_k: As for :meth:`nearfile.Index.search`.
        filter: As for :meth:`nearfile.Index.search`, one for all queries.
        exclude: Ids that are no answers of any query.
        threads: How many threads search in a task; ``None`` is ``spark.task.cpus``.

    Returns:
        The columns kept, then ``neighbors``, an array of ids (``bigint`` or ``string``), and ``distances``, an array of
        floats: nearest first, ``k`` of them, or all that there are.

    Every worker process opens the file once and maps it, so that it is in a machine's memory once. A task answers by
    what was published when it began.

    Raises:
        InvalidArgumentError: Columns that are not there, or options that cannot be used. What is wrong with a row is
            told when it is computed.
    """
    kept = [name for name in queries.columns if name != vectors] if columns is None else list(columns)
    options = {
        "k": k, "effort": effort, "recall": recall, "exact": exact, "search_k": search_k, "filter": filter,
        "exclude": exclude, "threads": _threads(queries, threads),
    }  # fmt: skip
    asked, has_names = searching.checked(path, vectors, kept, queries.columns, options)
    answers = [
        StructField(searching.NEIGHBORS, ArrayType(StringType() if has_names else LongType())),
        StructField(searching.DISTANCES, ArrayType(FloatType())),
    ]
    schema = StructType([*(queries.schema[name] for name in asked.columns), *answers])
    return queries.select(*map(_quoted, asked.needed)).mapInArrow(_searching(asked), schema)


class _Spark:
    """A DataFrame as :mod:`nearfile.clusters.building` asks for it."""

    def __init__(self, frame: DataFrame) -> None:
        self.frame = frame

    def columns(self) -> list[str]:
        return list(self.frame.columns)

    def first(self, vectors: str) -> Any:
        return self.frame.select(_quoted(vectors)).limit(1).toArrow().column(0)

    def sample(self, vectors: str, rows: int, seed: int) -> Any:
        column = self.frame.select(_quoted(vectors))
        share = min(1.0, rows / max(1, column.count()))
        return column.sample(fraction=share, seed=seed % (1 << 63)).toArrow().column(0)

    def n_partitions(self) -> int:
        return int(self.frame.rdd.getNumPartitions())

    def write(self, plan: Plan, segments: int | None) -> list[dict[str, Any]]:
        frame = self.frame.select(*map(_quoted, plan.columns))
        if plan.planes is not None:
            schema = StructType([*frame.schema.fields, StructField(parts.SEGMENT, IntegerType())])
            frame = frame.mapInArrow(_assigning(plan), schema)
            # Older ones have no partition by number; ranges of the number are the same, nearly always.
            by_number = getattr(frame, "repartitionById", frame.repartitionByRange)
            frame = by_number(len(plan.planes), frame[parts.SEGMENT])
        elif segments is not None:
            frame = frame.repartition(segments)
        return [row.asDict() for row in frame.mapInArrow(_writing(plan), _WRITTEN).collect()]


def _assigning(plan: Plan) -> _Task:
    def task(batches: _Batches) -> _Batches:
        yield from parts.assign(plan, batches, f"partition {_partition()}")

    return task


def _writing(plan: Plan) -> _Task:
    def task(batches: _Batches) -> _Batches:
        yield from parts.write(plan, batches, _partition(), f"partition {_partition()}")

    return task


def _searching(asked: searching.Search) -> _Task:
    def task(batches: _Batches) -> _Batches:
        yield from asked.answers(batches, f"partition {_partition()}")

    return task


def _partition() -> int:
    context = TaskContext.get()
    assert context is not None
    return int(context.partitionId())


def _threads(frame: DataFrame, threads: int | None) -> int:
    of_task = int(frame.sparkSession.conf.get("spark.task.cpus", "1") or 1)
    return arguments.threads(threads, default=of_task)


def _quoted(name: str) -> str:
    """A name that Spark takes for one, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"
