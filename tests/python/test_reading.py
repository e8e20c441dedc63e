"""Files of vectors: every format gives the same rows, and says which row it cannot use."""

from __future__ import annotations

import io
import json
import pathlib
import sys
from typing import Any

import files_of_vectors
import ml_dtypes
import nearfile
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nearfile.reading import open_source, part, read_queries

NAMES = ["ä", "b,c", "007", 'd"e', "f"]
PRICES = [1.5, 2.0, -3.25, 0.0, 5.0]
VECTORS = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)


def read(*arguments: Any, **options: Any) -> tuple[np.ndarray, Any, dict]:
    """All vectors, ids and attributes of a source, and that batches follow on each other."""
    vectors, ids, attributes = [], [], {}
    with open_source(*arguments, **options) as source:
        known: dict[str, int] = {}
        for batch in source.batches():
            assert batch.start == known.get(batch.path, 0)
            known[batch.path] = batch.start + len(batch)
            vectors.append(np.asarray(batch.vectors, np.float32))
            ids += [] if batch.ids is None else list(batch.ids)
            if batch.attributes is not None:
                columns = nearfile.build(np.ones((len(batch), 1)), attributes=batch.attributes).attributes()
                for name, values in columns.to_dict().items():
                    attributes.setdefault(name, []).extend(values.tolist())
        assert source.count in (None, sum(map(len, vectors)))
        found = np.concatenate(vectors) if vectors else np.empty((0, source.dim), np.float32)
        assert found.shape[1] == source.dim
    return found, ids, attributes


@pytest.mark.parametrize("name", files_of_vectors.WRITERS)
def test_every_format_with_columns_gives_the_same(name: str, tmp_path: pathlib.Path) -> None:
    files_of_vectors.WRITERS[name](tmp_path / name, VECTORS, NAMES, PRICES)
    for wanted in (None, "x*" if name == "items.csv" else "embedding"):
        vectors, ids, attributes = read(tmp_path / name, vectors=wanted, ids="name", attributes="price", text="name")
        np.testing.assert_array_equal(vectors, VECTORS)
        assert ids == NAMES
        assert attributes == {"price": PRICES}
    np.testing.assert_array_equal(read_queries(tmp_path / name), VECTORS)


