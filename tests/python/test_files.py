"""Files: written whole or not at all, opened or refused with the reason."""

from __future__ import annotations

import errno
import mmap
import os
import pathlib

import nearfile
import numpy as np
import pytest
import reference


@pytest.fixture
def file(tmp_path: pathlib.Path, structure: str) -> pathlib.Path:
    path = tmp_path / "items.near"
    ids = [f"item {row}" for row in range(500)]
    nearfile.build(reference.vectors_for("angular", 500, 10), path, ids=ids, structure=structure).close()
    return path


@pytest.fixture
def contents(file: pathlib.Path) -> bytes:
    return file.read_bytes()


def aligned(contents: bytes) -> np.ndarray:
    """A writable copy that starts at a multiple of 64."""
    room = np.empty(len(contents) + 64, np.uint8)
    start = -room.ctypes.data % 64
    copy = room[start : start + len(contents)]
    copy[:] = np.frombuffer(contents, np.uint8)
    return copy


def test_a_built_index_is_the_file_that_is_opened(tmp_path: pathlib.Path, metric: str, structure: str) -> None:
    vectors = reference.vectors_for(metric, 300, 12)
    path = tmp_path / "items.near"
    built = nearfile.build(vectors, path, metric=metric, structure=structure)
    opened = nearfile.open(path)
    assert os.listdir(tmp_path) == ["items.near"]
    assert built.info() == opened.info()
    assert built.path == opened.path == str(path)
    query = vectors[3]
    for one, other in zip(built.search(query), opened.search(query)):
        assert one.tolist() == other.tolist()
    assert (opened.vectors(range(300)) == vectors).all()


def test_info_says_what_was_built(file: pathlib.Path, structure: str) -> None:
    info = nearfile.open(file).info()
    sections, calibration = info.pop("sections"), info.pop("calibration")
    assert info.pop("calibrated_nearest") == {}
    assert info.pop("columns") == []
    assert info.pop("walk_recall") == {}  # of so few items every one is looked at
    assert info == {
        "path": str(file),
        "metric": "angular",
        "dim": 10,
        "count": 500,
        "value_type": "float32",
        "id_kind": "string",
        "structure": structure,
        "profile": "balanced" if structure == "graph" else None,
        "keep": "exact" if structure == "graph" else None,
        "degree": info["degree"],
        "n_trees": info["n_trees"],
        "n_trees_asked": info["n_trees"],
        "leaf_size": info["leaf_size"],
        "seed": 0,
        "file_bytes": file.stat().st_size,
        "format_version": info["format_version"],
        "library_version": nearfile.__version__,
    }
    assert info["n_trees"] >= 1
    assert info["leaf_size"] >= 1
    if structure == "graph":
        assert info["degree"] >= 1
        assert all(set(point) == {"k", "effort", "recall", "standard_error"} for point in calibration)
    else:
        assert info["degree"] is None
        assert calibration == []
    names = [section["name"] for section in sections]
    assert len(set(names)) == len(names) > 1
    ends = [0] + [section["offset"] + section["bytes"] for section in sections]
    assert all(section["offset"] >= end for section, end in zip(sections, ends))
    assert ends[-1] <= info["file_bytes"]


@pytest.mark.parametrize("convert", [str, os.fsencode, pathlib.Path], ids=["str", "bytes", "PathLike"])
def test_a_path_is_str_bytes_or_path_like(tmp_path: pathlib.Path, convert) -> None:
    path = convert(tmp_path / "ñandú.near")
    with nearfile.build(np.eye(3), path) as built:
        copy = convert(tmp_path / "copy.near")
        built.save(copy)
    for each in (path, copy):
        with nearfile.open(each) as opened:
            assert len(opened) == 3


