"""Files that Annoy writes, asked by Annoy and by AnnoyIndex: every metric, size, number of trees and of threads.

Needs annoy 1.17.3, and is run by `make annoy`, which installs it. Prints what was equal and how much; exit code 1 if
anything was not.

Annoy adds the products of a vector in the order of whatever vector unit it was compiled for, so the last bits of a distance
may differ, and two items whose distances do not differ by more may change places. That counts as equal, and is counted.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import collections
import itertools
import pathlib
import sys
import tempfile

import numpy as np
from nearfile import AnnoyIndex

import annoy

METRICS = {"angular": 20, "euclidean": 20, "manhattan": 20, "dot": 20, "hamming": 70}
SIZES = (1, 2, 3, 10, 100, 1000, 20_000)
TREES = (1, 10, 50)
THREADS = (1, 4)
QUERIES = 100
# What is asked for: n and search_k.
QUESTIONS = ((10, -1), (1, -1), (10, 100), (50, 1000), (100, 1), (3, 10_000), (10, -2), (0, -1), (5, 0), (-1, 50))


def vectors(metric: str, n: int, dim: int, random: np.random.Generator) -> np.ndarray:
    if metric == "hamming":
        return random.integers(0, 2, (n, dim)).astype(np.float32)
    return random.standard_normal((n, dim)).astype(np.float32)


def write(path: pathlib.Path, metric: str, rows: np.ndarray, step: int, trees: int, threads: int) -> None:
    index = annoy.AnnoyIndex(rows.shape[1], metric)
    for i, row in enumerate(rows):
        index.add_item(i * step, row.tolist())
    index.build(trees, n_jobs=threads)
    index.save(str(path))


def close(metric: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether distances are equal up to rounding. Those of angular are roots of 2 - 2 cos, which loses what is near 0."""
    if metric == "hamming":
        return a == b
    if metric == "angular":
        return np.abs(a**2 - b**2) <= 2e-6
    return np.abs(a - b) <= 1e-5 * np.maximum(1, np.abs(a))


def compare(metric: str, theirs: tuple[list, list], ours: tuple[list, list]) -> str:
    ids, distances = (np.array(each) for each in theirs)
    our_ids, our_distances = (np.array(each) for each in ours)
    if len(ids) != len(our_ids):
        return "other items"
    if not close(metric, distances, our_distances).all():
        return "other items"
    if (ids == our_ids).all():
        return "equal to the bit" if (distances == our_distances).all() else "equal but for last bits"
    # Where the ids differ, each must have changed places with others of the same distance.
    place = {id_: at for at, id_ in enumerate(ids.tolist())}
    for at in np.flatnonzero(ids != our_ids):
        other = place.get(int(our_ids[at]))
        if other is None or not close(metric, distances[other : other + 1], our_distances[at : at + 1])[0]:
            return "other items"
    return "order of equal distances"


def check_file(path: pathlib.Path, metric: str, rows: np.ndarray, random: np.random.Generator) -> list[str]:
    """What became of every query, and of the questions besides."""
    theirs, ours = annoy.AnnoyIndex(rows.shape[1], metric), AnnoyIndex(rows.shape[1], metric)
    theirs.load(str(path))
    ours.load(str(path))
    for what in ("get_n_items", "get_n_trees"):
        if getattr(theirs, what)() != getattr(ours, what)():
            return [f"{what}: {getattr(theirs, what)()} and {getattr(ours, what)()}"]
    results = []
    strangers = vectors(metric, QUERIES, rows.shape[1], random)
    for turn in range(QUERIES):
        n, search_k = QUESTIONS[turn // 2 % len(QUESTIONS)]
        item = int(random.integers(theirs.get_n_items()))
        if theirs.get_item_vector(item) != ours.get_item_vector(item):
            results.append("other vectors")
        pair = np.array([[index.get_distance(item, 0)] for index in (theirs, ours)])
        if not close(metric, *pair).all():
            results.append("other distances")
        if turn % 2 == 0:
            answers = [index.get_nns_by_item(item, n, search_k, True) for index in (theirs, ours)]
        else:
            query = strangers[turn].tolist()
            answers = [index.get_nns_by_vector(query, n, search_k, True) for index in (theirs, ours)]
        results.append(compare(metric, *answers))
        if results[-1].startswith("other"):
            print(f"  turn {turn}, n={n}, search_k={search_k}:\n    {answers[0]}\n    {answers[1]}", file=sys.stderr)
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=max(SIZES), help="the largest number of items")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    random = np.random.default_rng(arguments.seed)
    wrong = 0
    for metric, dim in METRICS.items():
        counted: collections.Counter[str] = collections.Counter()
        files = 0
        sizes = [n for n in SIZES if n <= arguments.largest]
        for n, step, trees, threads in itertools.product(sizes, (1, 3), TREES, THREADS):
            rows = vectors(metric, n, dim, random)
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "a.ann"
                write(path, metric, rows, step, trees, threads)
                results = check_file(path, metric, rows, random)
            bad = [each for each in results if not each.startswith(("equal", "order"))]
            if bad:
                print(f"{metric}, n={n}, every {step}, {trees} trees, {threads} threads: {bad}", file=sys.stderr)
            counted.update(results)
            files += 1
            wrong += len(bad)
        print(f"{metric}: {files} files, {sum(counted.values())} queries: {dict(counted)}", flush=True)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
