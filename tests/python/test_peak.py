"""A build takes little more memory than the file it makes: measured by the process itself, the caller's array not counted."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

COUNT, DIM = 30_000, 128
MOST = 1.25

# Everything that is there once for a process is there before: the modules, threads, scratch of a first build.
BUILD = """
import json, pathlib, sys, numpy, nearfile

def status(name):
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024

data = numpy.load(sys.argv[1])
path = None if sys.argv[2] == "memory" else sys.argv[2]
options = {"metric": "euclidean", "threads": 2, "progress": False, **json.loads(sys.argv[3])}
batch = options.pop("batch", None)
nearfile.build(data[:2000], **options)
data.sum()
pathlib.Path("/proc/self/clear_refs").write_text("5")
before = status("VmRSS")
if batch is None:
    index = nearfile.build(data, path, **options)
else:
    builder = nearfile.Builder(data.shape[1], path=path, **options)
    for start in range(0, len(data), batch):
        builder.add(data[start : start + batch])
    index = builder.build()
print(json.dumps([status("VmHWM") - before, index.info()["file_bytes"]]))
"""


def _can_measure() -> bool:
    try:
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return "VmHWM:" in pathlib.Path("/proc/self/status").read_text()


pytestmark = pytest.mark.skipif(not _can_measure(), reason="this system does not say what a process had at most")


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    random = np.random.default_rng(13)
    found = random.normal(size=(COUNT, 16)) @ random.normal(size=(16, DIM)) + random.normal(size=(COUNT, DIM))
    path: pathlib.Path = tmp_path_factory.mktemp("peak") / "vectors.npy"
    np.save(path, found.astype(np.float32))
    return path


def _peak(vectors: pathlib.Path, to: str, **options: object) -> float:
    """What a build took at most, by the bytes of its file."""
    command = [sys.executable, "-c", BUILD, str(vectors), to, json.dumps(options)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    peak, size = json.loads(done.stdout)
    return float(peak / size)


@pytest.mark.parametrize("to", ["file", "memory"])
def test_an_array_of_floats_is_not_copied_and_no_section_is_there_twice(
    vectors: pathlib.Path, tmp_path: pathlib.Path, to: str
) -> None:
    path = str(tmp_path / "a.near") if to == "file" else to
    assert _peak(vectors, path) <= MOST
    assert _peak(vectors, path, keep="half") <= MOST


def test_bytes_are_kept_as_bytes(vectors: pathlib.Path, tmp_path: pathlib.Path) -> None:
    as_bytes = tmp_path / "bytes.npy"
    scaled = np.load(vectors)
    np.save(as_bytes, np.clip(scaled * 8 + 128, 0, 255).round().astype(np.float32))
    assert _peak(as_bytes, str(tmp_path / "a.near"), batch=1000) <= MOST
