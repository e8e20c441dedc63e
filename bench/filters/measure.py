"""What a process does for one library: build its index, or go through its sweep for every shape of filter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import pages, truth
from bench.adapters.base import Parameters
from bench.datasets import Prepared
from bench.filters import library, workload
from bench.filters.library import Searcher
from bench.filters.workload import ALL, Parts, Workload
from bench.shape import Shape

Record = dict[str, Any]
Array = NDArray[Any]

WARM_UP_QUERIES = 20  # at each setting


def build_filtered(task: Record) -> Iterator[Record]:
    """Build one index into an empty folder."""
    wanted = library.library(task["library"])
    wanted.adapter().load()
    start = time.perf_counter()
    wanted.build(_data(task), workload.load(Path(task["workload"])), task["threads"], Path(task["path"]))
    yield {"kind": "build", "wall": time.perf_counter() - start, "bytes": pages.size(Path(task["path"]))}


def query_filtered(task: Record) -> Iterator[Record]:
    """Open it, and for each shape go through the sweep; a sweep ends where enough is found."""
    wanted = library.library(task["library"])
    wanted.adapter().load()
    data, load = _data(task), workload.load(Path(task["workload"]))
    pages.fetch(Path(task["path"]))
    searcher = wanted.open(Path(task["path"]), data.shape, load)
    panel = Panel(data, load, searcher, task["seconds"])
    for name in task["filters"]:
        for record in panel.sweep(name, wanted.searches(data.shape, load.k)):
            yield record
            # What is asked for by recall says more than where it is enough.
            if record["recall"] >= task["enough"] and "recall" not in record["search"]:
                break


class Panel:
    """The queries of a workload, asked of one open index."""

    def __init__(self, data: Prepared, load: Workload, searcher: Searcher, seconds: float) -> None:
        self._base = data.base(mapped=True)
        self._metric = data.shape.metric
        self._queries = list(data.queries()[: len(load.uses[ALL])])
        self._load = load
        self._searcher = searcher
        self._seconds = seconds

    def sweep(self, name: str, searches: list[Parameters]) -> Iterator[Record]:
        """A record for each setting."""
        uses = self._load.uses[name]
        start = time.perf_counter()
        made: dict[Parts, Any] = {
            parts: self._searcher.allow(parts) if parts else None for parts in dict.fromkeys(uses)
        }
        prepared = (time.perf_counter() - start) / len(made)
        allowed = [made[parts] for parts in uses]
        for search in searches:
            self._searcher.set(search, self._load.k)
            self._ask(allowed, min(WARM_UP_QUERIES, len(uses)), 0)
            wall, cpu = time.perf_counter(), time.process_time()
            answers, latencies = self._ask(allowed, len(uses), self._seconds)
            busy = (time.process_time() - cpu) / (time.perf_counter() - wall)
            yield {
                "kind": "filtered",
                "filter": name,
                "search": search,
                "allowed": float(self._load.allowed[name].mean()),
                **self.judge(name, answers),
                "rate": len(latencies) / sum(latencies),
                "latency_p99": float(np.percentile(latencies, 99)),
                "timed": len(latencies),
                "busy": busy,
                "prepare_seconds": prepared,
            }

    def judge(self, name: str, answers: list[Any]) -> Record:
        """The recall of answers by distance; how many queries got fewer than there are, and what is not allowed.

        What is not allowed counts as not found. Of no rows allowed, nothing is asked: such queries are left out.
        """
        found = asked = short = foreign = 0
        masks = {parts: self._load.mask(parts) for parts in dict.fromkeys(self._load.uses[name]) if parts}
        for place, answer in enumerate(answers):
            rows = np.unique(np.asarray(answer, np.int64)[: self._load.k])
            rows = rows[rows >= 0]
            parts = self._load.uses[name][place]
            right = rows[masks[parts][rows]] if parts else rows
            wanted = min(self._load.k, int(self._load.allowed[name][place]))
            foreign += len(rows) - len(right)
            short += len(right) < wanted
            asked += wanted
            if wanted:
                kth = self._load.kth[name][place]
                limit = kth + truth.TIE * abs(kth) + truth.LEAST_TIE
                near = truth.distances(self._base[right], self._queries[place], self._metric) <= limit
                found += min(int(np.count_nonzero(near)), wanted)
        return {"recall": found / asked if asked else 1.0, "short": short, "foreign": foreign}

    def _ask(self, allowed: list[Any], least: int, seconds: float) -> tuple[list[Any], list[float]]:
        """At least so many queries, for at least so long: the answers to the first, and every latency."""
        answers: list[Any] = []
        latencies: list[float] = []
        clock, spent, count, k = time.perf_counter, 0.0, 0, self._load.k
        while count < least or spent < seconds:
            place = count % len(self._queries)
            query, filter_ = self._queries[place], allowed[place]
            start = clock()
            answer = self._searcher.one(query, k, filter_)
            latencies.append(clock() - start)
            if count < least:
                answers.append(answer)
            spent += latencies[-1]
            count += 1
        return answers, latencies


def _data(task: Record) -> Prepared:
    return Prepared(Shape(**task["shape"]), task["data"], Path(task["folder"]))
