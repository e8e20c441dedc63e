"""AnnoyIndex and its files, copies and threads: every order of calls gives an answer or an exception."""

from __future__ import annotations

import copy
import os
import pathlib
import pickle
import threading

import nearfile
import numpy as np
import pytest
import reference
from nearfile import AnnoyIndex


def built(metric: str = "euclidean", holes: bool = False) -> AnnoyIndex:
    index = AnnoyIndex(8, metric)
    vectors = reference.vectors_for(metric, 200, 8)
    index.add_items(np.arange(200) * 3 + 2 if holes else None, vectors)
    index.build(5)
    return index


def answers(index: AnnoyIndex) -> object:
    return (
        index.get_n_items(),
        index.get_n_trees(),
        [index.get_nns_by_item(i, 5, include_distances=True) for i in range(0, index.get_n_items(), 17)],
        [index.get_item_vector(i) for i in range(0, index.get_n_items(), 29)],
    )


@pytest.mark.parametrize("metric", ["angular", "euclidean", "manhattan", "hamming", "dot"])
@pytest.mark.parametrize("holes", [False, True])
def test_what_is_saved_is_loaded(metric: str, holes: bool, tmp_path: pathlib.Path) -> None:
    index = built(metric, holes)
    expected = answers(index)
    assert index.save(str(tmp_path / "a.ann")) is True
    assert answers(index) == expected
    for prefault in (False, True, 1):
        other = AnnoyIndex(8, metric)
        assert other.load(tmp_path / "a.ann", prefault=prefault) is True
        assert answers(other) == expected
    near = nearfile.open(tmp_path / "a.ann")
    assert near.info()["id_kind"] == ("int64" if holes else "row")
    near.verify()


def test_a_loaded_index_is_saved_elsewhere_and_over_itself(tmp_path: pathlib.Path) -> None:
    index = built()
    expected = answers(index)
    for name in ("a", "a", "b", b"c"):
        path = os.path.join(os.fsencode(tmp_path), name) if isinstance(name, bytes) else tmp_path / name
        index.save(path, prefault=True)
        assert answers(index) == expected
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


def test_a_map_survives_that_its_file_is_replaced(tmp_path: pathlib.Path) -> None:
    built().save(tmp_path / "a")
    reader = AnnoyIndex(8, "euclidean")
    reader.load(tmp_path / "a")
    expected = answers(reader)
    small = AnnoyIndex(8, "euclidean")
    small.add_item(0, [0] * 8)
    small.build(1)
    small.save(tmp_path / "a")
    assert answers(reader) == expected


def test_a_loaded_index_takes_no_changes(tmp_path: pathlib.Path) -> None:
    index = built()
    index.save(tmp_path / "a")
    for call, message in (
        (lambda: index.add_item(0, [0] * 8), "You can't add an item to a loaded index"),
        (lambda: index.add_items(None, [[0] * 8]), "You can't add an item to a loaded index"),
        (lambda: index.build(3), "You can't build a loaded index"),
        (index.unbuild, "You can't unbuild a loaded index"),
    ):
        with pytest.raises(Exception, match=f"^{message}$") as caught:
            call()
        assert type(caught.value) is Exception
    index.set_seed(3)


def test_unload_forgets_everything(tmp_path: pathlib.Path) -> None:
    for index in (built(), AnnoyIndex(8, "euclidean")):
        assert index.unload() is True
        assert (index.get_n_items(), index.get_n_trees(), index.get_nns_by_vector([0] * 8, 3)) == (0, 0, [])
        index.add_item(0, [1] * 8)
        index.build(2)
        index.save(tmp_path / "a")
        index.unload()
        index.load(tmp_path / "a")
        assert index.get_nns_by_item(0, 3) == [0]


def test_what_cannot_be_saved(tmp_path: pathlib.Path) -> None:
    index = AnnoyIndex(8, "euclidean")
    for path in ("", tmp_path / "a"):
        with pytest.raises(OSError, match=r"^You can't save an index that hasn't been built$"):
            index.save(path)
    index = built()
    for path in ("", tmp_path / "x" / "y"):
        with pytest.raises(OSError, match=r"^Unable to open: No such file or directory \(2\)$") as caught:
            index.save(path)
        assert caught.value.errno == 2
    with pytest.raises(OSError, match="Unable to open: Is a directory"):
        index.save(tmp_path)
    with pytest.raises(OSError, match="Unable to open: Invalid argument"):
        index.save(os.devnull)
    with pytest.raises(TypeError):
        index.save(3)
    with pytest.raises(ValueError, match="path"):
        index.save("a\0b")
    assert list(tmp_path.iterdir()) == []
    assert index.get_nns_by_item(0, 1) == [0]


