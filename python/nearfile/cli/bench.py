"""``nearfile bench``: how fast this index is on this machine, beside exact search."""

import time
from pathlib import Path
from typing import Annotated, Any, Optional

import numpy as np
import typer

import nearfile
from nearfile.cli import output
from nearfile.cli.sources import Format, Vectors
from nearfile.reading import read_queries

#: Multiples of k, for which recall and speed are measured beside a search that asks for nothing.
EFFORTS = (1, 2, 4, 8, 16)
CANDIDATES = (10, 50, 200, 1000)

#: Of the items, where no queries are given.
SAMPLE = 1000
#: Exact search of more would take long.
EXACT = 200

Row = dict[str, Any]


def bench(
    index: Annotated[Path, typer.Argument(help="The index or collection to measure.", show_default=False)],
    queries: Annotated[
        Optional[str],
        typer.Argument(
            help="Queries in a file of any kind that build reads. Default: some of the items, without themselves.",
            show_default=False,
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", min=1, help="How many to find.")] = 10,
    seconds: Annotated[float, typer.Option(min=0.1, help="About how long to measure.")] = 10.0,
    vectors: Vectors = None,
    format: Format = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was measured as JSON.")] = False,
) -> None:
    """Measure queries a second, latency and recall of this index on this machine, at several efforts and beside exact search."""
    with nearfile.open(index) as opened:
        if len(opened) < 2:
            raise nearfile.InvalidArgumentError(f"{index}: expected an index with items, got one of {len(opened)}")
        rows, own = sample_of(opened) if queries is None else (read_queries(queries, vectors, format), None)
        rows = np.ascontiguousarray(np.atleast_2d(rows), np.float32)
        if len(rows) == 0:
            raise nearfile.InvalidArgumentError(f"{queries}: expected queries, got none")
        measured = measure(opened, rows, own, k, seconds)
        facts = opened.info()
    machine = {name: nearfile.info()[name] for name in ("version", "cores", "instruction_set")}
    told = {"k": k, "queries": len(rows), "of_items": own is not None, "machine": machine, "points": measured}
    if json:
        output.print_json({"path": facts["path"], "count": facts["count"], **told})
    else:
        print_points(told, facts)


def sample_of(index: nearfile.Index) -> tuple[Any, Any]:
    """Vectors of some items, the same ones every time, and their ids."""
    everything = index.ids
    some = np.random.default_rng(0).choice(len(everything), min(SAMPLE, len(everything)), replace=False)
    ids = everything[some]
    return index.vectors(ids), ids


def measure(index: nearfile.Index, queries: Any, own: Any, k: int, seconds: float) -> list[Row]:
    """A row for each way to search: what it is called, recall, speed on one thread and on all, latency."""
    budget = "search_k" if index.info()["structure"] == "forest" else "effort"
    steps = CANDIDATES if budget == "search_k" else EFFORTS
    wanted = min(k + (own is not None), len(index))
    ways: list[tuple[str, dict[str, Any]]] = [("plain", {})]
    ways += [(f"{budget} {k * step:,}", {budget: k * step}) for step in steps if k * step <= len(index)]
    few = queries[:EXACT]
    start = time.perf_counter()
    true = index.search(few, wanted, exact=True)
    warm = time.perf_counter() - start
    index.search(queries, wanted)  # the file's pages come into memory once
    share = seconds / (len(ways) + 1)
    points = [
        {
            "search": name,
            **timed(index, queries, wanted, share, option),
            "recall": recall(index, few, own, true, wanted, option),
        }
        for name, option in ways
    ]
    exact = timed(index, few, wanted, max(share, warm), {"exact": True})
    return [*points, {"search": "exact", **exact, "recall": 1.0}]


def timed(index: nearfile.Index, queries: Any, k: int, seconds: float, option: dict[str, Any]) -> Row:
    """Queries a second, one at a time on one thread and in batches on all, and how long single ones take."""
    spent: list[float] = []
    end = time.perf_counter() + seconds / 2
    while not spent or time.perf_counter() < end:
        query = queries[len(spent) % len(queries)]
        start = time.perf_counter()
        index.search(query, k, **option)
        spent.append(time.perf_counter() - start)
    asked, start = 0, time.perf_counter()
    while not asked or time.perf_counter() < start + seconds / 2:
        index.search(queries, k, **option)
        asked += len(queries)
    batch = asked / (time.perf_counter() - start)
    p50, p99 = np.percentile(spent, (50, 99))
    return {
        "queries_a_second": len(spent) / sum(spent),
        "in_batches_a_second": batch,
        "p50_seconds": float(p50),
        "p99_seconds": float(p99),
        "measured": len(spent),
    }


def recall(index: nearfile.Index, queries: Any, own: Any, true: Any, k: int, option: dict[str, Any]) -> float:
    """The share of the nearest that is found; of items equally far each counts. An item is not among its own nearest."""
    found = index.search(queries, k, **option)
    sign = -1 if index.metric == "dot" else 1
    shares = []
    for at in range(len(queries)):
        ids, far = found[0][at], sign * found[1][at]
        true_ids, true_far = true[0][at], sign * true[1][at]
        if own is not None:
            far, true_far = far[ids != own[at]], true_far[true_ids != own[at]]
        n = min(k - (own is not None), len(true_far))
        shares.append(float((far[:n] <= true_far[:n].max(initial=-np.inf)).sum()) / max(1, n))
    return float(np.mean(shares))


def print_points(told: dict[str, Any], facts: dict[str, Any]) -> None:
    """Print a line for each way to search, and what it is beside exact search."""
    machine = told["machine"]
    what = (
        f"{told['queries']:,} of its items, each without itself" if told["of_items"] else f"{told['queries']:,} queries"
    )
    output.print_line(
        f"{facts['count']:,} vectors of {facts['dim']}, {facts['metric']}; {what}; k = {told['k']}; nearfile"
        f" {machine['version']}, {machine['cores']} cores, {machine['instruction_set']}"
    )
    exact = told["points"][-1]["queries_a_second"]
    output.print_table(
        ("search", "recall", "one thread/s", "p50", "p99", "batch, all cores/s", "beside exact"),
        [
            (
                point["search"],
                f"{point['recall']:.3f}",
                f"{point['queries_a_second']:,.0f}",
                output.duration(point["p50_seconds"]),
                output.duration(point["p99_seconds"]),
                f"{point['in_batches_a_second']:,.0f}",
                f"{point['queries_a_second'] / exact:,.1f} x",
            )
            for point in told["points"]
        ],
        left={0},
    )
