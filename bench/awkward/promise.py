"""One build of one kind: which recall was asked for, which was found, and whether that is what was promised."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from typing import Any

import nearfile
import numpy as np

from bench import awkward
from bench.awkward.exact import Exact
from bench.awkward.verdicts import of_promise

Record = dict[str, Any]

# What every index says of itself, at too great a length for a line.
LONG = ("calibration", "sections", "path")


def promise(task: Record) -> Iterator[Record]:
    """Build an index of a kind and ask it, at every k and recall of ``task``."""
    items, queries = awkward.named(task["kind"]).data(task["n"], task["queries"], task["seed"], task["dim"])
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        start = time.perf_counter()
        index = nearfile.build(
            items, metric=task["metric"], structure=task["structure"], threads=task["threads"], progress=False
        )
        seconds = time.perf_counter() - start
    info = {name: value for name, value in index.info().items() if name not in LONG}
    built = {"items": len(items), "dims": items.shape[1], "build_seconds": seconds, "info": info, "said": _said(heard)}
    for k in task["ks"]:
        exact = Exact(items, queries, task["metric"], k)
        scan = _Answers(index, queries, exact, k, task["threads"], {"exact": True})
        recalls = task["recalls"] if info["structure"] == "graph" else [None]
        for asked in recalls:
            options = {} if asked is None else {"recall": asked}
            given = _Answers(index, queries, exact, k, task["threads"], options)
            scanned = np.array_equal(given.distances, scan.distances)
            yield {
                "kind": "promise",
                **built,
                "k": k,
                "asked": asked,
                "found": given.recall,
                "standard_error": given.error,
                "scan": scan.recall,
                "verdict": of_promise(asked, given.recall, scan.recall, scanned),
                "rate": given.rate,
                "scan_rate": scan.rate,
                "search_said": given.said,
            }


class _Answers:
    """What an index answers to all queries, what that is worth, and how long it took."""

    def __init__(
        self, index: nearfile.Index, queries: Any, exact: Exact, k: int, threads: int, options: dict[str, Any]
    ) -> None:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            start = time.perf_counter()
            ids, self.distances = index.search(queries, k, threads=threads, **options)
            self.rate = len(queries) / (time.perf_counter() - start)
        self.said = _said(heard)
        self.recall, self.error = exact.recall(ids)


def _said(heard: list[warnings.WarningMessage]) -> list[str]:
    return [f"{warning.category.__name__}: {warning.message}" for warning in heard]
