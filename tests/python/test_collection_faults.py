"""What is left when the system refuses, when the power goes, and when the disk is full: what was there, or what is new."""

from __future__ import annotations

import errno
import os
import pathlib
import shutil
import subprocess
import sys
import textwrap
import threading
from typing import Any, Callable

import nearfile
import numpy as np
import pytest
from faults import Failing, Remembering
from nearfile.collection import disk

DIM = 4
VECTORS = np.random.default_rng(0).random((400, DIM), np.float32)

#: What a writer can do, and which ids there are afterwards; before there are 0 to 39 without 5 and 35.
BEFORE = sorted({*range(40)} - {5, 35})
CALLS: dict[str, tuple[Callable[[nearfile.Collection], Any], list[int]]] = {
    "add": (lambda items: items.add(VECTORS[40:50]), [*BEFORE, *range(40, 50)]),
    "replace": (lambda items: items.add(VECTORS[50:60], ids=range(10)), sorted({*BEFORE, 5})),
    "delete": (lambda items: items.delete([1, 30, 38]), sorted({*BEFORE} - {1, 30, 38})),
    "flush": (lambda items: items.flush(), BEFORE),
    "compact": (lambda items: items.compact(), BEFORE),
    "large add": (
        lambda items: items.add(VECTORS[:150], ids=range(20, 170)),
        [*[i for i in BEFORE if i < 20], *range(20, 170)],
    ),
    "open": (lambda items: reopened(items), BEFORE),
}


def reopened(items: nearfile.Collection) -> None:
    items.close()
    nearfile.Collection(items.path, background=False, grace=0.0).close()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Two segments, the first with a deleted row, and a log that adds and deletes."""
    folder = tmp_path_factory.mktemp("prepared") / "items"
    with nearfile.Collection(folder, dim=DIM, metric="euclidean", background=False) as items:
        for start in (0, 10):
            items.add(VECTORS[start : start + 10])
            items.flush()
        items.delete([5])
        items.flush()
        items.add(VECTORS[20:30])
        items.add(VECTORS[30:40])
        items.delete([35])
    return folder


@pytest.fixture
def folder(prepared: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr("nearfile.collection.writer.SEGMENT_ROWS", 100)
    return fresh(prepared, tmp_path)


def fresh(prepared: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy that is published as the folder it is."""
    folder = tmp_path / "items"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(prepared, folder)
    nearfile.Collection(folder, background=False, grace=0.0).close()
    return folder


def ids_in(folder: pathlib.Path) -> list[int]:
    with nearfile.open(folder, verify=True) as index:
        ids = sorted(index.ids.tolist())
        vectors = index.vectors(ids)
        found, _ = index.search(vectors, 1, exact=True)
        assert len(ids) == len(index)
        assert found.shape == (len(ids), 1)
        return ids


def code_of(call: Callable[[], Any]) -> int | None:
    """What the system refuses a call by."""
    try:
        call()
    except nearfile.FileError as error:
        return error.errno
    return None


