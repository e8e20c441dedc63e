"""One file and several processes, and a build that is interrupted from outside."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import textwrap

import nearfile
import numpy as np
import pytest
import reference


def test_another_process_finds_the_same(tmp_path: pathlib.Path, run_python) -> None:
    vectors = reference.vectors_for("cosine", 1000, 8)
    index = nearfile.build(
        vectors, tmp_path / "items.near", metric="cosine", ids=[f"item {row}" for row in range(1000)]
    )
    out = run_python(
        """
        import sys, nearfile
        for name in nearfile.open(sys.argv[1]).neighbors("item 5")[0]: print(name)
        """,
        tmp_path / "items.near",
    )
    assert out.splitlines() == index.neighbors("item 5")[0].tolist()


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_share_an_index_by_pickling_it(tmp_path: pathlib.Path, method: str) -> None:
    script = """
        import multiprocessing, sys, numpy, nearfile
        def search(arguments):
            index, row = arguments
            return index.neighbors(row, k=1)[0].tolist()
        if __name__ == "__main__":
            index = nearfile.build(numpy.eye(20), sys.argv[1])
            with multiprocessing.get_context(sys.argv[2]).Pool(2) as pool:
                assert pool.map(search, [(index, row) for row in range(20)]) == [[row] for row in range(20)]
        """
    # A file, since the workers import what they run from it.
    (tmp_path / "share.py").write_text(textwrap.dedent(script))
    subprocess.run([sys.executable, tmp_path / "share.py", tmp_path / "items.near", method], check=True, timeout=120)


def test_a_forked_child_searches_what_its_parent_opened(tmp_path: pathlib.Path, run_python) -> None:
    run_python(
        """
        import os, sys, numpy, nearfile
        index = nearfile.build(numpy.eye(20), sys.argv[1])
        index.search(numpy.eye(20), k=1)
        child = os.fork()
        if child == 0:
            found, _ = index.search(numpy.eye(20), k=1, threads=1)
            os._exit(0 if found.ravel().tolist() == list(range(20)) else 1)
        assert os.waitpid(child, 0)[1] == 0
        """,
        tmp_path / "items.near",
    )


@pytest.mark.parametrize("progress", ["None", "False", "lambda *_: None"])
def test_ctrl_c_stops_a_build_and_leaves_no_file(tmp_path: pathlib.Path, progress: str) -> None:
    script = f"""
        import sys, numpy, nearfile
        builder = nearfile.Builder(64, path=sys.argv[1], n_trees=500, progress={progress})
        builder.add(numpy.random.default_rng(0).random((100_000, 64), numpy.float32))
        print("building", flush=True)
        try:
            builder.build()
        except KeyboardInterrupt:
            print("interrupted", len(builder), flush=True)
        """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), tmp_path / "items.near"], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)  # it takes far longer than that
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted 100000\n"
        assert process.wait(10) == 0
    assert os.listdir(tmp_path) == []


def test_ctrl_c_stops_a_batch_between_its_blocks(tmp_path: pathlib.Path) -> None:
    vectors = np.random.default_rng(0).random((200_000, 32), np.float32)
    nearfile.build(vectors, tmp_path / "items.near", structure="forest", n_trees=1)
    script = """
        import sys, numpy, nearfile
        index = nearfile.open(sys.argv[1])
        print("searching", flush=True)
        try:
            index.search(numpy.random.default_rng(0).random((1_000_000, 32), numpy.float32), exact=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), tmp_path / "items.near"], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "searching\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "interrupted\n"
        assert process.wait(30) == 0
