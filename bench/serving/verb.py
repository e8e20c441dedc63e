"""The verb ``serving``: starts ``nearfile serve``, asks it over connections that are kept, and says what came of it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Optional

import numpy as np
import psutil
import typer
from nearfile.cli.output import console, print_json, size

from bench.serving import load, processes


@contextmanager
def served(index: Path, workers: int) -> Iterator[tuple[str, psutil.Process]]:
    """The address of a server and its process."""
    command = [sys.executable, "-m", "nearfile.cli", "serve", str(index), "--port", "0", "--json"]
    command += ["--workers", str(workers), "--prefault", "all"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"serving: expected a server, got exit code {process.wait()}: see what it said")
    try:
        yield json.loads(line)["address"], psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def answer(address: str, asked: str) -> list[Any]:
    """The ids that a server finds."""
    request = urllib.request.Request(f"{address}/search", asked.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return list(json.load(response)["ids"])


def share_found(address: str, queries: Any, k: int, recall: float) -> float:
    """Of the nearest that a scan of the server finds, the share that it finds at this recall."""
    asked = load.bodies(queries, {"k": k, "recall": recall})
    exact = load.bodies(queries, {"k": k, "exact": True})
    shares = [len({*answer(address, a)} & {*answer(address, b)}) / k for a, b in zip(asked, exact)]
    return float(np.mean(shares))


def serving(
    index: Annotated[Path, typer.Argument(help="The index to serve.", show_default=False)],
    queries: Annotated[Path, typer.Argument(help="A .npy file, or an .npz file that has them as query.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 2,
    connections: Annotated[int, typer.Option(min=1, help="Each with one request at a time.")] = 16,
    seconds: Annotated[float, typer.Option(min=0.5, help="Of load, each time.")] = 5.0,
    times: Annotated[int, typer.Option(min=1, help="Of these the best is told.")] = 3,
    k: Annotated[int, typer.Option("-k", "--k", min=1, help="How many to find.")] = 10,
    recall: Annotated[float, typer.Option(help="That is asked for.")] = 0.95,
    check: Annotated[int, typer.Option(min=1, help="Queries whose recall is counted.")] = 500,
    out: Annotated[
        Optional[Path], typer.Option(help="A file that the result is appended to, as a line of JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Measure single searches over HTTP: load by wrk on this machine, on the same cores as the server."""
    opened = np.load(queries)
    asked = opened["query"] if queries.suffix == ".npz" else opened
    with tempfile.TemporaryDirectory() as folder, served(index, workers) as (address, parent):
        team = parent.children()
        found = share_found(address, asked[:check], k, recall)
        bodies = load.bodies(asked[:5000], {"k": k, "recall": recall})
        load.put(address, bodies, connections, 1, Path(folder))
        best: dict[str, Any] = {}
        for _ in range(times):
            before = [processes.seconds([each]) for each in team]
            result = load.put(address, bodies, connections, seconds, Path(folder))
            took = [processes.seconds([each]) - b for each, b in zip(team, before)]
            if not best or result.a_second > best["a_second"]:
                best = {**asdict(result), "server": 1e6 * sum(took) / result.requests}
                best["balance"] = [each / sum(took) for each in took]
        memory = [processes.memory(each.pid, index.name) for each in team]
    told = {
        "workers": workers,
        "connections": connections,
        "k": k,
        "recall_asked": recall,
        "recall": found,
        **best,
        "file_bytes": index.stat().st_size,
        "memory": [asdict(each) for each in memory],
        "cores": len(os.sched_getaffinity(0)),
        "others": os.getloadavg()[0],
    }
    if out is not None:
        with out.open("a") as file:
            file.write(json.dumps(told) + "\n")
    if as_json:
        print_json(told)
    else:
        show(told)


def show(told: dict[str, Any]) -> None:
    """For people."""
    memory = told["memory"]
    lines = (
        f"{told['a_second']:,.0f} searches a second, {told['failed']} failed, by {told['workers']} workers over"
        f" {told['connections']} connections at a recall of {told['recall']:.3f} ({told['recall_asked']} asked for)",
        f"latency {told['p50']:.2f} ms at the median, {told['p99']:.2f} ms for 99 in 100, {told['p999']:.2f} ms for 999 in 1000",
        f"time on a core for each: {told['server']:.0f} µs of the server, {told['client']:.0f} µs of the client;"
        f" shares of workers {', '.join(f'{each:.2f}' for each in told['balance'])}; load of the machine {told['others']:.1f}",
        f"the file has {size(told['file_bytes'])}; workers have {size(sum(each['index'] for each in memory))} of it mapped in memory,"
        f" which takes {size(sum(each['index_share'] for each in memory))}, and"
        f" {', '.join(size(each['own']) for each in memory)} of their own",
    )
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
