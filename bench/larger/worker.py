"""The process that searches within the limit: ``python -m bench.larger.worker TASK``, records as JSON lines on stdout.

TASK is JSON: index, queries and truth (.npy), k, recall, prefault, passes, queries_a_pass.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nearfile
import numpy as np
from numpy.typing import NDArray

from bench.larger.disk import PAGE

Record = dict[str, Any]


def work(task: Record) -> Iterator[Record]:
    """A record of opening and the first query, and one for each pass; the first pass warms up."""
    queries: NDArray[Any] = np.load(task["queries"])
    truth: NDArray[Any] = np.load(task["truth"])
    start = time.perf_counter()
    index = nearfile.open(task["index"], prefault=task["prefault"])
    opened = time.perf_counter()
    index.search(queries[-1], task["k"], recall=task["recall"])
    yield {"kind": "first", "open": opened - start, "query": time.perf_counter() - opened}
    for number in range(task["passes"] + 1):
        chosen = [(number * task["queries_a_pass"] + i) % len(queries) for i in range(task["queries_a_pass"])]
        record = _pass(index, queries, truth, chosen, task)
        yield {"kind": "pass" if number else "warm-up", **record}


def _pass(index: nearfile.Index, queries: NDArray[Any], truth: NDArray[Any], chosen: list[int], task: Record) -> Record:
    latencies, found, before = [], 0, bytes_read()
    for place in chosen:
        start = time.perf_counter()
        ids, _ = index.search(queries[place], task["k"], recall=task["recall"])
        latencies.append(time.perf_counter() - start)
        found += len(np.intersect1d(ids, truth[place]))
    after = bytes_read()
    return {
        "recall": found / len(chosen) / task["k"],
        "rate": len(latencies) / sum(latencies),
        "p50": float(np.percentile(latencies, 50)),
        "p99": float(np.percentile(latencies, 99)),
        "pages": None if before is None or after is None else (after - before) / PAGE / len(chosen),
    }


def bytes_read() -> int | None:
    """What this process has had read from disks, read-ahead and all; None where the system does not count it."""
    try:
        lines = Path("/proc/self/io").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return int(dict(line.split(": ") for line in lines)["read_bytes"])


if __name__ == "__main__":
    sys.stdin.readline()  # the parent has put this process into its group
    for record in work(json.loads(sys.argv[1])):
        print(json.dumps(record), flush=True)  # noqa: T201
