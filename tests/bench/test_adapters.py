"""Every library from end to end on random vectors: built in one process, opened in another, as the harness does it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.adapters import adapter, registry
from bench.adapters.sweeps import beam, measured
from bench.shape import Shape

ROOT = Path(__file__).resolve().parents[2]
COUNT, DIM, QUERIES, K = 2000, 32, 50, 10

SHAPES = [
    Shape("fashion-mnist", 60_000, 784, "euclidean"),
    Shape("sift-photos-1m", 1_000_000, 128, "euclidean"),
    Shape("glove-50", 390_000, 50, "angular"),
    Shape("npm-words", 75_433, 64, "dot"),
    Shape("tiny", COUNT, DIM, "euclidean"),
]

# Everything else finds nine of ten. Glass walks over four bits a value, which tell random vectors of few values apart badly.
LEAST_RECALL = {("glass", "euclidean"): 0.8}

BUILD = """
import json, pathlib, sys
import numpy as np
from bench.adapters import adapter
name, metric, folder, parameters = sys.argv[1:]
base = np.load(pathlib.Path(folder) / "base.npy")
adapter(name).build(base, metric, json.loads(parameters), 1, pathlib.Path(folder) / "index")
"""

SEARCH = """
import json, pathlib, sys
import numpy as np
from bench.adapters import adapter
name, metric, folder, count, k, sweep = sys.argv[1:]
folder, k, answers = pathlib.Path(folder), int(k), {}
queries = np.load(folder / "queries.npy")
searcher = adapter(name).open(folder / "index", metric, queries.shape[1], int(count))
for label, search in json.loads(sweep).items():
    searcher.set(search, k)
    ids = [np.asarray(searcher.one(query, k)) for query in queries]
    assert all(one.ndim == 1 and len(one) <= k for one in ids), "one: expected at most k ids"
    answers[f"{label} one"] = [[*one.tolist(), *[-1] * (k - len(one))] for one in ids]
    for threads in (1, 2):
        answers[f"{label} batch {threads}"] = searcher.batch(queries, k, threads)
    answers[f"{label} again"] = [[*one, *[-1] * (k - len(one))] for one in
        (np.asarray(searcher.one(query, k)).tolist() for query in queries)]
np.savez(folder / "answers.npz", **answers)
"""


@pytest.fixture(scope="module")
def vectors() -> tuple[Any, Any]:
    random = np.random.default_rng(4)
    # Lengths that differ, so that a library which forgets to normalise is found out.
    lengths = random.uniform(0.5, 2, (COUNT + QUERIES, 1)).astype(np.float32)
    rows = random.standard_normal((COUNT + QUERIES, DIM), np.float32) * lengths
    return rows[:COUNT].copy(), rows[COUNT:].copy()


def nearest(base: Any, queries: Any, metric: str) -> Any:
    products = queries.astype(np.float64) @ base.T.astype(np.float64)
    squares = (base.astype(np.float64) ** 2).sum(axis=1)
    scores = {
        "dot": lambda: products,
        "angular": lambda: products / np.sqrt(squares),
        "euclidean": lambda: products - squares / 2,
    }[metric]()
    return np.argsort(-scores, axis=1)[:, :K]


def recall(found: Any, truth: Any) -> float:
    return sum(len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist())) / truth.size


def run(script: str, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"exit status {done.returncode}:\n{done.stdout}\n{done.stderr}"


def skip_where_missing(name: str) -> None:
    package = adapter(name).package
    if package == "nearfile":
        return  # never skipped
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{package} is not installed")


@pytest.mark.parametrize(
    ("name", "metric"), [(name, m) for name, kind in registry().items() for m in sorted(kind.metrics)]
)
def test_a_process_that_opens_the_files_finds_the_nearest(
    name: str, metric: str, vectors: tuple[Any, Any], tmp_path: Path
) -> None:
    skip_where_missing(name)
    library = adapter(name)
    base, queries = vectors
    np.save(tmp_path / "base.npy", base)
    np.save(tmp_path / "queries.npy", queries)
    (tmp_path / "index").mkdir()
    shape = Shape("tiny", COUNT, DIM, metric)
    build = library.builds(shape)[-1]
    searches = library.searches(build, shape, K)
    sweep = json.dumps({"cheap": searches[0], "dear": searches[-1]})
    run(BUILD, name, metric, str(tmp_path), json.dumps(build))
    run(SEARCH, name, metric, str(tmp_path), str(COUNT), str(K), sweep)

    truth = nearest(base, queries, metric)
    with np.load(tmp_path / "answers.npz") as answers:
        found = {label: answers[label].astype(np.int64) for label in answers.files}
    for label, ids in found.items():
        assert ids.shape == truth.shape, label
        assert ids.min() >= -1, label
        assert ids.max() < COUNT, label
        if label.startswith("dear"):
            assert recall(ids, truth) >= LEAST_RECALL.get((name, metric), 0.9), label
    # One query after a batch is answered as before it: no setting of the batch is left behind.
    np.testing.assert_array_equal(found["dear one"], found["dear again"])


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@pytest.mark.parametrize("name", registry())
@pytest.mark.parametrize("k", [10, 100])
def test_parameters_are_few_and_can_be_written_as_json(name: str, shape: Shape, k: int) -> None:
    library = adapter(name)
    builds = library.builds(shape)
    assert bool(builds) == (shape.metric in library.metrics)
    assert len(builds) <= 6
    for build in builds:
        searches = library.searches(build, shape, k)
        # A library whose codes are all it has is measured at one place only.
        assert 6 <= len(searches) <= 15 or searches == [{"rerank": 0}]
        assert len({json.dumps(search) for search in searches}) == len(searches)
        assert json.loads(json.dumps([build, searches])) == [build, searches]


def test_walks_keep_no_fewer_than_are_asked_for() -> None:
    for k in (10, 100, 1000):
        widths = beam(SHAPES[0], k)
        assert widths[0] == k
        assert widths == sorted(set(widths))
    assert measured([(4, 30), (8, 40)], 10, 100) == [(4, 30), (8, 40)]
    assert measured([(4, 30), (8, 40), (16, 40)], 100, 8) == [(4, 210), (8, 220)]


@pytest.mark.parametrize("name", registry())
def test_an_adapter_is_made_and_read_without_its_library(name: str) -> None:
    hidden = f"import sys; sys.modules[{adapter(name).module.split('.')[0]!r}] = None\n"
    run(
        hidden + "from bench.adapters import adapter\n"
        "from bench.shape import Shape\n"
        f"library = adapter({name!r})\n"
        "library.builds(Shape('tiny', 2000, 32, 'euclidean'))\n"
        "try: library.load()\n"
        "except ImportError: pass\n"
        "else: raise AssertionError('expected an ImportError')\n"
    )
