"""A process that forks after it has searched and built on several threads, and its children."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import textwrap

BEFORE = """
    import multiprocessing, os, sys, threading, numpy, nearfile
    vectors = numpy.random.default_rng(0).random((3000, 16), numpy.float32)
    index = nearfile.build(vectors, threads=4, progress=False)
    expected = index.search(vectors, k=1, threads=4)[0].tolist()

    def work(_=None):
        found = index.search(vectors, k=1, threads=4)[0].tolist() == expected
        return found and len(nearfile.build(vectors, threads=4, progress=False)) == 3000
    """


def test_a_forked_child_works_on_several_threads(run_python) -> None:
    # Run with -W error: no thread is there that Python would warn of.
    script = """
        for turn in range(5):
            child = os.fork()
            if child == 0:
                os._exit(0 if work() else 1)
            assert os.waitpid(child, 0)[1] == 0
            assert work()
        """
    run_python(textwrap.dedent(BEFORE) + textwrap.dedent(script))


def test_a_forked_child_forks_again(run_python) -> None:
    script = """
        child = os.fork()
        if child == 0:
            grandchild = work() and os.fork()
            if grandchild == 0:
                os._exit(0 if work() else 1)
            os._exit(os.waitpid(grandchild, 0)[1])
        assert os.waitpid(child, 0)[1] == 0
        """
    run_python(textwrap.dedent(BEFORE) + textwrap.dedent(script))


def test_workers_that_are_forked_work_on_several_threads(tmp_path: pathlib.Path) -> None:
    # A file without -W error: the pool of multiprocessing has threads of its own.
    script = """
        if __name__ == "__main__":
            with multiprocessing.get_context("fork").Pool(3) as pool:
                assert all(pool.map(work, range(12)))
            assert work()
        """
    (tmp_path / "workers.py").write_text(textwrap.dedent(BEFORE) + textwrap.dedent(script))
    subprocess.run([sys.executable, tmp_path / "workers.py"], check=True, timeout=120)


def test_a_build_can_fork_from_its_progress_function(run_python) -> None:
    script = """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # the build's own threads are there
        children = []
        def fork(*_):
            if len(children) < 3:
                children.append(os.fork())
                if children[-1] == 0:
                    os._exit(0 if work() else 1)
        assert len(nearfile.build(vectors, threads=4, progress=fork)) == 3000
        assert children
        assert all(os.waitpid(child, 0)[1] == 0 for child in children)
        """
    run_python(textwrap.dedent(BEFORE) + textwrap.dedent(script))
