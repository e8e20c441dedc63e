"""A build, whatever the engine: what is asked for is checked, tasks write, and the driver publishes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nearfile import arguments
from nearfile.arguments import PathLike
from nearfile.builder import Builder
from nearfile.clusters import columns, parts, publishing
from nearfile.clusters.parts import Plan
from nearfile.collection import CollectionIndex
from nearfile.errors import InvalidArgumentError
from nearfile.routing.planes import Planes

PARTITIONS = ("random", "planes")

#: Of the rows, for the planes: at least so many, and so many for each segment.
_SAMPLE = 32768
_SAMPLE_A_SEGMENT = 64

_REFUSED = re.compile(r"nearfile\.errors\.InvalidArgumentError: (.+)")


@dataclass(frozen=True)
class Asked:
    """What a user asked for."""

    path: PathLike
    vectors: str
    ids: str
    attributes: Sequence[str]
    metric: str
    partition: str
    segments: int | None
    dim: int | None
    options: dict[str, Any]
    threads: int


class Engine(Protocol):
    """The rows, and how tasks come to them."""

    def columns(self) -> list[str]:
        """The names of all columns."""

    def first(self, vectors: str) -> Any:
        """The first vector, as a column of Arrow."""

    def sample(self, vectors: str, rows: int, seed: int) -> Any:
        """About so many vectors from all over, as a column of Arrow or several."""

    def n_partitions(self) -> int:
        """How many partitions there are."""

    def write(self, plan: Plan, segments: int | None) -> list[dict[str, Any]]:
        """Run the tasks, and say what they wrote: of each partition what one attempt said that went through."""


def build(asked: Asked, engine: Engine) -> CollectionIndex:
    """Build a collection.

    Raises:
        InvalidArgumentError: What cannot be used, before anything runs, or a row, when a task came to it.
        FileError: The folder.
    """
    arguments.one_of("partition", asked.partition, PARTITIONS)
    if asked.segments is not None:
        arguments.between("segments", asked.segments, 1, 1 << 20)
    attributes = tuple(asked.attributes)
    columns.check_names([asked.vectors, asked.ids, *attributes], engine.columns(), "columns")
    if parts.SEGMENT in (asked.vectors, asked.ids, *attributes):
        raise InvalidArgumentError(f"columns: expected none called {parts.SEGMENT!r}: rename it")
    if asked.dim is None:
        first = engine.first(asked.vectors)
        if first is None or len(first) == 0:
            raise InvalidArgumentError("rows: expected at least one, got none: there is nothing to build of")
        dim = columns.dim_of(first, asked.vectors)
    else:
        dim = arguments.dim(asked.dim)
    options = {**asked.options, "threads": asked.threads}
    Builder(dim, asked.metric, progress=False, **options)  # refuses now what tasks would refuse later
    with publishing.workplace(asked.path) as (folder, own):
        plan = Plan(own, asked.vectors, asked.ids, attributes, dim, asked.metric, options)
        sample = None
        if asked.partition == "planes":
            publishing.check_empty(folder)
            segments = asked.segments or engine.n_partitions()
            sample = _sample(plan, engine, segments)
            planes = Planes.fit(sample, segments, asked.metric, asked.options["seed"])
            plan = Plan(own, asked.vectors, asked.ids, attributes, dim, asked.metric, options, planes)
        try:
            written = engine.write(plan, asked.segments)
        except Exception as error:
            refused = _REFUSED.search(str(error))
            if refused is None:
                raise
            raise InvalidArgumentError(refused[1].strip()) from error
        router = None
        if plan.planes is not None and sample is not None:
            router = publishing.calibrated(own, written, plan.planes, sample)
        return publishing.publish(folder, own, written, router)


def _sample(plan: Plan, engine: Engine, segments: int) -> NDArray[Any]:
    found = engine.sample(plan.vectors, max(_SAMPLE, _SAMPLE_A_SEGMENT * segments), plan.options["seed"])

    def told(row: int) -> str:
        return f"row {row} of a sample"

    each = found if isinstance(found, list) else [found]
    some = [columns.rows_of(column, plan.vectors, plan.dim, told) for column in each if len(column)]
    return np.concatenate(some) if some else np.empty((0, plan.dim), np.float32)
