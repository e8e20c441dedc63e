"""``nearfile.AnnoyIndex`` beside Annoy's own class: as many trees, the same ``search_k``, the same items and queries."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator
from typing import Any

import nearfile

from bench import awkward
from bench.awkward.exact import Exact
from bench.awkward.verdicts import beside

Record = dict[str, Any]

METRICS = ("angular", "euclidean", "manhattan", "hamming", "dot")  # that Annoy has


def beside_annoy(task: Record) -> Iterator[Record]:
    """Build one index of each class and ask both, at every k and search_k of ``task``."""
    classes = {"nearfile": nearfile.AnnoyIndex, "annoy": importlib.import_module("annoy").AnnoyIndex}
    items, queries = awkward.named(task["kind"]).data(task["n"], task["queries"], task["seed"], task["dim"])
    indexes, seconds = {}, {}
    for name, cls in classes.items():
        start = time.perf_counter()
        indexes[name] = _built(cls, items, task)
        seconds[name] = time.perf_counter() - start
    for k in task["ks"]:
        exact = Exact(items, queries, task["metric"], k)
        for search_k in task["search_ks"]:
            found = {}
            for name, index in indexes.items():
                answers = [index.get_nns_by_vector(query.tolist(), k, search_k) for query in queries]
                found[name], _ = exact.recall(answers)
            yield {
                "kind": "annoy",
                "items": len(items),
                "dims": items.shape[1],
                "build_seconds": seconds["nearfile"],
                "annoy_seconds": seconds["annoy"],
                "k": k,
                "trees": task["trees"],
                "search_k": search_k,
                "found": found["nearfile"],
                "annoy": found["annoy"],
                "verdict": beside(found["nearfile"], found["annoy"]),
            }


def _built(cls: Any, items: Any, task: Record) -> Any:
    index = cls(items.shape[1], task["metric"])
    index.set_seed(task["seed"] + 1)  # Annoy takes a seed of 0 for none
    for number, item in enumerate(items):
        index.add_item(number, item.tolist())
    index.build(task["trees"], n_jobs=task["threads"])
    return index