def nothing_is_left_over(folder: pathlib.Path) -> None:
    nearfile.Collection(folder, background=False, grace=0.0).close()
    index = nearfile.open(folder)
    manifest = index._source.state.manifest
    kept = {"MANIFEST", "lock", f"manifest-{manifest.generation:012d}"}
    assert {path.name for path in folder.iterdir()} == manifest.files() | kept


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
@pytest.mark.parametrize("name", CALLS)
def test_every_system_call_may_fail(
    prepared: pathlib.Path, folder: pathlib.Path, name: str, code: int, lasting: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, after = CALLS[name]
    for at in range(1, 200):
        fresh(prepared, folder.parent)
        items = nearfile.Collection(folder, background=False, grace=0.0)
        system = Failing(at, code, lasting=lasting)
        with monkeypatch.context() as patch:
            patch.setattr(disk, "os", system)
            try:
                call(items)
                refused = None
            except OSError as error:
                refused = error
            if system.failed == 0:
                assert refused is None
                items.close()
                break
            told = sorted(items.ids.tolist()) if items._source is not None else None
            items.close()
        unknown = refused is not None and (lasting or "known" in str(refused))
        expected = [after] if refused is None else [BEFORE, after] if unknown else [BEFORE]
        assert ids_in(folder) in expected, (at, refused)
        assert told in (None, *expected), (at, refused)
        nothing_is_left_over(folder)
        if refused is not None:
            assert isinstance(refused, nearfile.NearfileError)
            assert refused.errno in (code, None)
        # And all goes on.
        with nearfile.Collection(folder, background=False, grace=0.0) as items:
            items.add(VECTORS[:1], ids=[999])
        assert 999 in ids_in(folder)
    else:
        raise AssertionError("it never came to an end")
    assert at > 1 or name == "open"
    assert ids_in(folder) == after


@pytest.mark.parametrize("name", CALLS)
def test_the_same_writer_goes_on_after_an_error(
    prepared: pathlib.Path, folder: pathlib.Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, after = CALLS[name]
    if name == "open":
        pytest.skip("there is no writer then")
    for at in range(1, 200):
        fresh(prepared, folder.parent)
        items = nearfile.Collection(folder, background=False, grace=0.0)
        system = Failing(at, errno.ENOSPC, lasting=False)
        with monkeypatch.context() as patch:
            patch.setattr(disk, "os", system)
            try:
                call(items)
            except nearfile.FileError:
                assert sorted(items.ids.tolist()) == BEFORE
                call(items)
        assert sorted(items.ids.tolist()) == after
        items.close()
        assert ids_in(folder) == after
        nothing_is_left_over(folder)
        if system.failed == 0:
            return
    raise AssertionError("it never came to an end")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the names of open files in /proc")
@pytest.mark.parametrize("name", CALLS)
def test_a_power_cut_at_any_moment_leaves_what_was_acknowledged(
    folder: pathlib.Path, tmp_path: pathlib.Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, after = CALLS[name]
    items = nearfile.Collection(folder, background=False)
    seen: list[list[int]] = []

    def look() -> None:
        left = tmp_path / "left"
        for renamed in (True, False):
            with monkeypatch.context() as patch:
                patch.setattr(disk, "os", os)
                system.leave_in(left, renamed=renamed)
                found = ids_in(left)
                # A writer of it comes to the same.
                nearfile.Collection(left, background=False).close()
                assert ids_in(left) == found
                assert found in (BEFORE, after)
            shutil.rmtree(left)
        seen.append(found)

    system = Remembering(folder, look)
    with monkeypatch.context() as patch:
        patch.setattr(disk, "os", system)
        call(items)
    look()
    assert seen[-1] == after
    assert [each == after for each in seen] == sorted(each == after for each in seen)  # never back
    items.close()


def test_a_full_disk_refuses_and_changes_nothing(prepared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    mount = tmp_path / "small"
    mount.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", mount], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("not allowed to mount")
    try:
        folder = mount / "items"
        shutil.copytree(prepared, folder)
        with nearfile.Collection(folder, background=False, grace=0.0) as items:
            added: list[int] = []
            assert (
                code_of(lambda: [added.extend(items.add(VECTORS[:200]).tolist()) for _ in range(1000)]) == errno.ENOSPC
            )
            assert sorted(items.ids.tolist()) == sorted(BEFORE + added)
            for call in (items.flush, items.compact):
                assert code_of(call) in (errno.ENOSPC, None)
                assert sorted(items.ids.tolist()) == sorted(BEFORE + added)
        assert ids_in(folder) == sorted(BEFORE + added)
    finally:
        subprocess.run(["umount", "-l", mount], check=True)


def test_a_limit_of_file_sizes_refuses_and_changes_nothing(prepared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    folder = fresh(prepared, tmp_path)
    script = """
        import errno, resource, signal, sys, numpy, nearfile
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        items = nearfile.Collection(sys.argv[1], background=False)
        before = len(items)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        vectors = numpy.random.default_rng(0).random((4000, 4), numpy.float32)
        for call in (lambda: items.add(vectors), lambda: items.add(numpy.tile(vectors, (5, 1)))):
            try:
                call()
            except nearfile.FileError as error:
                assert error.errno == errno.EFBIG, error
            else:
                raise AssertionError
            assert len(items) == before
        items.add(vectors[:3])
        items.flush()
        assert len(items) == before + 3
        """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script), folder], check=True, timeout=120)
    assert len(ids_in(folder)) == len(BEFORE) + 3
    nothing_is_left_over(folder)


def test_what_cannot_be_read_after_a_publish_is_not_lost_by_the_next(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise nearfile.FileError(errno.EMFILE, "too many open files")

    with nearfile.Collection(folder, background=False, grace=0.0) as items:
        with monkeypatch.context() as patch:
            patch.setattr("nearfile.collection.state.load", fail)
            items.flush()
            items.add(VECTORS[40:50])
            for call in (
                items.flush,
                items.compact,
                lambda: items.search(VECTORS[0]),
                lambda: items.add(VECTORS[:150]),
            ):
                with pytest.raises(nearfile.FileError, match="too many"):
                    call()
        assert sorted(items.ids.tolist()) == [*BEFORE, *range(40, 50)]
        items.compact()
    assert ids_in(folder) == [*BEFORE, *range(40, 50)]
    nothing_is_left_over(folder)


def test_an_add_that_must_wait_and_cannot_adds_nothing(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nearfile.collection import merging

    def fail(*_: Any, **__: Any) -> None:
        raise nearfile.FileError(errno.ENOSPC, "no space")

    monkeypatch.setattr(merging, "MOST_LOG_ROWS", 25)
    with nearfile.Collection(folder, background=False) as items:
        items.add(VECTORS[40:50])
        with monkeypatch.context() as patch:
            patch.setattr(merging, "built", fail)
            for call in (lambda: items.add(VECTORS[:5]), lambda: items.delete([1])):
                with pytest.raises(nearfile.FileError, match="no space"):
                    call()
            assert len(items) == len(BEFORE) + 10
        items.add(VECTORS[:5])
        assert items.info()["log_rows"] == 5
        assert len(items) == len(BEFORE) + 15


def test_closing_gives_up_what_is_being_built(folder: pathlib.Path) -> None:
    vectors = np.random.default_rng(1).random((15_000, 64), np.float32)
    path = folder.parent / "large"
    items = nearfile.Collection(path, dim=64, background=False)
    for start in range(0, 15_000, 90):
        items.add(vectors[start : start + 90])
    told: list[BaseException] = []

    def compact() -> None:
        try:
            items.compact()
        except nearfile.NearfileError as error:
            told.append(error)

    compacting = threading.Thread(target=compact)
    compacting.start()
    compacting.join(0.2)  # it takes far longer than that
    items.close()
    compacting.join(60)
    assert not compacting.is_alive()
    assert len(told) == 1
    assert isinstance(told[0], nearfile.ClosedError)
    with nearfile.open(path) as index:
        assert len(index) == 15_000
