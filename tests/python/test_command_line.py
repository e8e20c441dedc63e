"""The command on files of every format: builds, collections, results in files, pictures, and what it refuses."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import warnings
from typing import Any

import files_of_vectors
import nearfile
import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from nearfile.cli import advice, chart, output
from nearfile.cli.app import app
from rich.console import Console
from typer.testing import CliRunner

N, DIM = 300, 8
VECTORS = np.random.default_rng(0).standard_normal((N, DIM)).astype(np.float32)
NAMES = [f"sku-{row}" for row in range(N)]
PRICES = [row / 2 for row in range(N)]


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    for name, write in files_of_vectors.WRITERS.items():
        write(tmp_path / name, VECTORS, NAMES, PRICES)
    np.save("items.npy", VECTORS)
    return tmp_path


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result.output


def run_json(*arguments: object) -> Any:
    return json.loads(run(*arguments, "--json"))


@pytest.mark.parametrize("name", files_of_vectors.WRITERS)
@pytest.mark.usefixtures("folder")
def test_every_format_builds_the_same_file(name: str) -> None:
    options = ("--ids", "name", "--attributes", "price", "--metric", "euclidean", "--threads", 1)
    assert f"{N} vectors of {DIM}, euclidean" in run("build", name, "items.near", *options)
    expected = nearfile.build(VECTORS, metric="euclidean", ids=NAMES, attributes={"price": PRICES})
    with nearfile.open("items.near") as index:
        assert index.ids.tolist() == NAMES
        np.testing.assert_array_equal(index.vectors(NAMES), VECTORS)
        assert index.attributes(NAMES)["price"].tolist() == PRICES
        found, wanted = index.search(VECTORS, 5), expected.search(VECTORS, 5)
    assert found[0].tolist() == wanted[0].tolist()
    np.testing.assert_array_equal(found[1], wanted[1])


@pytest.mark.usefixtures("folder")
def test_ids_and_attributes_are_columns_or_files() -> None:
    pathlib.Path("ids.txt").write_text("\n".join(map(str, range(1000, 1000 + N))))
    pyarrow.parquet.write_table(pa.table({"n": list(range(N))}), "goods.parquet")
    run("build", "items.parquet", "a.near", "--ids", "ids.txt", "--attributes", "goods.parquet")
    with nearfile.open("a.near") as index:
        assert index.ids[:2].tolist() == [1000, 1001]
        assert index.attributes([1005])["n"].tolist() == [5]
    pathlib.Path("name").write_text("a file of the same name\n")
    run("build", "items.parquet", "a.near", "--ids", "name", "--attributes", "*")
    with nearfile.open("a.near") as index:
        assert "sku-3" in index
        assert list(index.columns) == ["price"]
    pathlib.Path("short.txt").write_text("1\n2\n")
    assert "--ids: expected one for each of 300 vectors, got 2" in run(
        "build", "items.parquet", "b.near", "--ids", "short.txt", code=1
    )
    out = run("build", "items.jsonl", "b.near", "--ids", "short.txt", code=1)
    assert "--ids: expected one for each of 300 vectors, got 2" in out
    out = run("build", "items.parquet", "b.near", "--ids", "sku", code=1)
    assert "--ids: expected a column or a text file with an id a line, got 'sku', which is neither" in out
    assert "name (text), price (floats), embedding (vectors)" in out
    assert not os.path.exists("b.near")


@pytest.mark.usefixtures("folder")
def test_several_sources_and_a_pattern() -> None:
    for number in range(2):
        half = slice(number * 150, number * 150 + 150)
        files_of_vectors.parquet(pathlib.Path(f"part-{number}.parquet"), VECTORS[half], NAMES[half], PRICES[half])
    for sources in (("part-0.parquet", "part-1.parquet"), ("part-*.parquet",)):
        assert run_json("build", *sources, "items.near", "--ids", "name")["count"] == N
        assert nearfile.open("items.near").ids.tolist() == NAMES
    assert run_json("search", "items.near", "part-*.parquet", "-k", 1)["ids"] == [[name] for name in NAMES]


@pytest.mark.usefixtures("folder")
def test_a_given_memory_has_room_for_reading() -> None:
    out = run("build", "items.parquet", "items.near", "--memory", "100MB", code=1)
    assert "memory: expected at least 256MiB, of which reading takes 128, got 100MB" in out
    told = run_json("build", "items.parquet", "items.near", "--memory", "300MiB", "--ids", "name")
    assert told["count"] == N
    nearfile.open("items.near").verify()


@pytest.mark.usefixtures("folder")
def test_a_folder_is_a_collection() -> None:
    options = ("--ids", "name", "--attributes", "price")
    assert "300 vectors of 8, euclidean, a collection of 1 segment," in run(
        "build", "items.parquet", "shop/", "--metric", "euclidean", "--profile", "compact", *options
    )
    assert run_json("info", "shop")["profile"] == "compact"
    files_of_vectors.lines(pathlib.Path("more.jsonl"), VECTORS[:2] + 1, ["sku-1", "new"], [9.5, 1.0])
    told = run_json("build", "more.jsonl", "shop", *options)
    assert (told["count"], told["log_rows"]) == (301, 2)
    with nearfile.open("shop") as index:
        np.testing.assert_array_equal(index.vector("sku-1"), VECTORS[0] + 1)
        assert index.attributes(["sku-1"])["price"].tolist() == [9.5]
    for arguments, said in [
        (("items.npy", "shop"), "--ids: expected string"),
        (("items.parquet", "shop", "--ids", "name"), "--attributes: expected"),
        (("items.parquet", "shop", *options, "--metric", "dot"), "metric: expected 'euclidean'"),
        (("items.parquet", "shop", *options, "--structure", "forest"), "structure: expected graph"),
    ]:
        assert said in run("build", *arguments, code=1)
    assert "expected a file as the target" in run("build", "items.npy", "shop", "--like", "x.near", code=2)
    assert run_json("info", "shop")["count"] == 301


@pytest.mark.usefixtures("folder")
def test_what_fails_leaves_no_collection_behind() -> None:
    rows = [{"name": "a", "embedding": [1.0, 2.0]}, {"name": "a", "embedding": [1.0, 3.0]}]
    pathlib.Path("twice.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = run("build", "twice.jsonl", "shop/", "--ids", "name", code=1)
    assert "twice.jsonl: row 1: expected ids that are different in column 'name', got 'a'" in out
    assert not os.path.exists("shop")
    pathlib.Path("empty.jsonl").write_text("\n")
    assert "empty.jsonl: expected" in run("build", "empty.jsonl", "x/", code=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("items.parquet", "items.csv"), "give the target last"),
        (("items.parquet", "-"), "got standard input"),
        (("items.parquet", "."), "got a folder with other files"),
        (("items.parquet", "notes.txt"), "got a file that is none"),
        (("items.parquet", "x.near", "--vectors", "vec"), "expected a column 'vec'"),
        (("bad.parquet", "x.near"), "bad.parquet: row 1, column 'v': expected finite numbers, got inf as number 0"),
        (("items.parquet", "x.near", "--format", "csv"), "items.parquet: expected text in UTF-8"),
        (("nowhere.parquet", "x.near"), "nowhere.parquet: expected a file, got nothing of that name"),
        (("none-*.parquet", "x.near"), "fits none"),
    ],
)
def test_builds_that_are_refused(arguments: tuple, said: str, folder: pathlib.Path) -> None:
    (folder / "notes.txt").write_text("not to be lost")
    pyarrow.parquet.write_table(pa.table({"v": [[1.0, 2.0], [np.inf, 1.0]]}), folder / "bad.parquet")
    out = run("build", *arguments, code=1)
    assert said in out
    assert out.startswith("nearfile: ")
    assert out.count("\n") == 1
    assert not (folder / "x.near").exists()
    assert (folder / "notes.txt").read_text() == "not to be lost"


@pytest.mark.usefixtures("folder")
def test_what_new_users_type_first_says_what_to_do() -> None:
    assert "got items.parquet alone" in run("build", "items.parquet", code=2)
    assert "; ids are row numbers" in run("build", "items.parquet", "items.near")
    assert "it was built without --ids" in run("search", "items.near", "--item", "sku-1", code=1)
    assert "an id goes behind --item" in run("search", "items.near", "sku-1", code=1)
    table = pyarrow.parquet.read_table("items.parquet").append_column("meta", pa.array([{"a": 1}] * N))
    pyarrow.parquet.write_table(table, "wide.parquet")
    out = run("build", "wide.parquet", "items.near", "--ids", "name", "--attributes", "*", code=1)
    assert "got column 'meta' of struct<a: int64>: cast it, or leave it out: --attributes price" in out


@pytest.fixture
def shop(folder: pathlib.Path) -> pathlib.Path:
    tags = [["a"] if row % 2 else None for row in range(N)]
    nearfile.build(VECTORS, "shop.near", metric="euclidean", ids=NAMES, attributes={"price": PRICES, "tags": tags})
    return folder


@pytest.mark.parametrize("name", [*files_of_vectors.WRITERS, "items.npy"])
@pytest.mark.usefixtures("shop")
def test_queries_of_every_format(name: str) -> None:
    found = run_json("search", "shop.near", name, "-k", 2)
    assert [row[0] for row in found["ids"]] == NAMES


@pytest.mark.usefixtures("shop")
def test_queries_by_row_and_with_names_and_attributes() -> None:
    assert run_json("search", "shop.near", "--row", 7, "-k", 1)["ids"] == ["sku-7"]
    assert "--row: expected one from 0 to 299, got 300" in run("search", "shop.near", "--row", 300, code=1)
    one = run_json("search", "shop.near", "--item", "sku-7", "-k", 1, "--attributes", "price,tags")
    assert one == {"ids": ["sku-7"], "distances": [0.0], "attributes": {"price": [3.5], "tags": [["a"]]}}
    out = run("search", "shop.near", "--item", "sku-8", "-k", 1, "--attributes", "all")
    assert out.split() == ["id", "euclidean", "price", "tags", "1", "sku-8", "0.0000", "4.0", "-"]
    assert "got 'cost'" in run("search", "shop.near", "--row", 1, "--attributes", "cost", code=1)
    named = run_json("search", "shop.near", "items.parquet", "--ids", "name", "-k", 1)
    assert named["queries"] == NAMES
    lines = run("search", "shop.near", "items.parquet", "--ids", "name", "-k", 1, "--json-lines").splitlines()
    assert json.loads(lines[9]) == {"query": "sku-9", "ids": ["sku-9"], "distances": [0.0]}


@pytest.mark.parametrize("ending", ["parquet", "feather", "arrow", "csv", "jsonl", "npy", "npz"])
@pytest.mark.usefixtures("shop")
def test_results_in_files(ending: str) -> None:
    more = ("--attributes", "price", "--where", "price > 0")
    more = () if ending.startswith("np") else more
    expected = run_json("search", "shop.near", "items.npy", "-k", 3, *more)
    assert run("search", "shop.near", "items.npy", "-k", 3, *more, "-o", f"out.{ending}") == ""
    flat = [each for row in expected["ids"] for each in row]
    if ending in ("parquet", "feather", "arrow"):
        read = pyarrow.parquet.read_table if ending == "parquet" else pyarrow.feather.read_table
        table = read(f"out.{ending}").to_pydict()
        assert table["id"] == flat
        assert table["rank"][:4] == [1, 2, 3, 1]
        assert table["query"][:4] == [0, 0, 0, 1]
        assert table["price"] == [PRICES[NAMES.index(each)] for each in flat]
    elif ending == "csv":
        rows = list(csv.DictReader(io.StringIO(pathlib.Path("out.csv").read_text())))
        assert [row["id"] for row in rows] == flat
    elif ending == "jsonl":
        rows = [json.loads(line) for line in pathlib.Path("out.jsonl").read_text().splitlines()]
        assert [row["ids"] for row in rows] == expected["ids"]
        assert rows[5]["attributes"]["price"] == expected["attributes"]["price"][5]
    else:
        with contextlib.closing(np.load("out.npz")) if ending == "npz" else contextlib.nullcontext() as found:
            assert (found["ids"] if found else np.load("out.npy")).tolist() == expected["ids"]
    assert os.listdir(".").count(f"out.{ending}") == 1
    assert not [name for name in os.listdir(".") if name.startswith(".out")]


@pytest.mark.usefixtures("shop")
def test_results_have_gaps_where_there_are_fewer() -> None:
    np.save("far.npy", np.stack([VECTORS[0], VECTORS[0] + 99]))
    run("search", "shop.near", "far.npy", "--radius", 1e-3, "-o", "out.npz")
    with np.load("out.npz") as found:
        assert found["ids"].tolist() == [["sku-0"], [""]]
        assert np.isnan(found["distances"][1, 0])
    assert "ends in .parquet" in run("search", "shop.near", "--row", 0, "-o", "out.txt", code=1)
    assert "make it first" in run("search", "shop.near", "--row", 0, "-o", "no/out.npy", code=1)
    assert "expected one of --json" in run("search", "shop.near", "--row", 0, "-o", "x.npy", "--json", code=2)


def command(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "nearfile.cli", *arguments], input=stdin, capture_output=True, timeout=60
    )


def test_standard_input(shop: pathlib.Path) -> None:
    made = command("build", "-", "piped.near", "--ids", "name", stdin=(shop / "items.arrow").read_bytes())
    assert (made.returncode, made.stderr) == (0, b"")  # nothing of progress in a pipe
    assert nearfile.open("piped.near").ids.tolist() == NAMES
    found = command("search", "shop.near", "-", "-k", "1", "--json-lines", stdin=(shop / "items.jsonl").read_bytes())
    assert [json.loads(line)["ids"][0] for line in found.stdout.splitlines()] == NAMES
    refused = command("build", "-", "piped.near", stdin=(shop / "items.parquet").read_bytes())
    assert refused.returncode == 1
    assert refused.stderr.startswith(b"nearfile: standard input: expected one of npy")


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such pipes")
@pytest.mark.parametrize("option", [["--json-lines"], []])
@pytest.mark.usefixtures("shop")
def test_a_reader_that_has_enough_is_no_error(option: list[str]) -> None:
    verb = [sys.executable, "-m", "nearfile.cli", "search", "shop.near", "items.npy", "-k", "100", *option]
    with subprocess.Popen(verb, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read(10)
        process.stdout.close()
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C is no signal that one process sends another")
def test_ctrl_c_leaves_what_was_there(shop: pathlib.Path) -> None:
    before = (shop / "shop.near").read_bytes()
    with subprocess.Popen(
        [sys.executable, "-m", "nearfile.cli", "build", "-", "shop.near"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"[0.5, 0.25]\n" * 100_000)  # more than a pipe holds: when it is written, it is being read
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
    assert (shop / "shop.near").read_bytes() == before
    assert not [name for name in os.listdir(shop) if name.startswith(".shop")]


def test_progress_is_drawn_on_a_terminal(shop: pathlib.Path) -> None:
    ours, theirs = pytest.importorskip("pty").openpty()
    told: list[bytes] = []

    def listen() -> None:
        try:
            while data := os.read(ours, 4096):
                told.append(data)
        except OSError:  # the other end was closed
            pass

    listener = threading.Thread(target=listen)
    listener.start()
    done = subprocess.run(
        [sys.executable, "-m", "nearfile.cli", "build", str(shop / "items.jsonl"), str(shop / "x.near")],
        stderr=theirs,
        stdout=subprocess.PIPE,
        timeout=60,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
    )
    os.close(theirs)
    listener.join()
    os.close(ours)
    text = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", b"".join(told)).decode()
    assert done.returncode == 0
    assert "reading" in text
    assert "100%" in text
    assert b"300 vectors" in done.stdout


@pytest.mark.usefixtures("shop")
def test_bench_measures_beside_exact_search() -> None:
    told = run_json("bench", "shop.near", "--seconds", 0.5)
    assert told["of_items"]
    names = [point["search"] for point in told["points"]]
    assert names[0] == "plain"
    assert names[-1] == "exact"
    for point in told["points"]:
        assert 0 <= point["recall"] <= 1
        assert 0 < point["p50_seconds"] <= point["p99_seconds"]
        assert point["queries_a_second"] > 0
        assert 0 <= point["taken_by_others"] <= 1
    assert told["points"][-2]["recall"] > 0.9
    out = run("bench", "shop.near", "items.parquet", "--seconds", 0.2, "-k", 5)
    assert "300 queries; k = 5" in out
    assert "beside exact" in out
    nearfile.build(VECTORS, "trees.near", metric="euclidean", structure="forest")
    assert "search_k 50" in run("bench", "trees.near", "--seconds", 0.2, "-k", 5)
    nearfile.build(np.empty((0, 3)), "empty.near")
    assert "expected an index with items" in run("bench", "empty.near", code=1)


@pytest.mark.usefixtures("folder")
def test_info_draws_the_calibration_and_the_bytes() -> None:
    vectors = np.random.default_rng(0).standard_normal((6000, 16)).astype(np.float32)
    nearfile.build(vectors, "drawn.near", metric="euclidean", progress=False)
    out = run("info", "drawn.near")
    assert "o k = 1" in out
    assert "Where the bytes go" in out
    assert re.search(r"^vertices .*█", out, re.MULTILINE)
    assert any(line.startswith(" 1.00 ┤") or "┤" in line for line in out.splitlines())


def test_bars_and_curves() -> None:
    assert chart.bar(0) == ""
    assert chart.bar(1, 4) == "████"
    assert chart.bar(0.5, 3) == "█▌"
    assert chart.bar(1e-9, 3) == "▏"
    assert str(chart.curves({"one": [(5, 0.5)]}, x="x", y="y", height=2)).count("┤") == 2


def test_advice_in_words() -> None:
    points = [
        {"effort": 10, "recall": 0.90, "queries_a_second": 400.0},
        {"effort": 20, "recall": 0.96, "queries_a_second": 200.0},
        {"effort": 80, "recall": 0.995, "queries_a_second": 50.0},
    ]
    needed = {0.9: 10, 0.95: 20, 0.99: 80}
    plain = {"recall": 0.80, "queries_a_second": 500.0}
    said = "\n".join(advice.lines(points, plain, needed, "effort", 10))
    assert "Take effort 20: the least that was tried which finds 0.95 of the 10 nearest" in said
    assert "effort 10 finds 0.900" in said
    assert "For 0.99 take effort 80: 4.0 times the work, 50 a second." in said
    assert "less than the 0.95 that it aims at" in said
    plain["recall"] = 0.955
    assert "need not be told an effort" in "\n".join(advice.lines(points, plain, needed, "effort", 10))
    said = "\n".join(advice.lines(points[:1], plain, {0.9: 10, 0.95: None, 0.99: None}, "effort", 10))
    assert "No effort that was tried finds 0.95" in said


@pytest.mark.parametrize(
    ("seconds", "shown"), [(3.2, "3 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")]
)
def test_times_that_go_on(seconds: float, shown: str) -> None:
    assert output.clock(seconds) == shown


def completed(line: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", "from nearfile.cli.app import app; app(prog_name='nearfile')"],
        env={
            **os.environ,
            "_NEARFILE_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split(" ")) - 1),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.split()


@pytest.mark.usefixtures("folder")
def test_columns_are_completed() -> None:
    assert completed("nearfile build items.parquet --vectors ") == ["name", "price", "embedding"]
    assert completed("nearfile build items.parquet x.near --attributes price,em") == ["price,embedding"]
    assert completed("nearfile build nowhere.parquet --ids ") == []
    assert "bench" in completed("nearfile b")


def test_warnings_are_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def warned() -> None:
        warnings.warn("walks\ngo astray", nearfile.ScanWarning, stacklevel=1)

    monkeypatch.setattr(output, "error_console", Console(stderr=True))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        output.telling_errors(warned)()
    assert capsys.readouterr().err == "nearfile: warning: walks go astray\n"
