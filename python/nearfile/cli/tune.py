"""``nearfile tune``: how much effort the queries of a user need."""

import time
from pathlib import Path
from typing import Annotated, Any, Callable, Optional

import numpy as np
import typer

import nearfile
from nearfile.cli import advice, output
from nearfile.cli.sources import Format, Vectors
from nearfile.index import Found
from nearfile.reading import read_queries

TARGETS = (0.9, 0.95, 0.99)

#: Efforts of a graph, and candidates of a forest, as multiples of k.
GRAPH_FACTORS = (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
FOREST_FACTORS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)

#: Few queries are asked again until so much time has passed, so that their speed means something.
LEAST_SECONDS = 0.1


def tune(
    index: Annotated[Path, typer.Argument(help="The index to measure.", show_default=False)],
    queries: Annotated[
        str,
        typer.Option(help="Queries such as will come, in a file of any kind that build reads.", show_default=False),
    ],
    truth: Annotated[
        Optional[Path],
        typer.Option(
            help="A .npy or .ivecs file with the true nearest of each query, of shape (q, k or more): the ids of the"
            " index, or rows where they are text. Default: found by exact search.",
            show_default=False,
        ),
    ] = None,
    vectors: Vectors = None,
    format: Format = None,
    k: Annotated[int, typer.Option("-k", "--k", help="How many to find.")] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print what was measured as JSON.")] = False,
) -> None:
    """Measure recall and speed for given queries, and say which effort finds .9, .95 and .99 of the nearest, and why."""
    rows = read_queries(queries, vectors, format)
    if rows.ndim != 2 or len(rows) == 0:
        raise nearfile.InvalidArgumentError(f"{queries}: expected queries of shape (q, dim), got shape {rows.shape}")
    with nearfile.open(index) as opened:
        if len(opened) == 0:
            raise nearfile.InvalidArgumentError(f"{index}: expected an index with items, got an empty one")
        true = None if truth is None else read_truth(truth, len(rows), k, len(opened))
        judge = judge_of(opened, rows, k, true)
        option = "effort" if opened.info()["structure"] == "graph" else "search_k"
        points = sweep(opened, rows, k, option, judge)
        plain = measured(opened, rows, k, judge)
    needed = {target: first_to_reach(points, target, option) for target in TARGETS}
    if json:
        told = {str(target): value for target, value in needed.items()}
        output.print_json({"k": k, "queries": len(rows), "points": points, "needed": told, "plain": plain})
    else:
        print_points(points, needed, option, k, len(rows))
        output.console.print()
        for line in advice.lines(points, plain, needed, option, k):
            output.print_line(line)


def read_truth(path: Path, n_queries: int, k: int, count: int) -> Any:
    """The first ``k`` true neighbours of each query."""
    found = read_queries(path)
    if found.ndim != 2 or len(found) != n_queries or found.shape[1] < k or found.dtype.kind not in "iu":
        raise nearfile.InvalidArgumentError(
            f"{path}: expected whole numbers of shape ({n_queries}, {k} or more), got {found.dtype} of shape"
            f" {found.shape}"
        )
    if k > count:
        raise nearfile.InvalidArgumentError(f"k: expected at most {count}, as many as there are items, got {k}")
    return found[:, :k]


def judge_of(index: nearfile.Index, queries: Any, k: int, truth: Any) -> Callable[[Found], float]:
    """A function from what a search found to the share of the nearest that is in it."""
    if truth is not None:
        wanted = truth.tolist()
        if index.info()["id_kind"] == "string":
            if truth.min() < 0 or truth.max() >= len(index):
                raise nearfile.InvalidArgumentError(f"--truth: expected rows from 0 to {len(index) - 1}, got others")
            wanted = index.ids[truth].tolist()

        def by_id(found: Found) -> float:
            return float(np.mean([len(set(ids) & set(true)) / k for ids, true in zip(found[0].tolist(), wanted)]))

        return by_id
    farthest = index.search(queries, k, exact=True)[1][:, -1:]

    def by_distance(found: Found) -> float:
        # Of items equally far each counts.
        return float((found[1] >= farthest if index.metric == "dot" else found[1] <= farthest).mean())

    return by_distance


def sweep(
    index: nearfile.Index, queries: Any, k: int, option: str, judge: Callable[[Found], float]
) -> list[dict[str, Any]]:
    """Recall and queries a second on one thread for rising efforts, until all is found."""
    points: list[dict[str, Any]] = []
    factors = GRAPH_FACTORS if option == "effort" else FOREST_FACTORS
    index.search(queries, k)  # the file's pages come into memory once
    for value in sorted({min(int(k * factor), len(index)) for factor in factors}):
        points.append({option: value, **measured(index, queries, k, judge, **{option: value})})
        if points[-1]["recall"] == 1:
            break
    return points


def measured(
    index: nearfile.Index, queries: Any, k: int, judge: Callable[[Found], float], **option: Any
) -> dict[str, Any]:
    """Recall and queries a second on one thread, with an effort or as a search that asks for nothing."""
    start, turns, seconds = time.perf_counter(), 0, 0.0
    while seconds < LEAST_SECONDS:
        found = index.search(queries, k, threads=1, **option)
        turns, seconds = turns + 1, time.perf_counter() - start
    return {"recall": judge(found), "queries_a_second": turns * len(queries) / seconds}


def first_to_reach(points: list[dict[str, Any]], target: float, option: str) -> Optional[int]:
    """The least effort that was measured to find this share of the nearest, ``None`` where none did."""
    return next((point[option] for point in points if point["recall"] >= target), None)


def print_points(
    points: list[dict[str, Any]], needed: dict[float, Optional[int]], option: str, k: int, n_queries: int
) -> None:
    """Print what was measured, then what is needed."""
    output.console.print(f"{n_queries:,} queries, k = {k}, one thread", highlight=False)
    output.print_table(
        (option, "recall", "queries/s"),
        [(f"{each[option]:,}", f"{each['recall']:.4f}", f"{each['queries_a_second']:,.0f}") for each in points],
    )
    output.console.print()
    output.print_facts(
        {
            f"recall {target:.2f}": f"{option} {value:,}" if value is not None else "more than was tried"
            for target, value in needed.items()
        }
    )
