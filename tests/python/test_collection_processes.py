"""One writer and many readers: locks, forks, kills, threads, old generations, and copies that are made meanwhile."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import nearfile
import numpy as np
import pytest
import reference
from crashes import KINDS
from nearfile.collection.manifest import Manifest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="collections are written on POSIX")


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "items"


def test_there_is_one_writer(folder: pathlib.Path, run_python) -> None:
    script = """
        import errno, sys, nearfile
        try:
            nearfile.Collection(sys.argv[1])
        except nearfile.LockedError as error:
            assert isinstance(error, BlockingIOError), error
            assert error.errno == errno.EWOULDBLOCK, error
            print(error)
        """
    with nearfile.Collection(folder, dim=2) as items:
        with pytest.raises(nearfile.LockedError, match=f"process {os.getpid()}"):
            nearfile.Collection(folder)
        assert f"process {os.getpid()}" in run_python(script, folder)
        items.add(np.eye(2))
        assert len(nearfile.open(folder)) == 2
    assert run_python(script, folder) == ""


def test_a_collection_that_nobody_holds_lets_go_of_its_lock(folder: pathlib.Path) -> None:
    items = nearfile.Collection(folder, dim=2)
    items.add(np.eye(2))
    del items
    nearfile.Collection(folder).close()


def test_a_process_that_ends_without_closing_leaves_nothing_locked(folder: pathlib.Path, run_python) -> None:
    script = """
        import sys, numpy, nearfile
        items = nearfile.Collection(sys.argv[1], dim=8)
        for _ in range(30):
            items.add(numpy.random.default_rng(0).random((1000, 8)))
        print(len(items))
        """
    assert run_python(script, folder) == "30000\n"
    with nearfile.Collection(folder) as items:
        assert len(items) == 30000


def test_a_forked_child_reads_and_does_not_write(folder: pathlib.Path, run_python) -> None:
    script = """
        import os, sys, numpy, nearfile
        items = nearfile.Collection(sys.argv[1], dim=4, background=False)
        items.add(numpy.eye(4))
        reader = nearfile.open(sys.argv[1], follow=True)
        assert len(reader) == 4
        child = os.fork()
        if child == 0:
            try:
                items.add(numpy.eye(4))
            except nearfile.ClosedError:
                found, _ = reader.search(numpy.eye(4), 1, threads=1)
                os._exit(0 if found.ravel().tolist() == [0, 1, 2, 3] and len(items) == 4 else 1)
            os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert items.add(numpy.eye(4)).tolist() == [4, 5, 6, 7]
        # The child's end did not let go of the lock.
        try:
            nearfile.Collection(sys.argv[1])
        except nearfile.LockedError:
            pass
        """
    run_python(script, folder)


@pytest.mark.parametrize("kind", KINDS)
def test_a_writer_that_is_killed_loses_nothing(kind: str) -> None:
    script = pathlib.Path(__file__).with_name("crashes.py")
    done = subprocess.run(
        [sys.executable, script, "--kinds", kind, "--kills", "6"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "nothing was lost" in done.stdout


def test_a_reader_holds_an_old_generation_whose_files_are_gone(folder: pathlib.Path) -> None:
    vectors = reference.vectors_for("euclidean", 300, 8)
    with nearfile.Collection(folder, dim=8, metric="euclidean", background=False, grace=0.0) as items:
        items.add(vectors)
        items.flush()
        items.delete(range(0, 300, 7))
        index = nearfile.open(folder)
        held = set(os.listdir(folder))
        expected = index.search(vectors[:20], 5, exact=True)
        for _ in range(5):
            items.add(vectors[:50], ids=range(50))
            items.compact()
        assert not {name for name in held if name.endswith((".near", ".log"))} & set(os.listdir(folder))
        for found, before in zip(index.search(vectors[:20], 5, exact=True), expected):
            assert np.array_equal(found, before)
        assert index.vector(1).tolist() == vectors[1].tolist()
        assert index.refresh()
        assert len(index) == len(items)


def test_what_is_superseded_stays_for_the_grace(folder: pathlib.Path) -> None:
    with nearfile.Collection(folder, dim=2, background=False, grace=1000.0) as items:
        items.add(np.eye(2))
        items.flush()
        before = set(os.listdir(folder))
        items.compact()
        items.add(np.eye(2))
        items.compact()
        assert before <= set(os.listdir(folder))
        (folder / "segment-0123456789abcdef.near").write_bytes(b"a task that died")
        (folder / "notes.txt").write_bytes(b"the user's own")
        (folder / "segment.near").write_bytes(b"the same")
    with nearfile.Collection(folder, grace=1000.0):
        assert before <= set(os.listdir(folder))
    old = time.time() - 2000
    for name in os.listdir(folder):
        os.utime(folder / name, (old, old))
    with nearfile.Collection(folder, grace=1000.0) as items:
        manifest = items._source.state.manifest
        kept = {"MANIFEST", "lock", f"manifest-{manifest.generation:012d}", "notes.txt", "segment.near"}
        assert set(os.listdir(folder)) == manifest.files() | kept


def test_many_threads_search_while_others_write_refresh_and_close(folder: pathlib.Path) -> None:
    vectors = reference.vectors_for("euclidean", 1000, 8)
    with nearfile.Collection(folder, dim=8, metric="euclidean", grace=0.0) as items:
        items.add(vectors)
        items.flush()
        ending = threading.Event()

        def search(turn: int) -> int:
            index = nearfile.open(folder, follow=turn % 2 == 0)
            searched = 0
            while not ending.is_set():
                # What was there at first is never deleted, and nearest to itself at any moment.
                row = searched % 1000
                found, far = index.search(vectors[row : row + 3], 1, exact=True)
                assert far.max() == 0
                assert found.ravel().tolist() == list(range(row, min(row + 3, 1000)))
                assert len(index.neighbors(row, 3)[0]) == 3
                assert len(index.ids) >= 1000
                if turn % 2:
                    index.refresh()
                searched += 1
            index.close()
            return searched

        def closing(_: int) -> int:
            closed = 0
            while not ending.is_set():
                index = nearfile.open(folder)
                other = threading.Thread(target=index.close)
                other.start()
                try:
                    while True:
                        assert index.search(vectors[5], 1, exact=True)[0].tolist() == [5]
                except nearfile.ClosedError:
                    closed += 1
                other.join()
            return closed

        def write() -> None:
            random = np.random.default_rng(0)
            for turn in range(60):
                added = items.add(random.random((20, 8)) + 50)
                items.delete(added[::2])
                if turn % 10 == 5:
                    items.flush()
                if turn % 30 == 20:
                    items.compact()
            ending.set()

        with ThreadPoolExecutor(6) as pool:
            others = [pool.submit(search, turn) for turn in range(4)] + [pool.submit(closing, 0)]
            try:
                pool.submit(write).result(timeout=120)
            finally:
                ending.set()
            assert all(other.result(timeout=60) > 0 for other in others)
        assert len(items) == 1600
        items.verify()


def test_many_threads_add_and_delete(folder: pathlib.Path) -> None:
    vectors = reference.vectors_for("euclidean", 50, 8)
    with nearfile.Collection(folder, dim=8, metric="euclidean") as items:

        def add(thread: int) -> list[int]:
            added: list[int] = []
            for turn in range(20):
                added += items.add(vectors[: turn + 1]).tolist()
                assert items.delete(added[:1]) == 1
                added.pop(0)
                if turn == thread:
                    items.flush()
            return added

        with ThreadPoolExecutor(5) as pool:
            all_ids = [id_ for added in pool.map(add, range(5)) for id_ in added]
        assert len(set(all_ids)) == len(all_ids)
        assert sorted(items.ids.tolist()) == sorted(all_ids)


WRITING = """
    import sys, numpy, nearfile
    from nearfile.collection import merging
    merging.LOG_ROWS, merging.SMALLEST = 40, 20
    items = nearfile.Collection(sys.argv[1], dim=2, metric="euclidean", threads=1)
    # The last five are there, and every tenth.
    for i in range(100_000):
        items.add([[i, 0]])
        if i >= 5 and (i - 5) % 10:
            items.delete([i - 5])
        print(i, flush=True)
        if i % 40 == 39:
            items.flush()
    """


def whole(ids: list[int]) -> int:
    """The last id of such a collection, which has all that it is to have."""
    last = max(ids, default=-1)
    stays = [i for i in range(last + 1) if i % 10 == 0 or i > last - 5]
    # The sixth last is deleted after the last was added.
    assert ids in (stays, sorted({*stays, max(0, last - 5)})), (last, set(ids) ^ set(stays))
    return last


def copy_tree(folder: pathlib.Path, copied: pathlib.Path) -> list[str]:
    """What could not be copied."""
    try:
        shutil.copytree(folder, copied)
    except shutil.Error as error:
        return [str(each[0]) for each in error.args[0]]
    return []


@pytest.mark.parametrize("how", ["cp", "python"])
def test_a_copy_that_is_made_while_it_is_written_to_is_whole(
    folder: pathlib.Path, tmp_path: pathlib.Path, how: str
) -> None:
    script = [sys.executable, "-c", textwrap.dedent(WRITING), folder]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [-1]

        def read() -> None:
            for line in process.stdout:  # type: ignore[union-attr]
                acknowledged[0] = int(line)

        reading = threading.Thread(target=read)
        reading.start()
        try:
            while acknowledged[0] < 100:
                assert process.poll() is None
                time.sleep(0.01)
            lasts = []
            for turn in range(25):
                copied = tmp_path / f"copy {turn}"
                before = acknowledged[0]
                if how == "cp":
                    said = subprocess.run(
                        ["cp", "-r", folder, copied], capture_output=True, text=True, check=False
                    ).stderr
                    gone = said.splitlines()
                else:
                    gone = copy_tree(folder, copied)
                assert all("/." in each for each in gone), gone  # what is being written has a hidden name for a moment
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", nearfile.OlderGenerationWarning)
                    with nearfile.open(copied, verify=True) as index:
                        last = whole(index.ids.tolist())
                    with nearfile.Collection(copied, background=False) as items:
                        assert whole(items.ids.tolist()) == last
                        items.add([[1, 1]], ids=[-1])
                # Now it is no copy any more.
                assert nearfile.open(copied).ids.tolist()[-1] == -1
                assert before - 1 <= last <= acknowledged[0] + 1
                lasts.append(last)
                shutil.rmtree(copied)
            assert lasts == sorted(lasts)
            assert lasts[-1] > lasts[0]
        finally:
            process.kill()
            reading.join()


def copy_of_two_generations(folder: pathlib.Path, copied: pathlib.Path) -> Manifest:
    """What the newest manifest of both says; three items."""
    with nearfile.Collection(folder, dim=2, background=False) as items:
        items.add(np.eye(2))
        items.flush()
        items.add([[3, 3]])
        items.compact()
    newest = nearfile.open(folder)._source.state.manifest
    shutil.copytree(folder, copied)
    return newest


def test_a_copy_that_lacks_the_newest_opens_what_was_before(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copied = tmp_path / "copy"
    newest = copy_of_two_generations(folder, copied)
    assert len(nearfile.open(copied)) == 3
    (copied / newest.segments[0].file).unlink()
    with pytest.warns(nearfile.OlderGenerationWarning, match="copy"):
        index = nearfile.open(copied)
    assert len(index) == 3  # of the log that was compacted
    # In the folder itself nothing is ever opened in its place.
    (folder / newest.segments[0].file).unlink()
    with pytest.raises(nearfile.MissingFileError, match=newest.segments[0].file):
        nearfile.open(folder)
    with pytest.raises(nearfile.MissingFileError, match=newest.segments[0].file):
        nearfile.Collection(folder)


def test_a_copy_that_lacks_the_newest_is_published_behind_it(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copied = tmp_path / "copy"
    newest = copy_of_two_generations(folder, copied)
    (copied / newest.segments[0].file).unlink()
    kept = {path.name: path.read_bytes() for path in copied.glob("manifest-*")}
    with pytest.warns(nearfile.OlderGenerationWarning):
        items = nearfile.Collection(copied, background=False)
    with items:
        items.add([[4, 4]])
        items.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        index = nearfile.open(copied)
    assert len(index) == 4
    assert index._source.state.manifest.generation > newest.generation
    for path in copied.glob("manifest-*"):  # no generation has two contents
        assert kept.get(path.name, path.read_bytes()) == path.read_bytes()


def test_a_folder_that_moved_is_the_same(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with nearfile.Collection(folder, dim=2) as items:
        items.add(np.eye(2))
    index = nearfile.open(folder)
    folder.rename(tmp_path / "moved")
    assert len(index) == 2
    with pytest.raises(nearfile.MissingFileError):
        index.refresh()
    assert len(index) == 2
    assert len(nearfile.open(tmp_path / "moved")) == 2
    nearfile.Collection(tmp_path / "moved").close()


def test_a_folder_that_was_replaced_is_not_written_to(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    items = nearfile.Collection(folder, dim=2)
    items.add(np.eye(2))
    folder.rename(tmp_path / "moved")
    nearfile.Collection(folder, dim=2).close()
    before = set(os.listdir(folder))
    for call in (lambda: items.add(np.eye(2)), lambda: items.delete([0]), items.flush, items.compact):
        with pytest.raises(nearfile.FileError):
            call()
    items.close()
    assert set(os.listdir(folder)) == before
    assert len(nearfile.open(tmp_path / "moved")) == 2
