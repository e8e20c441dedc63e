"""The program ends while other threads are inside nearfile: quietly, and with the exit code that it would have anyway."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

RUNS = 3

# `Slow` holds up the interpreter's end, with the GIL released, so that every thread asks for it while there is none.
BEFORE = """
    import sys, threading, time
    import numpy as np
    import nearfile

    class Slow:
        def __del__(self, sleep=time.sleep):
            sleep(0.2)

    class Sequence:
        def __len__(self):
            return 32
        def __getitem__(self, i):
            return Number()

    class Number:
        def __float__(self):
            return sum(i for i in range(10)) / 45

    slow = Slow()
    vectors = np.random.default_rng(0).standard_normal((3000, 32)).astype("f")
    data = vectors.repeat(10, axis=0) + np.random.default_rng(1).standard_normal((30000, 32)).astype("f")
    index = nearfile.build(vectors, progress=False, threads=1)
    annoy = nearfile.AnnoyIndex(32, "angular")
    annoy.add_items(None, vectors)
    annoy.build(5, 1)
    one, several = vectors[0], vectors[:300]
    collected = nearfile.Builder(32)
    items = nearfile.AnnoyIndex(32, "angular")
    contents = index._core.contents()

    def caught(call, *arguments):
        try:
            call(*arguments)
        except nearfile.NearfileError:
            pass

    def build_annoy(jobs):
        fresh = nearfile.AnnoyIndex(32, "angular")
        fresh.add_items(None, vectors)
        fresh.build(5, jobs)

    inside = threading.Event()

    def repeat():
        while True:
            inside.set()
            CALL

    for _ in range(THREADS):
        threading.Thread(target=repeat, daemon=True).start()
    inside.wait()
    time.sleep(0.1)
    """

CALLS = {
    "searching one by one": "index.search(one, k=5)",
    "searching a list": "index.search(one.tolist(), k=5)",
    "searching a batch on one thread": "index.search(several, k=5, threads=1)",
    "searching a batch on two threads": "index.search(several, k=5, threads=2)",
    "searching exactly": "index.search(several, k=5, exact=True, threads=2)",
    "building on one thread": "nearfile.build(data, progress=False, threads=1)",
    "building on two threads": "nearfile.build(data, progress=False, threads=2)",
    "building with a function": "nearfile.build(data, threads=2, progress=lambda *_: sum(range(1000)))",
    "building with a slow function": "nearfile.build(data, threads=2, progress=lambda *_: time.sleep(0.05))",
    "building with a bar": "nearfile.build(data, threads=2, progress=nearfile.progress.Bar(open('/dev/null', 'w')))",
    "building from queries": "nearfile.build(vectors, queries=several, progress=False)",
    "adding": "collected.add(several)",
    "adding to an AnnoyIndex": "items.add_items(None, several)",
    "adding one by one": "items.add_item(3, one)",
    "adding what Python computes": "items.add_item(3, Sequence())",
    "building an AnnoyIndex": "build_annoy(2)",
    "searching an AnnoyIndex": "annoy.get_nns_by_vector(one, 5)",
    "searching an AnnoyIndex for many": "annoy.get_nns_by_vectors(several, 5, n_jobs=2)",
    "opening what is not there": "caught(nearfile.open, '/nowhere/items.near')",
    "opening bytes": "nearfile.open_buffer(contents).close()",
    "asking for vectors": "index.vectors(range(1000))",
}


def end_of(call: str, *, threads: int = 1, last: str = "") -> set[tuple[int, str, str]]:
    """Exit codes, and what was written, of several runs that end while `threads` daemon threads repeat `call`."""
    script = textwrap.dedent(BEFORE).replace("CALL", call).replace("THREADS", str(threads)) + last

    def run(_: int) -> tuple[int, str, str]:
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    with ThreadPoolExecutor(2) as pool:
        return set(pool.map(run, range(RUNS)))


@pytest.mark.parametrize("doing", CALLS)
def test_a_program_ends_quietly_while_a_thread_is(doing: str) -> None:
    assert end_of(CALLS[doing]) == {(0, "", "")}


@pytest.mark.parametrize(
    "doing",
    [
        "searching one by one",
        "searching a batch on two threads",
        "building with a function",
        "opening what is not there",
    ],
)
def test_a_program_ends_quietly_while_several_threads_are(doing: str) -> None:
    assert end_of(CALLS[doing], threads=4) == {(0, "", "")}


@pytest.mark.parametrize("doing", ["searching one by one", "building on two threads", "building with a slow function"])
def test_a_program_that_exits_by_itself_keeps_its_exit_code(doing: str) -> None:
    assert end_of(CALLS[doing], last="sys.exit(7)") == {(7, "", "")}


@pytest.mark.parametrize("doing", ["searching one by one", "building on two threads", "building with a slow function"])
def test_a_program_that_fails_shows_its_own_error_alone(doing: str) -> None:
    ends = end_of(CALLS[doing], last="raise RuntimeError('of its own')")
    assert {(code, out) for code, out, _ in ends} == {(1, "")}
    for _, _, errors in ends:
        assert errors.startswith("Traceback")
        assert errors.endswith("RuntimeError: of its own\n")


def test_an_object_searches_and_builds_while_the_interpreter_ends(run_python) -> None:
    script = """
        import numpy, nearfile
        class Last:
            def __init__(self):
                self.index = nearfile.build(numpy.eye(20), progress=False)
                self.build, self.eye, self.print = nearfile.build, numpy.eye(20), print
            def __del__(self):
                self.index.search(self.eye, k=1, threads=2)
                again = self.build(self.eye, progress=lambda *_: None)
                self.print(again.search(self.eye[7], k=1)[0].tolist(), flush=True)
        last = Last()
        """
    assert run_python(script) == "[7]\n"


def test_a_thread_that_is_no_daemon_is_waited_for(run_python) -> None:
    script = """
        import threading, numpy, nearfile
        def work():
            index = nearfile.build(numpy.random.default_rng(0).random((20000, 32)), progress=lambda *_: None)
            print(len(index), flush=True)
        threading.Thread(target=work).start()
        """
    assert run_python(script) == "20000\n"
