"""A build takes little more memory than the file it makes: measured by the process itself, the caller's array not counted."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from bench import peak

COUNT, DIM = 30_000, 128
MOST = 1.25


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


def share(vectors: pathlib.Path, *, to_file: bool = True, **options: object) -> float:
    """What a build took at most, by the bytes of its file."""
    took = peak.in_process(vectors, to_file=to_file, metric="euclidean", threads=2, **options)
    return float(took["peak"] / took["bytes"])


@pytest.mark.parametrize("to_file", [True, False])
def test_an_array_of_floats_is_not_copied_and_no_section_is_there_twice(vectors: pathlib.Path, to_file: bool) -> None:
    assert share(vectors, to_file=to_file) <= MOST
    assert share(vectors, to_file=to_file, keep="half") <= MOST


def test_bytes_are_kept_as_bytes(vectors: pathlib.Path, tmp_path: pathlib.Path) -> None:
    as_bytes = tmp_path / "bytes.npy"
    scaled = np.load(vectors)
    np.save(as_bytes, np.clip(scaled * 8 + 128, 0, 255).round().astype(np.float32))
    assert share(as_bytes, batch=1000) <= MOST
