"""The libraries whose filters are masks or functions, told when they search."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.adapters.base import Adapter, Parameters
from bench.adapters.faiss_hnsw import FaissHnsw
from bench.adapters.faiss_ivf import FaissIvf
from bench.adapters.hnswlib import SPACES, Hnswlib
from bench.adapters.nearfile import EFFORTS, Nearfile
from bench.adapters.turbovec import Turbovec
from bench.adapters.vectors import Queries, normalised
from bench.datasets import Prepared
from bench.filters.library import Library
from bench.filters.workload import Parts, Workload
from bench.shape import Shape


class NearfileFiltered(Library):
    """``Index.filter(mask)``, asked by recall and by effort."""

    adapter: ClassVar[type[Adapter]] = Nearfile

    def searches(self, shape: Shape, k: int) -> list[Parameters]:
        return [
            *({"recall": recall} for recall in (0.8, 0.9, 0.95, 0.98, 0.99, 0.995)),
            *({"effort": effort} for effort in EFFORTS),
        ]

    def open(self, path: Path, shape: Shape, workload: Workload) -> NearfileSearcher:
        return NearfileSearcher(self.adapter().load().open(path / "index.near"), workload)


class NearfileSearcher:
    """A mapped file."""

    def __init__(self, index: Any, workload: Workload) -> None:
        self._index = index
        self._workload = workload
        self._search: Parameters = {}

    def set(self, search: Parameters, k: int) -> None:
        self._search = search

    def allow(self, parts: Parts) -> Any:
        return self._index.filter(self._workload.mask(parts))

    def one(self, query: Any, k: int, allowed: Any) -> Any:
        if allowed is None:
            return self._index.search(query, k, **self._search)[0]
        return self._index.search(query, k, filter=allowed, **self._search)[0]


class HnswlibFiltered(Library):
    """Its callback, which is a method of bytes: the fastest that Python has."""

    adapter: ClassVar[type[Adapter]] = Hnswlib

    def open(self, path: Path, shape: Shape, workload: Workload) -> HnswlibSearcher:
        index = self.adapter().load().Index(space=SPACES[shape.metric], dim=shape.dim)
        index.load_index(str(path / "index.hnsw"), max_elements=shape.count)
        return HnswlibSearcher(index, workload)


class HnswlibSearcher:
    """A loaded graph."""

    def __init__(self, index: Any, workload: Workload) -> None:
        self._index = index
        self._workload = workload

    def set(self, search: Parameters, k: int) -> None:
        self._index.set_ef(max(search["ef"], k))

    def allow(self, parts: Parts) -> Any:
        mask = self._workload.mask(parts)
        return mask.tobytes().__getitem__, int(mask.sum())

    def one(self, query: Any, k: int, allowed: Any) -> Any:
        if allowed is None:
            return self._index.knn_query(query, k, num_threads=1)[0][0]
        function, count = allowed
        try:
            return self._index.knn_query(query, min(k, count), num_threads=1, filter=function)[0][0]
        except RuntimeError:  # it found fewer, and gives none of them
            return []


class FaissHnswFiltered(Library):
    """``IDSelectorBitmap``."""

    adapter: ClassVar[type[Adapter]] = FaissHnsw

    def open(self, path: Path, shape: Shape, workload: Workload) -> FaissSearcher:
        faiss = self.adapter().load()
        return FaissSearcher(faiss, faiss.read_index(str(path / "index.faiss")), workload, "SearchParametersHNSW")


class FaissFlatCells(FaissIvf):
    """Cells of float32, whose search takes a selector; that of the adapter's codes, scanned in registers, takes none."""

    name: ClassVar[str] = "faiss-ivf"

    def builds(self, shape: Shape) -> list[Parameters]:
        return [{"cells": super().builds(shape)[0]["cells"]}]

    def searches(self, build: Parameters, shape: Shape, k: int) -> list[Parameters]:
        steps = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
        return [{"nprobe": step} for step in steps if step < build["cells"]] + [{"nprobe": build["cells"]}]

    def build(self, base: Any, metric: str, parameters: Parameters, threads: int, path: Path) -> None:
        faiss = self.load()
        faiss.omp_set_num_threads(threads)
        kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
        rows = normalised(base) if metric == "angular" else base
        index = faiss.index_factory(base.shape[1], f"IVF{parameters['cells']},Flat", kind)
        index.train(rows)
        index.add(rows)
        faiss.write_index(index, str(path / "index.faiss"))


