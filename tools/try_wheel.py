"""Try an installed nearfile as wheels are tried on every system: build, save, open in another process, compare with NumPy.

    python tools/try_wheel.py

Needs NumPy alone. Prints what was tried; ends with an error where anything is not as it should be.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import nearfile
import numpy as np

SEARCH = """
import sys, numpy as np, nearfile
with nearfile.open(sys.argv[1], verify=True) as index:
    ids, distances = index.search(np.load(sys.argv[2]), k=5, exact=True)
    np.savez(sys.argv[3], ids=ids, distances=distances)
"""


def expect(holds: bool, what: str) -> None:
    """End with ``what`` where it does not hold."""
    if not holds:
        sys.exit(f"expected {what}")
    print(what)


def main() -> None:
    """Try it in a folder of its own."""
    rng = np.random.default_rng(0)
    vectors = rng.random((3000, 40), dtype=np.float32)
    queries = rng.random((50, 40), dtype=np.float32)
    truth = ((queries[:, None, :] - vectors[None, :, :]) ** 2).sum(axis=2).argsort(axis=1, kind="stable")[:, :5]
    info = nearfile.info()
    print(f"nearfile {info['version']}, {info['instruction_set']} of {', '.join(info['supported_instruction_sets'])}")
    with tempfile.TemporaryDirectory() as folder:
        path, asked, found = (str(Path(folder, name)) for name in ("items ö.near", "queries.npy", "found.npz"))
        nearfile.build(vectors, path, metric="euclidean", ids=[f"item-{i}" for i in range(3000)], progress=False)
        np.save(asked, queries)
        subprocess.run([sys.executable, "-c", SEARCH, path, asked, found], check=True, timeout=120)
        with np.load(found, allow_pickle=True) as answers:
            ids = answers["ids"].tolist()
        expect(ids == [[f"item-{i}" for i in row] for row in truth], "another process finds what NumPy finds")
        with nearfile.open(path) as index:
            walked = index.search(queries, k=5, recall=0.95).ids.tolist()
            expect(np.mean([len({*a} & {*b}) / 5 for a, b in zip(walked, ids)]) > 0.9, "a walk finds nine tenths")
            # Where an open file can be replaced depends on the system: docs/files.md.
        nearfile.build(vectors[:100], path, metric="euclidean", progress=False)
        with nearfile.open(path) as index:
            expect(len(index) == 100, "a file is replaced by another")
        with nearfile.Collection(str(Path(folder, "items")), dim=40, metric="euclidean") as collection:
            collection.add(vectors[:200], ids=list(range(200)))
            collection.delete([7])
        with nearfile.open(str(Path(folder, "items"))) as index:
            expect(len(index) == 199, "a collection keeps what was added and deleted")
        try:
            nearfile.open(asked)
        except nearfile.BadFileError:
            print("a foreign file is refused")
        else:
            sys.exit("expected a foreign file to be refused")


if __name__ == "__main__":
    main()
