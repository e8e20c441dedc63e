"""Qdrant, in the process: its filters are conditions about what it keeps beside a vector."""

from __future__ import annotations

from collections import Counter
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
VECTOR = "vector"
# Masks of all queries, and those of one query each.
SHARED, OWN = "shared", "own"
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

    For every value it gives the graph edges among the points that have it, as it does by itself; but not for masks that
    are of one query, of which nobody could know before that it is asked.
    With ACORN, its walk through what is not allowed, where the filter allows less than two fifths, as it advises.
    """

    adapter: ClassVar[type[Adapter]] = QdrantEdge

    def build(self, data: Prepared, workload: Workload, threads: int, path: Path) -> None:
        q = self.adapter().load()
        parameters = self.parameters(data.shape)
        shard = q.EdgeShard.create(str(path), self._config(q, data.shape, parameters, threads))
        for field in (SHARED, OWN):
            index = q.IntegerIndexParams(lookup=True, range=False, enable_hnsw=field == SHARED)
            shard.update(q.UpdateOperation.create_field_index(field, index))
        fields = fields_of(workload)
        base = data.base(mapped=True)
        for start in range(0, len(base), POINTS_AN_UPDATE):
            rows = base[start : start + POINTS_AN_UPDATE]
            allowed = masks_of_rows(workload, start, len(rows))
            points = [
                q.Point(start + place, {VECTOR: row.tolist()}, payload_of(masks, fields))
                for place, (row, masks) in enumerate(zip(rows, allowed))
            ]
            shard.update(q.UpdateOperation.upsert_points(points))
        shard.optimize()
        shard.flush()
        shard.close()

    def open(self, path: Path, shape: Shape, workload: Workload) -> QdrantSearcher:
        q = self.adapter().load()
        return QdrantSearcher(q, q.EdgeShard.load(str(path)), fields_of(workload))

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

    def __init__(self, q: Any, shard: Any, fields: list[str]) -> None:
        self._q = q
        self._fields = fields
        self._shard = shard
        self._params: Any = None

    def set(self, search: Parameters, k: int) -> None:
        acorn = self._q.AcornSearchParams(enable=True, max_selectivity=0.4)
        self._params = self._q.SearchParams(hnsw_ef=max(search["ef"], k), acorn=acorn)

    def allow(self, parts: Parts) -> Any:
        q = self._q
        conditions = [q.FieldCondition(self._fields[mask], match=q.MatchValue(mask)) for mask in parts]
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


def fields_of(workload: Workload) -> list[str]:
    """Where each mask stands in a point: SHARED where more than one query asks for it."""
    asked = Counter(mask for uses in workload.uses.values() for parts in uses for mask in parts)
    return [SHARED if asked[mask] > 1 else OWN for mask in range(len(workload.packed))]


def payload_of(masks: list[int], fields: list[str]) -> dict[str, list[int]]:
    """The masks of a point by field."""
    return {field: [mask for mask in masks if fields[mask] == field] for field in (SHARED, OWN)}