class FaissIvfFiltered(Library):
    """``IDSelectorBitmap`` over cells of float32."""

    adapter: ClassVar[type[Adapter]] = FaissFlatCells

    def open(self, path: Path, shape: Shape, workload: Workload) -> FaissSearcher:
        faiss = self.adapter().load()
        return FaissSearcher(faiss, faiss.read_index(str(path / "index.faiss")), workload, "SearchParametersIVF")


class FaissSearcher:
    """A loaded index. A selector and the parameters that hold it are made once for each filter, and keep its bits."""

    def __init__(self, faiss: Any, index: Any, workload: Workload, kind: str) -> None:
        self._faiss = faiss
        self._index = index
        self._workload = workload
        self._kind = getattr(faiss, kind)
        self._search: Parameters = {}
        self._unfiltered = self._kind()
        faiss.omp_set_num_threads(1)

    def set(self, search: Parameters, k: int) -> None:
        self._search = {"efSearch": search["ef"]} if "ef" in search else search
        self._apply(self._unfiltered)

    def allow(self, parts: Parts) -> Any:
        bits = np.packbits(self._workload.mask(parts), bitorder="little")
        selector = self._faiss.IDSelectorBitmap(bits)
        return self._kind(sel=selector), selector, bits

    def one(self, query: Any, k: int, allowed: Any) -> Any:
        parameters = self._unfiltered if allowed is None else allowed[0]
        self._apply(parameters)
        return self._index.search(query.reshape(1, -1), k, params=parameters)[1][0]

    def _apply(self, parameters: Any) -> None:
        for name, value in self._search.items():
            setattr(parameters, name, value)


class TurbovecFiltered(Library):
    """Its mask, and vectors beside the codes, by which the best are measured exactly."""

    adapter: ClassVar[type[Adapter]] = Turbovec

    def parameters(self, shape: Shape) -> Parameters:
        return self.adapter().builds(shape)[1]

    def build(self, data: Prepared, workload: Workload, threads: int, path: Path) -> None:
        if data.shape.metric not in self.adapter.metrics:
            raise ValueError(f"metric: expected {' or '.join(sorted(self.adapter.metrics))}, got {data.shape.metric}")
        super().build(data, workload, threads, path)

    def searches(self, shape: Shape, k: int) -> list[Parameters]:
        return [{"rerank": times} for times in (1, 2, 4, 8, 16, 32)]

    def open(self, path: Path, shape: Shape, workload: Workload) -> TurbovecSearcher:
        index = self.adapter().load().TurboQuantIndex.load(str(path / "index.tv"))
        index.prepare()
        rows = np.load(path / "vectors.npy", mmap_mode="r")
        return TurbovecSearcher(index, rows, Queries(shape.dim, index.dim, unit=shape.metric == "angular"), workload)


class TurbovecSearcher:
    """Loaded codes, and mapped vectors."""

    def __init__(self, index: Any, rows: Any, queries: Queries, workload: Workload) -> None:
        self._index = index
        self._rows = rows
        self._queries = queries
        self._workload = workload
        self._times = 1

    def set(self, search: Parameters, k: int) -> None:
        self._times = search["rerank"]

    def allow(self, parts: Parts) -> Any:
        return self._workload.mask(parts)

    def one(self, query: Any, k: int, allowed: Any) -> Any:
        row = self._queries.one(query)
        ids = self._index.search(row, k * self._times, mask=allowed)[1][0]
        return ids[np.argsort(-(self._rows[ids] @ row[0]))[:k]]
