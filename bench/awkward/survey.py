"""All cases of a survey, each in a process of its own, some at a time."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import awkward
from bench.awkward import beside_annoy
from bench.awkward.verdicts import FAILED
from bench.worker import WorkerError, work

Record = dict[str, Any]


@dataclass(frozen=True)
class Survey:
    """What is to be asked, of what."""

    groups: tuple[str, ...]
    kinds: tuple[str, ...] = ()  # none for all of the groups
    metrics: tuple[str, ...] = ()  # none for all that a kind fits
    sizes: tuple[int, ...] = (8000,)
    dim: int | None = None  # in place of each kind's own
    ks: tuple[int, ...] = (10,)
    recalls: tuple[float, ...] = (0.95, 0.99)
    structures: tuple[str, ...] = ("graph",)
    checks: tuple[str, ...] = ("promise",)
    search_ks: tuple[int, ...] = (-1, 100, 1000, 5000)
    trees: int = 10
    queries: int = 1000
    seed: int = 0
    jobs: int = 1
    time_limit: float = 600

    def cases(self) -> list[tuple[str, Record]]:
        """Stage and task of every process; kinds of fewer items than a size have it once."""
        chosen = [
            (group, kind)
            for group in self.groups
            for kind in awkward.GROUPS[group]
            if not self.kinds or kind.name in self.kinds
        ]
        cases = []
        for group, kind in chosen:
            sizes = sorted({min(size, kind.most) for size in self.sizes})
            for metric, size in itertools.product(kind.metrics, sizes):
                if self.metrics and metric not in self.metrics:
                    continue
                task = {"group": group, "kind": kind.name, "metric": metric, "n": size, "dim": self.dim}
                task |= {"queries": self.queries, "seed": self.seed, "ks": self.ks, "threads": 1}
                if "promise" in self.checks:
                    cases += [
                        ("promise", {**task, "recalls": self.recalls, "structure": each}) for each in self.structures
                    ]
                if "annoy" in self.checks and metric in beside_annoy.METRICS:
                    cases.append(("annoy", {**task, "trees": self.trees, "search_ks": self.search_ks}))
        return cases

    def run(self) -> Iterator[Record]:
        """The records of all cases, as they are finished."""
        pool = ThreadPoolExecutor(self.jobs)
        try:
            running = [pool.submit(_carry_out, stage, task, self.time_limit) for stage, task in self.cases()]
            for finished in as_completed(running):
                yield from finished.result()
        finally:
            pool.shutdown(cancel_futures=True)  # after Ctrl-C nothing more is begun


def _carry_out(stage: str, task: Record, limit: float) -> list[Record]:
    """The records of one case; the last says so where it ended early."""
    told = {name: task[name] for name in ("group", "metric", "n", "queries", "seed")} | {"data": task["kind"]}
    told |= {"structure": task["structure"]} if stage == "promise" else {}
    records: list[Record] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            finished = work(stage, task, task["threads"], limit, Path(folder) / "log")
            records.extend({**told, **record} for record in finished)
        except WorkerError as error:
            records.append({**told, "kind": stage, "verdict": FAILED, "reason": str(error)})
    return records
