"""Items to serve, and a server in processes of its own."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Callable

import httpx
import nearfile
import numpy as np

DIM = 16
N = 2000


def wait_for(holds: Callable[[], Any], seconds: float = 20) -> Any:
    """What ``holds`` gives, as soon as that is something."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def vectors(n: int = N, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)


def build(path: pathlib.Path | str | None, n: int = N, seed: int = 0, **options: Any) -> nearfile.Index:
    """Items with prices and languages, ids "item-0" and so on."""
    random = np.random.default_rng(seed)
    price = random.random(n) * 50
    columns = {"price": np.where(price > 45, np.nan, price), "lang": [("de", "fr", "en")[i % 3] for i in range(n)]}
    options.setdefault("ids", [f"item-{i}" for i in range(n)])
    return nearfile.build(vectors(n, seed), path, metric="euclidean", attributes=columns, **options)


class Server:
    """``nearfile serve``, stopped at the end."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "nearfile.cli", "serve", *map(str, arguments), "--json"]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.log: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(20)
            self._reading.join(10)
            raise AssertionError("".join(self.log))
        self.address: str = json.loads(line)["address"]

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)

    def client(self, **options: Any) -> httpx.Client:
        """Asks it."""
        return httpx.Client(base_url=self.address, timeout=30, verify=False, **options)

    def workers(self) -> list[int]:
        """Process numbers of the workers."""
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True)
        return [int(each) for each in found.stdout.split()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """The exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        self._reading.join(10)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return code