@pytest.mark.parametrize("name", files_of_vectors.WRITERS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_rows_in_batches_of_any_size(name: str, tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    n, dim = data.draw(st.integers(1, 9)), data.draw(st.integers(2, 5))
    floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
    vectors = np.array(data.draw(st.lists(floats, min_size=n * dim, max_size=n * dim)), np.float32).reshape(n, dim)
    letters = st.characters(codec="utf-8", exclude_characters="\0\r\n", exclude_categories=["Cs", "Cc"])
    names = data.draw(st.lists(st.text(letters, min_size=1, max_size=5), min_size=n, max_size=n))
    path = tmp_path_factory.mktemp("any") / name
    files_of_vectors.WRITERS[name](path, vectors, names, [1.5] * n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(part, "BATCH_BYTES", data.draw(st.integers(1, 100)))
        wanted = "x*" if name == "items.csv" else "embedding"
        found, ids, attributes = read(path, vectors=wanted, ids="name", attributes="price", text="name")
    np.testing.assert_array_equal(found, vectors)
    assert ids == names
    assert attributes == {"price": [1.5] * n}


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["f4", "f2", "f8", "i1", "u1", "?", "bfloat16"])
@pytest.mark.parametrize("ending", ["npy", "npy.gz", "npz"])
def test_arrays_of_numpy_of_any_dtype(ending: str, kind: str, order: Any, tmp_path: pathlib.Path) -> None:
    import gzip

    dtype = np.dtype(ml_dtypes.bfloat16) if kind == "bfloat16" else np.dtype(kind)
    vectors = np.array((VECTORS * 10).clip(0, 1 if kind == "?" else 99), dtype, order=order)
    written = io.BytesIO()
    if ending == "npz":
        np.savez(written, vectors)
    else:
        np.save(written, vectors)
    data = written.getvalue()
    (tmp_path / f"v.{ending}").write_bytes(gzip.compress(data) if ending.endswith("gz") else data)
    found = []
    with open_source(tmp_path / f"v.{ending}") as source:
        builder = nearfile.Builder(source.dim)
        for batch in source.batches():
            builder.add(batch.vectors)
    found = builder.build().vectors(range(5))
    np.testing.assert_array_equal(found, vectors.astype(np.float32))


@pytest.mark.parametrize("ending", ["fvecs", "bvecs", "ivecs"])
def test_rows_behind_their_lengths(ending: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = (VECTORS * 50).clip(0, 99).astype(np.float32 if ending == "fvecs" else np.uint8)
    path = tmp_path / f"v.{ending}"
    files_of_vectors.vecs(path, vectors)
    monkeypatch.setattr(part, "BATCH_BYTES", 32)
    np.testing.assert_array_equal(read(path)[0], vectors)
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(nearfile.BadFileError, match="behind the last one"):
        open_source(path)
    stride = len(data) // 5
    path.write_bytes(data[: 3 * stride] + b"\x07" + data[3 * stride + 1 :])
    with pytest.raises(nearfile.BadFileError, match="row 3: expected 4 values, as row 0 has, got 7"):
        read(path)
    path.write_bytes(b"\xff\xff\xff\xff")
    with pytest.raises(nearfile.BadFileError, match="got -1"):
        open_source(path)


LISTS = {
    "list": pa.list_(pa.float32()),
    "large": pa.large_list(pa.float64()),
    "fixed": pa.list_(pa.float32(), 4),
    "half": pa.list_(pa.float16(), 4),
    "int8": pa.list_(pa.int8()),
    "uint8": pa.large_list(pa.uint8()),
    "bool": pa.list_(pa.bool_()),
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_lists_of_any_layout_and_numbers(kind: str, ending: str, tmp_path: pathlib.Path) -> None:
    whole = (VECTORS * 10).round().clip(0, 1 if kind == "bool" else 99)
    rows = whole.astype(bool) if kind == "bool" else whole.astype(np.int8) if "int" in kind else whole
    rows = rows.astype(np.float16) if kind == "half" else rows
    table = pa.table({"v": pa.array(list(rows), LISTS[kind])})
    path = tmp_path / f"v.{ending}"
    (pyarrow.parquet.write_table if ending == "parquet" else pyarrow.feather.write_feather)(table.slice(1), str(path))
    np.testing.assert_array_equal(read(path)[0], whole[1:])


def test_tensors_dictionaries_and_ids_of_numbers(tmp_path: pathlib.Path) -> None:
    storage = pa.FixedSizeListArray.from_arrays(pa.array(VECTORS.ravel()), 4)
    tensors = pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float32(), [4]), storage)
    lang = pa.array(["de", "fr", None, "de", "de"]).dictionary_encode()
    table = pa.table(
        {
            "v": tensors,
            "lang": lang,
            "id": pa.array([5, 4, 3, 2, 1], pa.uint32()),
            "sku": pa.array(NAMES).dictionary_encode(),
        }
    )
    pyarrow.feather.write_feather(table, str(tmp_path / "v.feather"))
    vectors, ids, attributes = read(tmp_path / "v.feather", ids="id", attributes="lang")
    np.testing.assert_array_equal(vectors, VECTORS)
    assert (ids, attributes) == ([5, 4, 3, 2, 1], {"lang": ["de", "fr", None, "de", "de"]})
    assert read(tmp_path / "v.feather", ids="sku")[1] == NAMES


def test_several_files_are_one_source(tmp_path: pathlib.Path) -> None:
    for number in (2, 0, 1):
        files_of_vectors.parquet(
            tmp_path / f"part-{number}.parquet", VECTORS + number, [f"{number}/{each}" for each in NAMES], PRICES
        )
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / ".part.crc").write_text("")
    expected = np.concatenate([VECTORS, VECTORS + 1, VECTORS + 2])
    parts = [tmp_path / f"part-{number}.parquet" for number in range(3)]
    for source in (tmp_path, tmp_path / "part-*.parquet", parts):
        vectors, ids, _ = read(source, ids="name")
        np.testing.assert_array_equal(vectors, expected)
        assert ids[5] == "1/ä"
    assert open_source(tmp_path).count == 15


class Pipe(io.BufferedReader):
    """Standard input as a pipe gives it: a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        class Raw(io.RawIOBase):
            left = io.BytesIO(data)

            def readable(self) -> bool:
                return True

            def readinto(self, buffer: Any) -> int:
                got = self.left.read(min(len(buffer), 7000))
                buffer[: len(got)] = got
                return len(got)

        super().__init__(Raw(), 8192)


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(data), encoding="utf-8"))


@pytest.mark.parametrize("name", ["items.arrow", "items.feather", "items.csv", "items.tsv", "items.jsonl"])
@pytest.mark.parametrize("n", [5, 3000])
def test_standard_input_is_known_by_its_first_bytes(
    name: str, n: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = np.random.default_rng(1).standard_normal((n, 4)).astype(np.float32)
    names = [f"name {row}" for row in range(n)]
    files_of_vectors.WRITERS[name](tmp_path / name, vectors, names, [2.5] * n)
    piped(monkeypatch, (tmp_path / name).read_bytes())
    found, ids, attributes = read("-", ids="name", attributes="price")
    np.testing.assert_array_equal(found, vectors)
    assert ids == names
    assert attributes["price"] == [2.5] * n


def test_standard_input_of_arrays(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    written = io.BytesIO()
    np.save(written, VECTORS)
    piped(monkeypatch, written.getvalue())
    np.testing.assert_array_equal(read("-")[0], VECTORS)
    piped(monkeypatch, written.getvalue()[:-3])
    with pytest.raises(nearfile.BadFileError, match=r"standard input.*cut short"):
        read("-")
    files_of_vectors.vecs(tmp_path / "v.fvecs", VECTORS)
    piped(monkeypatch, (tmp_path / "v.fvecs").read_bytes())
    np.testing.assert_array_equal(read("-", format="fvecs")[0], VECTORS)
    piped(monkeypatch, b"[1, 2]\n[3, 4]\n")
    assert read("-")[0].tolist() == [[1, 2], [3, 4]]
    for data, said in [(b"PAR1xxxx", "got parquet.*to a file first"), (b"", "got nothing"), (b"\0\1\2", "--format")]:
        piped(monkeypatch, data)
        with pytest.raises(nearfile.InvalidArgumentError, match=said):
            open_source("-")


def test_an_unknown_ending_is_known_by_its_first_bytes(tmp_path: pathlib.Path) -> None:
    for name, write in files_of_vectors.WRITERS.items():
        write(tmp_path / name, VECTORS, NAMES, PRICES)
        if name.endswith(".gz"):
            continue
        (tmp_path / "unnamed").write_bytes((tmp_path / name).read_bytes())
        np.testing.assert_array_equal(read(tmp_path / "unnamed")[0], VECTORS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5,1\n2,3\n", [[0.5, 1], [2, 3]]),
        ("0.5 1\n2 3\n", [[0.5, 1], [2, 3]]),  # numpy.savetxt
        ("0,1\n0.5,1\n2,3\n", [[0.5, 1], [2, 3]]),  # pandas names columns so
        (",0,1\n0,0.5,1\n1,2,3\n", [[0.5, 1], [2, 3]]),  # with its index
        ("a\n[0.5 1]\n[2 3]\n", [[0.5, 1], [2, 3]]),
        ("\ufeffid;v10;v9\r\n7;1;0.5\r\n8;3;2\r\n\r\n", [[0.5, 1], [2, 3]]),
        ('id,v\n"a\nb","[0.5,\n1]"\nc,"(2,3)"\n', [[0.5, 1], [2, 3]]),
    ],
)
def test_csv_as_people_write_it(text: str, expected: list, tmp_path: pathlib.Path) -> None:
    (tmp_path / "v.csv").write_text(text, encoding="utf-8", newline="")
    assert read(tmp_path / "v.csv")[0].tolist() == expected


def test_columns_of_text_are_what_all_of_the_first_rows_are(tmp_path: pathlib.Path) -> None:
    rows = ["n,f,b,day,zip,v0,v1", "1,1,true,2026-01-31,007,0,1", ",2.5,,2026-02-01T10:00:00Z,8,1,0"]
    (tmp_path / "v.csv").write_text("\n".join(rows))
    _, _, attributes = read(tmp_path / "v.csv", vectors="v*", attributes="*")
    assert attributes["n"] == [1, None]
    assert attributes["f"] == [1.0, 2.5]
    assert attributes["b"] == [True, None]
    assert attributes["zip"] == ["007", "8"]
    (tmp_path / "v.jsonl").write_text(
        '{"id": 1, "v": [0, 1], "day": "2026-01-31", "tags": ["a"], "p": 1}\n\n{"id": 2, "v": [1, 0.5], "p": 1.5}\n'
    )
    vectors, ids, attributes = read(tmp_path / "v.jsonl", ids="id", attributes="day,tags,p")
    assert vectors.tolist() == [[0, 1], [1, 0.5]]
    assert ids == [1, 2]
    assert attributes["tags"] == [["a"], None]
    assert attributes["p"] == [1.0, 1.5]
    assert attributes["day"][0].isoformat()[:19] == "2026-01-31T00:00:00"
    assert read(tmp_path / "v.jsonl", attributes="day", text="day")[2] == {"day": ["2026-01-31", None]}


def lists(rows: Any) -> pa.Array:
    return pa.array(rows, pa.list_(pa.float32()))


TABLES: dict[str, tuple[dict, dict, str]] = {
    "a missing vector": ({"v": lists([[1, 2], None])}, {}, r"row 1, column 'v': expected a vector, got null"),
    "a missing number": ({"v": lists([[1, 2], [3, None]])}, {}, r"row 1, column 'v'.*null as number 1"),
    "ragged": ({"v": lists([[1, 2], [3]])}, {}, r"row 1, column 'v': expected 2 numbers.*got 1"),
    "empty lists": ({"v": lists([[], []])}, {}, r"vectors of 1 to 65536 numbers, got 0"),
    "no rows": ({"v": lists([])}, {}, r"expected vectors, got none"),
    "matrices": (
        {"v": pa.array([[[1.0], [2.0]]], pa.list_(pa.list_(pa.float32(), 1), 2))},
        {},
        r"got v \(fixed_size_list",
    ),
    "matrices by name": ({"v": pa.array([[[1.0]]])}, {"vectors": "v"}, r"got column 'v' of list<"),
    "text": ({"v": ["a"]}, {"vectors": "v"}, r"got column 'v' of text"),
    "none like vectors": ({"a": ["x"], "b": [1.5]}, {}, r"got a \(text\), b \(floats\): say which with --vectors"),
    "two like vectors": ({"a": lists([[1.0]]), "b": lists([[1.0]])}, {}, r"give --vectors a or --vectors b"),
    "no such vectors": ({"v": lists([[1.0]])}, {"vectors": "w"}, r"expected a column 'w', got v \(vectors\)"),
    "no such pattern": ({"v": lists([[1.0]])}, {"vectors": "w*"}, r"columns that 'w\*' fits"),
    "no such ids": ({"v": lists([[1.0]])}, {"ids": "w"}, r"expected a column 'w'"),
    "no such attributes": ({"v": lists([[1.0]])}, {"attributes": "v,w"}, r"expected a column 'w'"),
    "missing ids": (
        {"v": lists([[1.0]] * 2), "i": ["a", None]},
        {"ids": "i"},
        r"row 1, column 'i': expected an id, got null",
    ),
    "ids of floats": (
        {"v": lists([[1.0]]), "i": [1.5]},
        {"ids": "i"},
        r"column 'i': expected ids that are.*got floats",
    ),
    "missing of several": (
        {"x0": [1.0, None], "x1": [1.0, 2.0]},
        {},
        r"row 1, column 'x0': expected a number, got null",
    ),
}


@pytest.mark.parametrize("case", TABLES)
def test_columns_that_cannot_be_used_are_named_with_the_row(case: str, tmp_path: pathlib.Path) -> None:
    columns, options, said = TABLES[case]
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "v.parquet")
    with pytest.raises(nearfile.InvalidArgumentError, match=said) as caught:
        read(tmp_path / "v.parquet", **options)
    assert "v.parquet" in str(caught.value)


TEXTS: dict[str, tuple[str, str, dict, str]] = {
    "a word": ("v.csv", "x0,x1\n1,2\n3,b\n", {"vectors": "x*"}, r"got column 'x1' of text"),
    "a gap": ("v.csv", "x0,x1\n1,2\n3,\n", {}, r"line 3, column 'x0 to x1': expected numbers, got None"),
    "cells": ("v.csv", "x0,x1\n1,2\n3\n", {}, r"line 3: expected 2 cells.*got 1"),
    "twice": ("v.csv", "x,x\n1,2\n", {}, r"'x' twice"),
    "no id": ("v.csv", "i,x0,x1\na,1,2\n,1,2\n", {"ids": "i"}, "line 3, column 'i': expected an id, got none"),
    "bytes": ("v.csv", "\udcff\udcfe,1\n", {}, "expected text in UTF-8"),
    "empty": ("v.csv", "", {}, "v.csv: expected"),
    "head alone": ("v.csv", "x0,x1\n", {"vectors": "x*"}, "v.csv: expected"),
    "no JSON": ("v.jsonl", '{"v": [1]}\n{"v": [\n', {}, "line 2: expected an object of JSON"),
    "an array": ("v.jsonl", '{"v": [1]}\n[1]\n', {}, "line 2: expected an object on every line"),
    "a string": ("v.jsonl", '"x"\n', {}, "line 1: expected an object"),
    "ragged": ("v.jsonl", '{"v": [1, 2]}\n{"v": [1]}\n', {}, "line 2, column 'v': expected 2 numbers.*got 1"),
    "null": ("v.jsonl", '{"v": [1, 2]}\n{"v": null}\n', {}, "line 2, column 'v': expected numbers, got None"),
    "words": ("v.jsonl", '{"v": [1, 2]}\n{"v": [1, null]}\n', {}, "line 2.*expected numbers, got None|got v"),
    "lines of lists": ("v.jsonl", "[1, 2]\n[1]\n", {}, "line 2: expected 2 numbers"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_text_that_cannot_be_used_is_named_with_the_line(case: str, tmp_path: pathlib.Path) -> None:
    name, text, options, said = TEXTS[case]
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises((nearfile.InvalidArgumentError, nearfile.BadFileError), match=said):
        read(tmp_path / name, **options)


def test_what_changes_late_is_named_with_the_line(tmp_path: pathlib.Path) -> None:
    rows = [f"{row},1,2" for row in range(20000)]
    (tmp_path / "v.csv").write_text("\n".join(["i,x0,x1", *rows, "A7,1,2"]))
    with pytest.raises(nearfile.InvalidArgumentError, match=r"line 20,002, column 'i'.*got 'A7'.*--text i"):
        read(tmp_path / "v.csv", ids="i")
    assert read(tmp_path / "v.csv", ids="i", text="i")[1][-1] == "A7"
    (tmp_path / "v.csv").write_text("\n".join(["i,x0,x1", *rows, "1,nan,2"]))
    with open_source(tmp_path / "v.csv", ids="i") as source:
        *_, last = source.batches()
        error = source.explain(nearfile.InvalidArgumentError("not finite"), last)
    assert "v.csv: row 20,000, column 'x0 to x1': expected finite numbers, got nan as number 0" in str(error)


@pytest.mark.parametrize("name", ["items.npz", "items.h5", "items.parquet", "items.feather", "items.arrow"])
def test_damaged_files_are_named(name: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / name
    files_of_vectors.WRITERS[name](path, VECTORS, NAMES, PRICES)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(nearfile.FileError, match=name):
        read(path, vectors="embedding")
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(nearfile.FileError, match=name):
        read(path)
    path.unlink()
    with pytest.raises(nearfile.MissingFileError, match=f"{name}: expected a file, got nothing"):
        read(path)


@pytest.mark.parametrize(
    "name", ["items.npz", "items.h5", "items.parquet", "items.feather", "items.arrow", "items.npy"]
)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_anywhere_gives_rows_or_an_error(name: str, tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    path = tmp_path_factory.mktemp("damaged") / name
    if name == "items.npy":
        np.save(path, VECTORS)
    else:
        files_of_vectors.WRITERS[name](path, VECTORS, NAMES, PRICES)
    contents = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(contents)
    try:
        read(path, vectors=None if name == "items.npy" else "embedding")
    except nearfile.NearfileError as error:
        said = str(error)
    except MemoryError:  # a length of a damaged file, which nobody has
        said = "items"
    else:
        said = "items"
    assert "items" in said or "finite" in said


def test_files_of_a_pattern_that_differ(tmp_path: pathlib.Path) -> None:
    first, second = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pyarrow.parquet.write_table(pa.table({"v": lists([[1, 2]]), "i": ["a"], "p": [1]}), first)
    for columns, said in [
        (
            {"v": lists([[1, 2, 3]]), "i": ["a"], "p": [1]},
            "b.parquet: row 0, column 'v': expected 2 numbers, as .*a.parquet has, got 3",
        ),
        (
            {"v": lists([[1, 2]]), "i": [1], "p": [1]},
            "b.parquet: expected text in column 'i', as .*a.parquet has, got whole",
        ),
        ({"v": lists([[1, 2]]), "i": ["a"], "p": ["1"]}, "b.parquet: expected whole numbers in column 'p'"),
        ({"w": lists([[1, 2]]), "i": ["a"], "p": [1]}, "b.parquet: expected a column 'v', got w"),
    ]:
        pyarrow.parquet.write_table(pa.table(columns), second)
        with pytest.raises(nearfile.InvalidArgumentError, match=said):
            open_source(tmp_path / "*.parquet", vectors="v", ids="i", attributes="p")
    np.save(tmp_path / "b.npy", np.eye(2))
    with pytest.raises(nearfile.InvalidArgumentError, match="a file of another kind"):
        open_source([first, tmp_path / "b.npy"])


def test_what_is_no_source(tmp_path: pathlib.Path) -> None:
    np.save(tmp_path / "one.npy", np.ones(3))
    np.save(tmp_path / "objects.npy", np.array([{}]), allow_pickle=True)
    np.savez(tmp_path / "objects.npz", x=np.array([{}]))
    np.savez(tmp_path / "short.npz", x=np.eye(3), i=[1, 2])
    (tmp_path / "empty").mkdir()
    for source, options, said in [
        (tmp_path / "one.npy", {}, r"expected numbers of shape \(n, dim\), got float64 of shape \(3,\)"),
        (tmp_path / "objects.npy", {}, "objects.npy: expected"),
        (tmp_path / "objects.npz", {}, "got Python objects"),
        (tmp_path / "short.npz", {"vectors": "x", "ids": "i"}, r"expected shape \(3,\) for 'i'"),
        (
            tmp_path / "short.npz",
            {"vectors": "i"},
            r"'i': expected numbers of shape \(n, dim\), got int64 of shape \(2,\)",
        ),
        (tmp_path / "none-*.npy", {}, "fits none"),
        (tmp_path / "empty", {}, "got none"),
        (["-", tmp_path / "one.npy"], {}, "standard input"),
        ([], {}, "got none"),
        (tmp_path / "one.npy", {"format": "xml"}, "--format: expected one of 'npy'"),
    ]:
        with pytest.raises(nearfile.NearfileError, match=said):
            read(source, **options)
    np.save(tmp_path / "two.npy", np.eye(3))
    with pytest.raises(nearfile.InvalidArgumentError, match="file of vectors alone"):
        open_source(tmp_path / "two.npy", ids="name")
    assert read_queries(tmp_path / "one.npy").shape == (3,)
    with open_source(tmp_path / "two.npy") as once:
        list(once.batches())
        with pytest.raises(nearfile.InvalidArgumentError, match="second time"):
            list(once.batches())


@pytest.mark.parametrize(("name", "package"), [("items.parquet", "pyarrow"), ("items.h5", "h5py")])
def test_what_is_missing_is_said(
    name: str, package: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files_of_vectors.WRITERS[name](tmp_path / name, VECTORS, NAMES, PRICES)
    for each in [package, *[module for module in sys.modules if module.startswith(f"{package}.")]]:
        monkeypatch.setitem(sys.modules, each, None)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        open_source(tmp_path / name)


def test_an_id_that_comes_twice_is_found_in_its_files(tmp_path: pathlib.Path) -> None:
    for number, names in enumerate((["a", "b"], ["c", "a"])):
        rows = [{"sku": name, "v": [1, number]} for name in names]
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_source(tmp_path / "*.jsonl", ids="sku") as source:
        builder = nearfile.Builder(source.dim)
        for batch in source.batches():
            builder.add(batch.vectors, batch.ids)
        with pytest.raises(nearfile.InvalidArgumentError) as caught:
            builder.build()
        said = str(source.explain(caught.value, None))
    assert "1.jsonl: row 1: expected ids that are different in column 'sku', got 'a', which is at" in said
    assert "0.jsonl: row 0 too" in said