def test_what_cannot_be_loaded_leaves_the_index_as_it_was(tmp_path: pathlib.Path) -> None:
    nearfile.build(np.eye(8), tmp_path / "strings", metric="euclidean", ids=list("abcdefgh"))
    nearfile.build(np.eye(8), tmp_path / "negative", metric="euclidean", ids=range(-1, 7))
    nearfile.build(np.eye(8), tmp_path / "large", metric="euclidean", ids=range(2**31 - 7, 2**31 + 1))
    nearfile.build(np.eye(8), tmp_path / "metric", metric="cosine")
    nearfile.build(np.eye(7), tmp_path / "dim", metric="euclidean")
    (tmp_path / "empty").touch()
    (tmp_path / "short").write_bytes(b"NEARFILE")
    (tmp_path / "text").write_text("hello " * 100)
    for index in (built(), AnnoyIndex(8, "euclidean")):
        expected = answers(index)
        for name, message in (
            ("missing", r"^Unable to open: No such file or directory \(2\)$"),
            ("", "^Unable to open: "),
            ("strings", "expected ids that are numbers"),
            ("negative", "expected ids from 0"),
            ("large", "expected ids from 0"),
            ("metric", "expected the metric euclidean, got cosine"),
            ("dim", r"expected vectors of 8 dimensions, got 7: use AnnoyIndex\(7"),
            ("empty", "^Size of file is zero"),
            ("short", "short"),
            ("text", "text"),
        ):
            with pytest.raises(OSError, match=message):
                index.load(tmp_path / name)
            assert answers(index) == expected


def test_an_on_disk_build_is_the_file_that_save_writes(tmp_path: pathlib.Path) -> None:
    built().save(tmp_path / "saved")
    index = AnnoyIndex(8, "euclidean")
    assert index.on_disk_build(tmp_path / "disk") is True
    index.add_items(None, reference.vectors_for("euclidean", 200, 8))
    index.build(5)
    assert (tmp_path / "disk").read_bytes() == (tmp_path / "saved").read_bytes()
    index.unbuild()
    index.add_item(200, [0] * 8)
    index.build(5)
    assert len(nearfile.open(tmp_path / "disk")) == 201
    index.save(tmp_path / "elsewhere")
    assert (tmp_path / "disk").read_bytes() == (tmp_path / "elsewhere").read_bytes()


def test_an_on_disk_build_comes_first_and_needs_a_folder(tmp_path: pathlib.Path) -> None:
    index = AnnoyIndex(8, "euclidean")
    with pytest.raises(OSError, match=r"^Unable to open: No such file or directory \(2\)$"):
        index.on_disk_build(tmp_path / "x" / "y")
    index.add_item(0, [1] * 8)
    for each in (index, built()):
        with pytest.raises(Exception, match="call it first"):
            each.on_disk_build(tmp_path / "a")
    index.build(1)
    assert list(tmp_path.iterdir()) == []


class Named(AnnoyIndex):
    """Has an attribute of its own."""

    def __init__(self, name: str) -> None:
        super().__init__(8, "euclidean")
        self.name = name


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, *(lambda it, p=p: pickle.loads(pickle.dumps(it, p)) for p in range(2, 6))],
)
def test_copies_of_every_state(copied, tmp_path: pathlib.Path) -> None:
    collecting = Named("mine")
    collecting.add_item(5, [1] * 8)
    other = copied(collecting)
    assert (type(other), other.name, other.get_n_items()) == (Named, "mine", 6)
    other.add_item(6, [2] * 8)
    assert collecting.get_n_items() == 6
    in_memory = built(holes=True)
    expected = answers(in_memory)
    other = copied(in_memory)
    assert answers(other) == expected
    other.unbuild()
    other.add_item(0, [0] * 8)
    assert answers(in_memory) == expected
    in_memory.save(tmp_path / "a")
    assert len(pickle.dumps(in_memory)) < 1000
    other = copied(in_memory)
    assert answers(other) == expected
    with pytest.raises(Exception, match="loaded"):
        other.build(1)


