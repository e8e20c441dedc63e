"""Starting the processes that measure, and ending them when their time is over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import machine

Record = dict[str, Any]
ROOT = Path(__file__).resolve().parents[1]
TOLD = 300  # characters of what a library printed last


class WorkerError(Exception):
    """A process ended without finishing; the message says why."""


def work(
    stage: str, task: Record, threads: int, limit: float, log: Path, cores: list[int] | None = None
) -> Iterator[Record]:
    """Run one task in a process of its own, and pass on its records as they come.

    Args:
        stage: One of ``bench.measure.STAGES``.
        task: What ``bench.measure`` is to do.
        threads: How many it may work on.
        limit: Seconds after which it is killed.
        log: The file that takes what the library prints.
        cores: Those that it is kept on; ``None`` where none is timed, or a process cannot be kept on any.

    Raises:
        WorkerError: It was killed, crashed, or said that it failed. The records until then have been passed on.
    """
    read, write = os.pipe()
    task = {**task, "threads": threads, "cores": cores, "pipe": write}
    with log.open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.measure", stage, json.dumps(task)],
            cwd=ROOT,
            env=machine.environment(threads),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            pass_fds=[write],
            start_new_session=True,  # Ctrl-C is for the run: a measurement that it ended would look like one that failed
        )
    os.close(write)
    over = threading.Event()

    def end() -> None:
        over.set()
        process.kill()

    timer = threading.Timer(limit, end)
    timer.start()
    error = None
    try:
        with open(read, encoding="utf-8") as pipe:
            for line in pipe:
                if not line.endswith("\n"):  # killed while it wrote
                    break
                record = json.loads(line)
                error = record.get("error", error)
                if "error" not in record:
                    yield record
        process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.wait()
    if over.is_set():
        raise WorkerError(f"time limit of {limit:g} s")
    if error is not None:
        raise WorkerError(error)
    if process.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").strip()[-TOLD:]
        raise WorkerError(f"ended with code {process.returncode}: {said or 'it printed nothing'}")
