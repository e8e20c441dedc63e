"""The verb ``pages``: what searches cost where the file is larger than the memory allowed."""

import json
import subprocess
import sys
from contextlib import nullcontext
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any, Optional

import nearfile
import numpy as np
import typer
from nearfile.cli import output

from bench import datasets, machine, pages
from bench.larger import disk
from bench.larger.group import Group

Record = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]


def larger(
    data: Annotated[
        str, typer.Option(help=f"{', '.join(datasets.NAMED)}, a .hdf5 file, or base.npy,query.npy.", show_default=False)
    ],
    index: Annotated[Optional[Path], typer.Option(help="A file of it. Default: one is built in WORK.")] = None,
    profile: Annotated[str, typer.Option(help="Of the file that is built.")] = "compact",
    noise: Annotated[
        float, typer.Option(help="Add so much at most to every value: of whole numbers it makes floats.")
    ] = 0,
    times: Annotated[float, typer.Option(help="How many times the memory allowed the file is.")] = 4,
    prefault: Annotated[bool, typer.Option(help="Open with prefault='hot'.")] = True,
    recall: Annotated[float, typer.Option(help="That is asked for.")] = 0.95,
    k: Annotated[int, typer.Option("-k", "--k", help="How many neighbours.", min=1)] = 10,
    queries: Annotated[int, typer.Option(help="Of each pass.", min=1)] = 1000,
    passes: Annotated[int, typer.Option(help="After one that warms up; the best is told.", min=1)] = 4,
    measure_disk: Annotated[bool, typer.Option("--disk/--no-disk", help="Measure the disk first.")] = True,
    out: Annotated[Path, typer.Option(help="Results, appended as JSON lines.")] = Path("larger.jsonl"),
    work: Annotated[Path, typer.Option(help="A folder for indexes.")] = Path("build/bench"),
    data_dir: Annotated[
        Optional[Path], typer.Option(help="The folder of .npz data sets.", envvar=datasets.DATA_DIR)
    ] = None,
    metric: Annotated[Optional[str], typer.Option(help="Of .npy files: euclidean, angular or dot.")] = None,
) -> None:
    """Search a file in a fraction of its size of memory, and in all that it wants, each in a process of its own."""
    work.mkdir(parents=True, exist_ok=True)
    wanted, base, query = datasets.read(data, data_dir, metric)
    path = index or work / f"larger-{Path(data).stem}-{profile}-{noise:g}.near"
    if not path.exists():
        floats = np.asarray(base, np.float32)
        if noise:
            floats = floats + np.random.default_rng(0).random(floats.shape, np.float32) * np.float32(noise)
        nearfile.build(floats, path, metric=wanted, profile=profile, progress=False).close()
    size = path.stat().st_size
    task: Record = {"index": str(path), "k": k, "recall": recall, "passes": passes, "queries_a_pass": queries}
    task |= _questions(path, np.asarray(query, np.float32)[: queries * (passes + 1)], k, work)
    head: Record = {"kind": "larger", "machine": machine.describe(), "revision": machine.revision(), "bytes": size}
    head |= {"data": data, "profile": profile, "times": times, "recall": recall, "k": k, "prefault": prefault}
    records: list[Record] = [{**head, "time": datetime.now(timezone.utc).isoformat(timespec="seconds")}]
    if measure_disk:
        records += disk.measure(path)
    records += [{**each, "within": "all"} for each in _run({**task, "prefault": True}, None)]
    limited = {**task, "prefault": "hot" if prefault else False}
    records += [{**each, "within": "limit"} for each in _run(limited, int(size / times))]
    with out.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(each) + "\n" for each in records)
    show(records)


def _questions(path: Path, query: Any, k: int, work: Path) -> dict[str, str]:
    """Queries and their nearest, as files."""
    files = {name: str(work / f"{path.stem}-{name}-{k}.npy") for name in ("queries", "truth")}
    with nearfile.open(path) as index:
        np.save(files["truth"], index.search(query, k, exact=True)[0])
    np.save(files["queries"], query)
    return files


def _run(task: Record, limit: Optional[int]) -> list[Record]:
    """What a worker finds that begins with nothing of the file in the page cache."""
    with nullcontext() if limit is None else Group(limit) as group:
        file = Path(task["index"])
        pages.drop_file(file)
        command = [sys.executable, "-m", "bench.larger.worker", json.dumps(task)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=machine.environment(1), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if group is not None:
            group.enter(process.pid)
        said, _ = process.communicate("\n")
    if process.returncode:
        raise ValueError(f"the search within {limit} bytes ended with code {process.returncode}: too few for it?")
    return [json.loads(line) for line in said.splitlines()]


def show(records: list[Record]) -> None:
    """The figures of one run."""
    head = records[0]
    output.print_line(f"{head['bytes'] / 1e6:,.0f} MB, {head['times']:g} times the memory allowed")
    for each in records:
        if each["kind"] == "disk":
            output.print_line(
                f"disk, {each['depth']} at once: {each['reads_a_second']:,.0f} pages of 4 KiB a second, "
                f"{each['p50'] * 1e6:,.0f} us, p99 {each['p99'] * 1e6:,.0f} us"
            )
    head_row = ["memory", "open s", "first query ms", "recall", "q/s", "p50 us", "p99 us", "pages a query"]
    rows = []
    for within in ("all", "limit"):
        mine = [each for each in records if each.get("within") == within]
        first, best = mine[0], max((each for each in mine if each["kind"] == "pass"), key=lambda each: each["rate"])
        counted = "-" if best["pages"] is None else f"{best['pages']:.1f}"
        rows.append(
            [
                "all of it" if within == "all" else f"{head['bytes'] / head['times'] / 1e6:,.0f} MB",
                f"{first['open']:.2f}",
                f"{first['query'] * 1e3:.2f}",
                f"{best['recall']:.4f}",
                f"{best['rate']:,.0f}",
                f"{best['p50'] * 1e6:,.0f}",
                f"{best['p99'] * 1e6:,.0f}",
                counted,
            ]
        )
    output.print_table(head_row, rows, left=(0,), title=f"recall {head['recall']:g} asked for, k = {head['k']}")
