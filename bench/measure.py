"""The process that one measurement runs in: ``python -m bench.measure STAGE TASK``.

TASK is a JSON object; results are written as JSON lines to the file descriptor that it names, as they come: what a time
limit cuts off has lost nothing that was finished. What a library prints goes where it goes.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

import numpy as np
import psutil
from numpy.typing import NDArray

from bench import adapters, pages, truth
from bench.adapters.base import Adapter, Parameters, Searcher
from bench.awkward.beside_annoy import beside_annoy
from bench.awkward.promise import promise
from bench.datasets import Prepared
from bench.filters.measure import build_filtered, query_filtered
from bench.shape import Shape

Record = dict[str, Any]
Array = NDArray[Any]

WARM_UP = 4  # times the seconds of a setting, at the dearest setting, once
WARM_UP_QUERIES = 100  # at each setting
PR_SET_PDEATHSIG = 1


def main(stage: str, task: Record) -> int:
    """Do one task; the exit code is 0 where it is done."""
    end_with_parent()
    if task.get("cores"):
        os.sched_setaffinity(0, task["cores"])
    with open(task.get("pipe", 1), "w", encoding="utf-8") as pipe:
        try:
            for record in STAGES[stage](task):
                pipe.write(json.dumps(record) + "\n")
                pipe.flush()
        except Exception as error:  # noqa: BLE001 - whatever a library raises is what is to be told
            pipe.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
            return 1
    return 0


def check(task: Record) -> Iterator[Record]:
    """Import the library, and say its version."""
    adapter = adapters.adapter(task["adapter"])
    adapter.load()
    yield {"version": adapter.version(), "package": adapter.package}


def build(task: Record) -> Iterator[Record]:
    """Build one index into an empty folder."""
    adapter = adapters.adapter(task["adapter"])
    adapter.load()
    path = Path(task["path"])
    measured = _build(adapter, _data(task), task["build"], task["threads"], path)
    yield {**measured, "bytes": pages.size(path) if adapter.saves else None}


def query(task: Record) -> Iterator[Record]:
    """Open one index, and go through a sweep of search parameters."""
    adapter = adapters.adapter(task["adapter"])
    adapter.load()
    data, path, k = _data(task), Path(task["path"]), task["k"]
    queries = data.queries()
    ask = Ask(queries[: task["queries"]], list(queries), k, task["threads"], task["seconds"])
    if adapter.saves:
        cache = pages.drop(path) if task["cold"] else pages.fetch(path)
        before = resident()
    else:
        cache = "none"
        before = resident()
        _build(adapter, data, task["build"], 1, path)
    start = time.perf_counter()
    searcher = adapter.open(path, data.shape.metric, data.shape.dim, data.shape.count)
    opened = time.perf_counter() - start
    memory = resident() - before
    searcher.set(task["searches"][0], k)
    start = time.perf_counter()
    searcher.one(queries[0], k)
    first = time.perf_counter() - start
    yield {"kind": "open", "cache": cache, "open_seconds": opened, "first_query": first, "memory": memory}
    if adapter.saves:
        pages.fetch(path)
    searcher.set(task["searches"][-1], k)
    ask.one(searcher, 0, WARM_UP * task["seconds"])
    kth = np.load(task["truth"], allow_pickle=False)
    for search in task["searches"]:
        searcher.set(search, k)
        wall, cpu = time.perf_counter(), _cpu_seconds()
        answers, measured = (ask.batch if task["mode"] == "batch" else ask.single)(searcher)
        # How many cores were at work on average: fewer than there are threads when others took them away.
        measured["busy"] = (_cpu_seconds() - cpu) / (time.perf_counter() - wall)
        grown = resident() - before
        found = truth.recall(answers, kth, data.base(mapped=True), ask.checked, data.shape.metric, k)
        yield {"kind": "query", "search": search, "recall": found, **measured, "memory": grown}
        if found >= task["enough"]:
            break


@dataclass(frozen=True)
class Ask:
    """How queries are asked and timed: answers to ``checked`` count for recall, and go on until ``seconds`` are over."""

    checked: Array
    queries: list[Array]
    k: int
    threads: int
    seconds: float

    def single(self, searcher: Searcher) -> tuple[list[Any], Record]:
        """One query after another, each timed."""
        self.one(searcher, min(WARM_UP_QUERIES, len(self.checked)), 0)
        answers, latencies = self.one(searcher, len(self.checked), self.seconds)
        return answers, {
            "rate": len(latencies) / sum(latencies),
            "latency_median": float(np.median(latencies)),
            "latency_p99": float(np.percentile(latencies, 99)),
            "timed": len(latencies),
        }

    def one(self, searcher: Searcher, least: int, seconds: float) -> tuple[list[Any], list[float]]:
        """At least so many single queries, for at least so long: the answers to the first, and every latency."""
        answers: list[Any] = []
        latencies: list[float] = []
        clock, spent, count = time.perf_counter, 0.0, 0
        while count < least or spent < seconds:
            query = self.queries[count % len(self.queries)]
            start = clock()
            answer = searcher.one(query, self.k)
            latencies.append(clock() - start)
            if count < least:
                answers.append(answer)
            spent += latencies[-1]
            count += 1
        return answers, latencies

    def batch(self, searcher: Searcher) -> tuple[Any, Record]:
        """All queries that are checked at once, again and again."""
        searcher.batch(self.checked[:WARM_UP_QUERIES], self.k, self.threads)
        times: list[float] = []
        answers = None
        while answers is None or sum(times) < self.seconds:
            start = time.perf_counter()
            answers = searcher.batch(self.checked, self.k, self.threads)
            times.append(time.perf_counter() - start)
        timed = len(times) * len(self.checked)
        return answers, {"rate": timed / sum(times), "latency_median": None, "latency_p99": None, "timed": timed}


def resident() -> int:
    """Bytes of memory that this process has resident, mapped files among them."""
    return int(psutil.Process().memory_info().rss)


def end_with_parent() -> None:
    """Have Linux end this process when the one that started it is killed: two measurements at once would spoil both."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _data(task: Record) -> Prepared:
    return Prepared(Shape(**task["shape"]), task["data"], Path(task["folder"]))


def _build(adapter: Adapter, data: Prepared, parameters: Parameters, threads: int, path: Path) -> Record:
    base = data.base()
    wall, cpu = time.perf_counter(), _cpu_seconds()
    adapter.build(base, data.shape.metric, parameters, threads, path)
    wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
    # Of the whole process, vectors included: kilobytes on Linux, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"kind": "build", "wall": wall, "cpu": cpu, "peak_memory": peak}


def _cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


STAGES: dict[str, Callable[[Record], Iterator[Record]]] = {
    "check": check,
    "build": build,
    "query": query,
    "promise": promise,
    "annoy": beside_annoy,
    "build-filtered": build_filtered,
    "query-filtered": query_filtered,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], json.loads(sys.argv[2])))
