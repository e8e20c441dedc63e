"""Kills writers of a collection at random moments, and asks whether anything is lost: ``python tests/python/crashes.py``.

A child does calls that are the same every time, and says of each when it has returned. Killed, it must have left what these
calls made, or that and the next one; and a writer that comes after it leaves no file that is not needed. ``make soak``
does it some thousand times.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any, NoReturn

import nearfile
import numpy as np
from nearfile.collection import merging, writer

DIM = 8
Model = dict[Any, bytes]  # id to vector, in the order of adding

#: What a writer does by turns, of each kind.
KINDS = {
    "add": ["add"],
    "delete": ["add", "delete", "delete"],
    "flush": ["add", "delete", "flush"],
    "compact": ["add", "delete", "compact"],
    "large": ["large"],
    "open": ["add", "open"],
    "background": ["add", "add", "add", "delete"],
    "of": ["of", "add", "delete"],
}


def steps(kind: str, seed: int) -> Iterator[tuple[str, Any]]:
    """The calls of a child, and what they are given."""
    numbers = np.random.default_rng(seed)
    for turn in range(100_000):
        what = KINDS[kind][turn % len(KINDS[kind])]
        n = {"add": int(numbers.integers(1, 20)), "large": 120, "delete": 8, "of": 30}.get(what, 0)
        ids = numbers.choice(300, n, replace=False).astype(np.int64)
        yield what, (ids, numbers.random((n, DIM), np.float32), turn)


def expected(kind: str, seed: int, done: int) -> Model:
    """What there is after so many calls."""
    model: Model = {}
    for _, (what, (ids, vectors, _)) in zip(range(done), steps(kind, seed)):
        for id_, vector in zip(ids.tolist(), vectors):
            model.pop(id_, None)
            if what != "delete":
                model[id_] = vector.tobytes()
    return model


def opened(folder: pathlib.Path, kind: str) -> nearfile.Collection:
    """As the child and who comes after it open it."""
    return nearfile.Collection(folder, DIM, "euclidean", background=kind == "background", grace=0.0, threads=1)


def work(folder: pathlib.Path, kind: str, seed: int, told: int) -> NoReturn:
    """What the child does until it is killed."""
    writer.SEGMENT_ROWS = 100
    merging.LOG_ROWS, merging.SMALLEST = 40, 20
    items = opened(folder, kind)
    os.write(told, b".")
    for what, (ids, vectors, turn) in steps(kind, seed):
        if what in ("add", "large"):
            items.add(vectors, ids)
        elif what == "delete":
            items.delete(ids)
        elif what == "of":
            part = folder.parent / f"part {turn}.near"
            nearfile.build(vectors, part, metric="euclidean", ids=ids, threads=1, progress=False).close()
            items.close()
            items = nearfile.Collection.of(folder, [part], grace=0.0, threads=1, background=False)
        elif what == "open":
            items.close()
            items = opened(folder, kind)
        else:
            getattr(items, what)()
        os.write(told, b".")
    os._exit(1)


def acknowledged(kind: str, folder: pathlib.Path, seed: int, seconds: float) -> int:
    """How many calls had returned when the child was killed, after so long from its first."""
    reading, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            work(folder, kind, seed, told)
        finally:
            os._exit(2)
    os.close(told)
    returned = len(os.read(reading, 1)) if kind != "open" else 0  # it has been opened
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while part := os.read(reading, 1 << 16):
        returned += len(part)
    os.close(reading)
    assert os.WIFSIGNALED(status), f"the child ended by itself: {status}"
    return max(0, returned - 1)


def check(folder: pathlib.Path, kind: str, seed: int, done: int) -> None:
    """That what is there is what so many calls made, or one more."""
    if not (folder / "MANIFEST").exists():
        assert done == 0, "there is no collection"
        opened(folder, kind).close()
    may_be = [expected(kind, seed, done), expected(kind, seed, done + 1)]
    with nearfile.open(folder, verify=True) as index:
        there = model_of(index)
    assert there in [list(each.items()) for each in may_be], f"after {done} calls there are {len(there)} items"
    with nearfile.Collection(folder, background=False, grace=0.0) as items:
        assert model_of(items) == there
        items.add(np.ones((1, DIM)), ids=[999])
        assert model_of(items)[:-1] == there
    with nearfile.open(folder, verify=True) as index:
        assert model_of(index)[:-1] == there
        manifest = index._source.state.manifest  # type: ignore[attr-defined]
    needed = manifest.files() | {"MANIFEST", "lock", f"manifest-{manifest.generation:012d}"}
    assert {path.name for path in folder.iterdir()} == needed - {each for each in needed if "/" in each}


def model_of(index: nearfile.Index) -> list[tuple[Any, bytes]]:
    """Ids and vectors, in order."""
    ids = index.ids.tolist()
    return list(zip(ids, [vector.tobytes() for vector in index.vectors(ids)]))


def main() -> None:
    """Kill so many of each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--kills", type=int, default=200, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=0.4, help="seconds that a child lives at most")
    given = parser.parse_args()
    chance = random.Random(given.seed)
    for kind in given.kinds:
        calls = 0
        for kill in range(given.kills):
            seed = chance.randrange(1 << 30)
            place = pathlib.Path(tempfile.mkdtemp())
            done = acknowledged(kind, place / "items", seed, chance.random() ** 2 * given.longest)
            try:
                check(place / "items", kind, seed, done)
            except BaseException:
                print(f"{kind}, kill {kill}, seed {seed}, {done} calls: {place}", file=sys.stderr)  # noqa: T201
                raise
            calls += done
            shutil.rmtree(place)
        print(f"{kind}: {given.kills} kills, {calls} calls had returned, nothing was lost", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