def test_loading_and_unloading_while_others_ask(tmp_path: pathlib.Path) -> None:
    built().save(tmp_path / "a")
    built(holes=True).save(tmp_path / "b")
    index = AnnoyIndex(8, "euclidean")
    stop = threading.Event()
    wrong: list[BaseException] = []

    def ask() -> None:
        try:
            while not stop.is_set():
                assert len(index.get_nns_by_vector([0] * 8, 5)) in (0, 5)
                assert index.get_nns_by_vectors(np.zeros((3, 8)), 5).shape in ((3, 0), (3, 5))
                try:
                    index.get_nns_by_item(5, 3)
                    index.get_item_vector(5)
                except IndexError:
                    pass
        except BaseException as error:  # noqa: BLE001
            wrong.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(300):
        index.load(tmp_path / "ab"[turn % 2])
        if turn % 3 == 0:
            index.unload()
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_adding_while_another_thread_builds_is_added_or_refused() -> None:
    index = AnnoyIndex(8, "euclidean")
    index.add_items(None, reference.vectors_for("euclidean", 20000, 8))
    thread = threading.Thread(target=index.build, args=(20,))
    thread.start()
    added = 20000

    def add_until_refused() -> None:
        nonlocal added
        while True:
            index.add_item(added, [1] * 8)
            added += 1

    with pytest.raises(Exception, match=r"^You can't add an item to "):
        add_until_refused()
    thread.join()
    # What came before the build took the items is found; nothing is lost in silence.
    assert index.get_n_items() == added


def test_many_items_are_added_or_none_when_memory_runs_out(run_python) -> None:
    run_python(
        """
        import resource, numpy
        from nearfile import AnnoyIndex
        n = 1_000_000
        index = AnnoyIndex(1, "euclidean")
        index.add_items([5, 3], [[50.0], [30.0]])
        ids, rows = numpy.arange(n, dtype=numpy.int64)[::-1].copy(), numpy.full((n, 1), 7, numpy.float32)
        room = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        before = resource.getrlimit(resource.RLIMIT_AS)
        # Enough for the rows and ids, not for a table of them.
        resource.setrlimit(resource.RLIMIT_AS, (room + 32_000_000, before[1]))
        try:
            index.add_items(ids, rows)
        except MemoryError:
            pass
        else:
            raise AssertionError("added")
        resource.setrlimit(resource.RLIMIT_AS, before)
        assert index.get_n_items() == 6
        assert [index.get_item_vector(i)[0] for i in range(6)] == [0, 0, 0, 30, 0, 50]
        index.add_items(ids, rows)
        assert index.get_n_items() == n
        assert [index.get_item_vector(i)[0] for i in (0, 3, 5, n - 1)] == [7, 7, 7, 7]
        """
    )


def test_the_largest_id_leaves_no_room_after_it() -> None:
    index = AnnoyIndex(1, "euclidean")
    index.add_item(2**31 - 1, [1.0])
    with pytest.raises(ValueError, match="room for 1 after 2147483647"):
        index.add_items(None, [[2.0]])
    assert index.get_n_items() == 2**31


def test_what_an_exception_sets_off_may_ask_the_index(run_python) -> None:
    # Making an exception may collect garbage, and that may call anything.
    run_python(
        """
        import gc
        from nearfile import AnnoyIndex
        index = AnnoyIndex(1, "euclidean")
        index.add_item(0, [1.0])
        index.build(1)
        calls = []
        gc.callbacks.append(lambda phase, info: calls.append(index._items.count))
        gc.set_threshold(1, 1, 1)
        refused = 0
        for turn in range(100):
            for add in (lambda: index.add_item(1, [1.0]), lambda: index.add_items(None, [[1.0]])):
                try:
                    add()
                except Exception as error:
                    assert "built index" in str(error)
                    refused += 1
        gc.callbacks.clear()
        assert refused == 200 and calls
        """
    )


def test_every_order_of_calls(tmp_path: pathlib.Path, run_python) -> None:
    script = """
        import itertools, sys, nearfile
        path = sys.argv[1]
        calls = {
            "add": lambda i: i.add_item(1, [1, 2]),
            "many": lambda i: i.add_items([0, 4], [[1, 2], [3, 4]]),
            "build": lambda i: i.build(2),
            "unbuild": lambda i: i.unbuild(),
            "save": lambda i: i.save(path),
            "load": lambda i: i.load(path),
            "unload": lambda i: i.unload(),
            "disk": lambda i: i.on_disk_build(path),
            "ask": lambda i: (i.get_nns_by_vector([1, 2], 3), i.get_nns_by_item(1, 3), i.get_distance(0, 1)),
        }
        for order in itertools.product(calls, repeat=4):
            index = nearfile.AnnoyIndex(2, "euclidean")
            for name in order:
                try:
                    calls[name](index)
                except Exception:
                    pass
        """
    run_python(script, tmp_path / "a")