def test_a_path_need_not_be_text(tmp_path: pathlib.Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\xfe.near"
    try:
        pathlib.Path(os.fsdecode(path)).touch()
    except OSError:
        pytest.skip("this file system wants text")
    nearfile.build(np.eye(3), path)
    index = nearfile.open(path)
    assert os.fsencode(index.path) == path
    with pytest.raises(nearfile.MissingFileError) as caught:
        nearfile.open(path + b"x")
    assert os.fsencode(caught.value.filename) == path + b"x"


def test_a_path_that_ends_like_a_folder_is_no_file(tmp_path: pathlib.Path) -> None:
    path = f"{tmp_path}/items.near/"
    index = nearfile.build(np.eye(3))
    annoy = nearfile.AnnoyIndex(3, "angular")
    for write in (lambda: nearfile.build(np.eye(3), path), lambda: index.save(path), lambda: annoy.on_disk_build(path)):
        with pytest.raises(nearfile.FileError) as caught:
            write()
        assert caught.value.errno == errno.EISDIR
    assert os.listdir(tmp_path) == []
    index.save(tmp_path / "items.near")
    with pytest.raises(nearfile.FileError):
        nearfile.open(path)


@pytest.mark.parametrize("convert", [str, os.fsencode, pathlib.Path], ids=["str", "bytes", "PathLike"])
def test_a_path_may_start_at_home(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, convert) -> None:
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    built = nearfile.build(np.eye(3), convert("~/a.near"))
    assert built.path == str(home / "a.near")
    built.save(convert("~/sub/b.near"))
    builder = nearfile.Builder(3, path=convert("~/c.near"))
    builder.add(np.eye(3))
    builder.build()
    for name in ("~/a.near", "~/sub/b.near", "~/c.near"):
        assert len(nearfile.open(convert(name))) == 3
    annoy = nearfile.AnnoyIndex(3, "angular")
    annoy.on_disk_build(convert("~/d.near"))
    annoy.add_items(None, np.eye(3))
    annoy.build(2)
    annoy.save(convert("~/e.near"))
    annoy.load(convert("~/d.near"))
    assert sorted(os.listdir(home)) == ["a.near", "c.near", "d.near", "e.near", "sub"]
    nearfile.build(np.eye(3), convert(str(tmp_path / "~")))
    nearfile.build(np.eye(3), convert("~no such user"))
    assert sorted(os.listdir(tmp_path)) == ["home", "~", "~no such user"]


def test_a_relative_path_is_kept_absolute(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    index = nearfile.build(np.eye(3), "items.near")
    monkeypatch.chdir("/")
    assert index.path == str(tmp_path / "items.near")
    assert len(nearfile.open(index.path)) == 3


def test_the_newer_file_replaces_the_older_and_readers_keep_theirs(file: pathlib.Path) -> None:
    older = nearfile.open(file)
    nearfile.build(np.eye(3), file)
    assert len(older) == 500
    older.verify()
    assert len(nearfile.open(file)) == 3


def test_save_writes_the_same_bytes(file: pathlib.Path, contents: bytes, tmp_path: pathlib.Path) -> None:
    mapped = nearfile.open(file)
    mapped.save(tmp_path / "saved.near")
    assert (tmp_path / "saved.near").read_bytes() == contents
    mapped.save(file)  # onto itself
    assert file.read_bytes() == contents
    assert sorted(os.listdir(tmp_path)) == ["items.near", "saved.near"]


@pytest.mark.parametrize(
    "options", [{}, {"prefault": True}, {"prefault": "hot"}, {"verify": True}, {"prefault": True, "verify": True}]
)
def test_options_do_not_change_what_is_opened(file: pathlib.Path, options: dict) -> None:
    index = nearfile.open(file, **options)
    index.verify()
    assert len(index) == 500


@pytest.mark.parametrize("build", [{}, {"profile": "compact"}, {"keep": "none"}, {"structure": "forest"}])
def test_prefault_changes_no_answer(build: dict, tmp_path: pathlib.Path) -> None:
    random = np.random.default_rng(0)
    vectors, queries = random.standard_normal((3000, 64)), random.standard_normal((50, 64))
    nearfile.build(vectors, tmp_path / "a.near", ids=[str(row) for row in range(3000)], **build).close()
    found = [
        [part.tolist() for part in nearfile.open(tmp_path / "a.near", prefault=prefault).search(queries, 10)]
        for prefault in (False, True, "hot")
    ]
    assert found[1] == found[0]
    assert found[2] == found[0]


@pytest.mark.parametrize("prefault", ["cold", "", "all"])
def test_prefault_is_yes_no_or_hot(file: pathlib.Path, prefault: str) -> None:
    with pytest.raises(
        nearfile.InvalidArgumentError, match=f"prefault: expected True, False or 'hot', got '{prefault}'"
    ):
        nearfile.open(file, prefault=prefault)


@pytest.mark.parametrize("name", ["missing.near", "no/folder.near"])
def test_a_missing_file_is_a_file_not_found_error(tmp_path: pathlib.Path, name: str) -> None:
    path = tmp_path / name
    with pytest.raises(FileNotFoundError, match=name) as caught:
        nearfile.open(path)
    assert isinstance(caught.value, nearfile.FileError)
    assert caught.value.errno == errno.ENOENT
    assert caught.value.filename == str(path)
    with pytest.raises(nearfile.MissingFileError, match=name):
        nearfile.open(path, follow=True)


def test_a_folder_is_no_index(tmp_path: pathlib.Path) -> None:
    with pytest.raises(
        nearfile.MissingFileError, match="expected a collection, which is a folder with a MANIFEST"
    ) as caught:
        nearfile.open(tmp_path)
    assert caught.value.errno == errno.ENOENT
    assert caught.value.filename == str(tmp_path / "MANIFEST")
    with pytest.raises(nearfile.FileError, match="folder"):
        nearfile.build(np.eye(3), tmp_path)


def test_a_file_that_may_not_be_read_is_refused(file: pathlib.Path, run_python) -> None:
    file.chmod(0)
    run_python(
        """
        import errno, os, sys, nearfile
        if os.geteuid() == 0:  # who may read everything
            os.setuid(65534)
        try:
            nearfile.open(sys.argv[1])
        except nearfile.FileError as error:
            assert (error.errno, error.filename) == (errno.EACCES, sys.argv[1]), error
        else:
            raise AssertionError("opened")
        """,
        file,
    )


def test_what_is_no_regular_file_is_refused() -> None:
    with pytest.raises(nearfile.FileError, match="/dev/null"):
        nearfile.open("/dev/null")
    with pytest.raises(nearfile.FileError, match="/dev/null"):
        nearfile.build(np.eye(3), "/dev/null")


@pytest.mark.parametrize(
    "foreign",
    [b"", b"x", b"NEARFILE", b"NEARFILE" * 1000, bytes(10000), os.urandom(10000), b"\x93NUMPY" + bytes(5000)],
    ids=["empty", "a byte", "magic only", "magic often", "zeros", "noise", "npy"],
)
def test_foreign_bytes_are_refused(tmp_path: pathlib.Path, foreign: bytes) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(foreign)
    with pytest.raises(nearfile.BadFileError, match="foreign") as caught:
        nearfile.open(path)
    assert caught.value.filename == str(path)
    with pytest.raises(nearfile.BadFileError) as caught:
        nearfile.open_buffer(foreign)
    assert caught.value.filename is None


def test_a_file_cut_short_is_refused_at_every_length(contents: bytes) -> None:
    for length in [*range(0, len(contents), 997), len(contents) - 1]:
        with pytest.raises(nearfile.BadFileError):
            nearfile.open_buffer(contents[:length])
    with pytest.raises(nearfile.BadFileError):
        nearfile.open_buffer(contents + b"x")


def test_verify_names_the_section_that_is_damaged(file: pathlib.Path, contents: bytes) -> None:
    for section in nearfile.open(file).info()["sections"]:
        damaged = bytearray(contents)
        damaged[section["offset"] + section["bytes"] // 2] ^= 0x10
        file.write_bytes(damaged)
        with pytest.raises(nearfile.BadFileError, match=section["name"]) as caught:
            nearfile.open(file, verify=True)
        assert caught.value.filename == str(file)
        try:
            opened = nearfile.open(file)
        except nearfile.BadFileError:
            continue
        with pytest.raises(nearfile.BadFileError, match=section["name"]):
            opened.verify()


def test_a_damaged_file_never_crashes(file: pathlib.Path, run_python) -> None:
    run_python(
        """
        import sys, numpy, nearfile
        whole = open(sys.argv[1], "rb").read()
        random = numpy.random.default_rng(0)
        refused = answered = 0
        for turn in range(2000):
            damaged = bytearray(whole)
            for place in random.integers(0, len(whole), 1 + turn % 50):
                damaged[place] = random.integers(256)
            try:
                index = nearfile.open_buffer(damaged)
                budget = "effort" if index.info()["structure"] == "graph" else "search_k"
                index.search(numpy.ones(10), **{budget: 1 + turn})
                index.search(numpy.ones((2, 10)), k=500)
                index.ids, "item 3" in index, index.info()
                index.vectors([id_ for id_ in index.ids[:50] if id_ in index])
                answered += 1
                index.verify()
            except nearfile.NearfileError:
                refused += 1
        assert refused > 1500 and answered > 100, (refused, answered)
        """,
        file,
    )


def test_open_buffer_takes_anything_with_bytes(file: pathlib.Path, contents: bytes) -> None:
    writable = aligned(contents)
    read_only = aligned(contents)
    read_only.flags.writeable = False
    with file.open("rb") as opened:
        mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    for buffer in (contents, bytearray(contents), memoryview(contents), mapped, writable, read_only, writable[:]):
        index = nearfile.open_buffer(buffer, verify=True)
        assert index.path is None
        assert index.neighbors("item 7", k=1)[0].tolist() == ["item 7"]


def test_open_buffer_uses_read_only_bytes_where_they_are(contents: bytes) -> None:
    read_only = aligned(contents)
    read_only.flags.writeable = False
    index = nearfile.open_buffer(memoryview(read_only))
    del read_only  # the index keeps it
    assert index.neighbors("item 7", k=1)[0].tolist() == ["item 7"]


def test_open_buffer_copies_bytes_that_may_change(contents: bytes) -> None:
    buffer = aligned(contents)
    index = nearfile.open_buffer(buffer)
    buffer[:] = 0
    index.verify()
    assert index.neighbors("item 7", k=1)[0].tolist() == ["item 7"]


@pytest.mark.parametrize("buffer", [None, 3, "text", [1, 2], object(), np.zeros(100, np.uint8)[::2]])
def test_what_has_no_bytes_is_refused(buffer: object) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match="buffer: expected an object with contiguous bytes"):
        nearfile.open_buffer(buffer)


def test_a_path_that_cannot_be_written_is_refused_before_building(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError, match="folder that exists") as caught:
        nearfile.Builder(3, path=tmp_path / "no" / "items.near")
    assert caught.value.filename == str(tmp_path / "no" / "items.near")
    with pytest.raises(FileNotFoundError, match="folder that exists"):
        nearfile.build(np.eye(3)).save(tmp_path / "no" / "items.near")


def test_a_full_disk_is_an_error_and_leaves_the_older_file(file: pathlib.Path, contents: bytes, run_python) -> None:
    run_python(
        """
        import errno, os, resource, sys, numpy, nearfile
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        for write in (
            lambda: nearfile.build(numpy.random.default_rng(0).random((10000, 20)), sys.argv[1]),
            lambda: nearfile.build(numpy.random.default_rng(0).random((10000, 20))).save(sys.argv[1]),
        ):
            try:
                write()
            except nearfile.FileError as error:
                assert error.errno == errno.EFBIG, error.errno
                assert error.filename == sys.argv[1], error.filename
            else:
                raise AssertionError("written")
        """,
        file,
    )
    assert os.listdir(file.parent) == ["items.near"]
    assert file.read_bytes() == contents


def test_short_memory_is_a_memory_error(run_python) -> None:
    run_python(
        """
        import resource, numpy, nearfile
        vectors = numpy.ones((2_000_000, 50), numpy.uint8)
        builder = nearfile.Builder(50)
        room = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (room + 50_000_000, room + 50_000_000))
        try:
            builder.add(vectors)
        except MemoryError:
            pass
        else:
            raise AssertionError("added")
        """
    )
