"""The second process of ``nearfile demo``: opens the file that the first one wrote, and searches it."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

import nearfile
from nearfile.cli import output

WORDS = ("king", "coffee", "python", "guitar", "tuesday")
N_QUERIES = 2000


def main(path: str) -> None:
    """Print the neighbours of a few words, and what opening and searching cost."""
    start = time.perf_counter()
    index = nearfile.open(path)
    opened = time.perf_counter() - start
    output.console.print()
    output.console.print("[bold]Opened[/bold] by a second process; the ten nearest of a few words:", highlight=False)
    output.console.print(neighbors_table(index, WORDS))
    output.print_facts({"open": output.duration(opened), **measure(index)})


def neighbors_table(index: nearfile.Index, words: Any) -> Table:
    """A column for each word, its ten nearest below it with their distances."""
    table = Table(box=None, header_style="bold cyan", pad_edge=False, padding=(0, 2, 0, 0))
    columns: list[list[Text]] = []
    for word in words:
        table.add_column(word, no_wrap=True)
        ids, distances = index.neighbors(word, k=11)
        columns.append(
            [Text.assemble(id_, (f" {distance:.2f}", "dim")) for id_, distance in zip(ids[1:], distances[1:])]
        )
    for row in zip(*columns):
        table.add_row(*row)
    return table


def measure(index: nearfile.Index) -> dict[str, str]:
    """How many queries a second one thread and all of them answer, and how many of the true ten nearest they find."""
    sample = np.random.default_rng(0).choice(len(index), N_QUERIES, replace=False)
    queries = index.vectors(index.ids[sample])
    index.search(queries)  # the file's pages come into memory once
    start = time.perf_counter()
    for query in queries:
        index.search(query)
    one = N_QUERIES / (time.perf_counter() - start)
    start = time.perf_counter()
    found, _ = index.search(queries)
    batch = N_QUERIES / (time.perf_counter() - start)
    true, _ = index.search(queries[:200], exact=True)
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found[:200], true)])
    return {
        "one query at a time": f"{one:,.0f} a second on one core",
        "in a batch": f"{batch:,.0f} a second on {nearfile.info()['cores']} cores",
        "recall": f"{recall:.1%} of the true ten nearest",
    }


if __name__ == "__main__":
    main(sys.argv[1])
