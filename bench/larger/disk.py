"""What the disk below a file can do: random reads of a page, one after another and several at once."""

from __future__ import annotations

import mmap
import os
import random
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

PAGE = 4096


def measure(path: Path, depths: tuple[int, ...] = (1, 16), seconds: float = 2) -> list[dict[str, Any]]:
    """Reads past the page cache, from threads that each wait for one: a record for each number of them.

    Raises:
        OSError: The system or the file system has no such reads (O_DIRECT).
    """
    if not hasattr(os, "O_DIRECT"):
        raise OSError("the disk: expected a system with O_DIRECT, this one has none: --no-disk leaves it out")
    file = os.open(path, os.O_RDONLY | os.O_DIRECT)
    try:
        return [_at(file, depth, seconds) for depth in depths]
    finally:
        os.close(file)


def _at(file: int, depth: int, seconds: float) -> dict[str, Any]:
    pages = os.fstat(file).st_size // PAGE
    found: list[list[float]] = [[] for _ in range(depth)]
    end = time.perf_counter() + seconds

    def read(place: int) -> None:
        chosen, buffer = random.Random(place), mmap.mmap(-1, PAGE)
        while (start := time.perf_counter()) < end:
            os.preadv(file, [buffer], chosen.randrange(pages) * PAGE)
            found[place].append(time.perf_counter() - start)

    threads = [threading.Thread(target=read, args=(place,)) for place in range(depth)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    latencies = np.array([one for some in found for one in some])
    return {
        "kind": "disk",
        "depth": depth,
        "reads_a_second": len(latencies) / seconds,
        "p50": float(np.percentile(latencies, 50)),
        "p99": float(np.percentile(latencies, 99)),
    }
