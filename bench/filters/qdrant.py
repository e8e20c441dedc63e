"""Qdrant, in the process: its filters are conditions about what it keeps beside a vector."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.adapters.base import Adapter, Parameters, Searcher
from bench.adapters.sweeps import beam
from bench.datasets import Prepared
from bench.filters.library import Library
from bench.filters.workload import Parts, Workload
from bench.shape import Shape

DISTANCES = {"euclidean": "Euclid", "angular": "Cosine", "dot": "Dot"}
VECTOR, MASKS = "vector", "masks"
POINTS_AN_UPDATE = 1000
# Whatever an index takes, one segment has all of it; and whatever is there is indexed.
MOST_KB, LEAST_KB = 1 << 30, 1


class QdrantEdge(Adapter):
    """How it is loaded and named; it is built with masks alone."""

    name: ClassVar[str] = "qdrant-edge"
    package: ClassVar[str] = "qdrant-edge-py"
    module: ClassVar[str] = "qdrant_edge"
    metrics: ClassVar[frozenset[str]] = frozenset(DISTANCES)

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"m": 16, "ef_construct": 200}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        return [{"ef": ef} for ef in beam(shape, k)]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        raise NotImplementedError("it is built with the masks: QdrantEdgeFiltered.build()")

    def open(self, path: Path, metric: str, dim: int, count: int) -> Searcher:
        raise NotImplementedError("it is searched with masks: QdrantEdgeFiltered.open()")


class QdrantEdgeFiltered(Library):
    """Every point has the numbers of the masks that allow it, in an index of whole numbers; filters say which it must have.

    With ACORN, its walk through what is not allowed, where the filter allows less than two fifths, as it advises.
    """

    adapter: ClassVar[type[Adapter]] = QdrantEdge

    def build(self, data: Prepared, workload: Workload, threads: int, path: Path) -> None:
        q = self.adapter().load()
        parameters = self.parameters(data.shape)
        shard = q.EdgeShard.create(str(path), self._config(q, data.shape, parameters, threads))
        index = q.IntegerIndexParams(lookup=True, range=False)
        shard.update(q.UpdateOperation.create_field_index(MASKS, index))
        base = data.base(mapped=True)
        for start in range(0, len(base), POINTS_AN_UPDATE):
            rows = base[start : start + POINTS_AN_UPDATE]
            allowed = masks_of_rows(workload, start, len(rows))
            points = [
                q.Point(start + place, {VECTOR: row.tolist()}, {MASKS: masks})
                for place, (row, masks) in enumerate(zip(rows, allowed))
            ]
            shard.update(q.UpdateOperation.upsert_points(points))
        shard.optimize()
        shard.flush()
        shard.close()

    def open(self, path: Path, shape: Shape, workload: Workload) -> QdrantSearcher:
        q = self.adapter().load()
        return QdrantSearcher(q, q.EdgeShard.load(str(path)))

    def _config(self, q: Any, shape: Shape, parameters: Parameters, threads: int) -> Any:
        graph = q.HnswIndexConfig(
            m=parameters["m"],
            ef_construct=parameters["ef_construct"],
            full_scan_threshold=10_000,  # kilobytes: its default
            max_indexing_threads=threads,
        )
        return q.EdgeConfig(
            vectors={VECTOR: q.EdgeVectorParams(shape.dim, getattr(q.Distance, DISTANCES[shape.metric]))},
            hnsw_config=graph,
            optimizers=q.EdgeOptimizersConfig(
                default_segment_number=1, max_segment_size=MOST_KB, indexing_threshold=LEAST_KB
            ),
            max_search_threads=1,
            wal_enabled=False,
        )


class QdrantSearcher:
    """A loaded shard."""

    def __init__(self, q: Any, shard: Any) -> None:
        self._q = q
        self._shard = shard
        self._params: Any = None

    def set(self, search: Parameters, k: int) -> None:
        acorn = self._q.AcornSearchParams(enable=True, max_selectivity=0.4)
        self._params = self._q.SearchParams(hnsw_ef=max(search["ef"], k), acorn=acorn)

    def allow(self, parts: Parts) -> Any:
        conditions = [self._q.FieldCondition(MASKS, match=self._q.MatchValue(mask)) for mask in parts]
        return self._q.Filter(must=conditions)

    def one(self, query: Any, k: int, allowed: Any) -> Any:
        nearest = self._q.Query.Nearest(query.tolist(), using=VECTOR)
        request = self._q.QueryRequest(limit=k, query=nearest, filter=allowed, params=self._params)
        return [point.id for point in self._shard.query(request)]


def masks_of_rows(workload: Workload, first: int, count: int) -> list[list[int]]:
    """For each of some rows, the numbers of the masks that allow it; ``first`` is a multiple of 8."""
    part = workload.packed[:, first // 8 : -(-(first + count) // 8)]
    bits = np.unpackbits(part, axis=1, count=count, bitorder="little")
    return [np.flatnonzero(row).tolist() for row in bits.T]
