"""Builds within a given memory: one file from more data than memory holds, in parts that fit."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import nearfile
import numpy as np
import pytest
from nearfile import arguments

# Some parts of the vectors below.
MEMORY = "4MiB"
COUNT = 4000
DIM = 24


def vectors_for(metric: str, count: int = COUNT) -> np.ndarray:
    random = np.random.default_rng(3)
    centers = random.normal(size=(30, DIM))
    vectors = centers[random.integers(30, size=count)] + 0.6 * random.normal(size=(count, DIM))
    return (vectors > 0 if metric == "hamming" else vectors).astype(np.float32)


def folder_of(path: Path) -> Path:
    return path.parent / f".{path.name}.build"


def found_of(index: nearfile.Index, exact: nearfile.Index, queries: np.ndarray, effort: int) -> float:
    """The share of the distances of the 10 nearest that a search finds."""
    _, wanted = exact.search(queries, k=10, exact=True)
    _, distances = index.search(queries, k=10, effort=effort)
    sign = -1 if exact.metric == "dot" else 1
    return float((sign * distances <= sign * wanted[:, -1:] + 1e-4).mean())


@pytest.mark.parametrize(
    ("metric", "profile", "keep"),
    [
        ("angular", "balanced", "exact"),
        ("angular", "compact", "none"),
        ("cosine", "fast", "half"),
        ("euclidean", "balanced", "exact"),
        ("euclidean", "compact", "none"),
        ("dot", "fast", "half"),
        ("dot", "balanced", "none"),
        ("manhattan", "compact", "exact"),
        ("hamming", "balanced", "exact"),
        ("hamming", "fast", "none"),
    ],
)
def test_a_file_is_one_as_any_other(tmp_path: Path, metric: str, profile: str, keep: str) -> None:
    vectors = vectors_for(metric)
    files = []
    for threads in (1, 2):
        path = tmp_path / f"{threads}.near"
        index = nearfile.build(
            vectors, path, metric=metric, profile=profile, keep=keep, memory=MEMORY, threads=threads, progress=False
        )
        index.verify()
        assert not folder_of(path).exists()
        files.append(path.read_bytes())
    assert files[0] == files[1]
    unlimited = nearfile.build(vectors, metric=metric, profile=profile, keep=keep, progress=False)
    assert len(index) == len(unlimited)
    for row in (0, 1, COUNT // 2, COUNT - 1):
        np.testing.assert_allclose(index.vector(row), unlimited.vector(row), atol=0.1)
    queries = vectors[::20]
    for effort in (10, 40):
        assert found_of(index, unlimited, queries, effort) > found_of(unlimited, unlimited, queries, effort) - 0.04


def test_every_instruction_set_gives_the_same_bytes(run_python, tmp_path: Path) -> None:
    script = """
        import hashlib, pathlib, sys
        import nearfile
        sys.path.insert(0, sys.argv[1])
        from test_memory import MEMORY, vectors_for
        path = pathlib.Path(sys.argv[2])
        digest = hashlib.sha256()
        for metric in ("euclidean", "dot", "hamming"):
            nearfile.build(vectors_for(metric, 2500), path, metric=metric, memory=MEMORY, progress=False)
            digest.update(path.read_bytes())
        print(digest.hexdigest())
        """
    names = nearfile.info()["supported_instruction_sets"]
    chosen = {names[0], names[-1]}
    here = Path(__file__).parent
    assert len({run_python(script, here, tmp_path / "a.near", NEARFILE_ISA=name) for name in chosen}) == 1


def test_the_command_line_builds_within_a_given_memory(tmp_path: Path) -> None:
    from nearfile.cli.app import app
    from typer.testing import CliRunner

    np.save(tmp_path / "vectors.npy", vectors_for("euclidean"))
    paths = [str(tmp_path / "vectors.npy"), str(tmp_path / "a.near")]
    done = CliRunner().invoke(app, ["build", *paths, "--metric", "euclidean", "--memory", MEMORY])
    assert done.exit_code == 0, done.output
    nearfile.open(paths[1]).verify()
    done = CliRunner().invoke(app, ["build", *paths, "--memory", "none"])
    assert done.exit_code != 0
    assert "expected bytes as a whole number" in done.output


def test_ids_and_attributes(tmp_path: Path) -> None:
    vectors = vectors_for("euclidean")
    names = [f"item {row}" for row in range(COUNT)]
    prices = np.arange(COUNT) % 17
    builder = nearfile.Builder(DIM, "euclidean", tmp_path / "a.near", memory=MEMORY, progress=False)
    for start in range(0, COUNT, 1500):
        some = slice(start, min(start + 1500, COUNT))
        builder.add(vectors[some], ids=names[some], attributes={"price": prices[some]})
    index = builder.build()
    index.verify()
    assert index.search(vectors[7], k=1)[0].tolist() == ["item 7"]
    ids, _ = index.search(vectors[7], k=5, filter=nearfile.col("price") == 3)
    assert {int(each.split()[1]) % 17 for each in ids} == {3}
    numbered = nearfile.build(
        vectors, tmp_path / "b.near", metric="euclidean", ids=np.arange(COUNT) * 3, memory=MEMORY, progress=False
    )
    assert numbered.search(vectors[7], k=1)[0].tolist() == [21]
    with pytest.raises(nearfile.InvalidArgumentError, match="ids must be distinct"):
        nearfile.build(vectors, tmp_path / "c.near", ids=[5] * COUNT, memory=MEMORY, progress=False)
    assert not (tmp_path / "c.near").exists()


def test_queries_lead_edges(tmp_path: Path) -> None:
    vectors = vectors_for("dot")
    queries = -vectors[:300]
    index = nearfile.build(vectors, tmp_path / "a.near", metric="dot", queries=queries, memory=MEMORY, progress=False)
    index.verify()
    assert found_of(index, index, queries[:50], 40) > 0.9


def test_many_vectors_that_are_one_and_the_same(tmp_path: Path) -> None:
    vectors = np.ones((COUNT, DIM), np.float32)
    vectors[: COUNT // 8] = vectors_for("euclidean", COUNT // 8)
    index = nearfile.build(vectors, tmp_path / "a.near", metric="euclidean", memory=MEMORY, progress=False)
    index.verify()
    assert index.search(vectors[3], k=1)[1][0] == 0


KILLED = """
    import os, pathlib, sys
    import nearfile
    sys.path.insert(0, {tests!r})
    from test_memory import MEMORY, folder_of, vectors_for
    path = pathlib.Path({path!r})

    def build(vectors, killed_at=0):
        stages = []
        def progress(stage, done, total):
            if not stages or stages[-1] != stage:
                stages.append(stage)
                if len(stages) == killed_at:
                    os._exit(9)
        nearfile.build(vectors, path, metric="euclidean", memory=MEMORY, threads=2, progress=progress)
        return len(stages)

    def killed(vectors, at):
        child = os.fork()
        if child == 0:
            build(vectors, at)
            os._exit(0)
        status = os.WEXITSTATUS(os.waitpid(child, 0)[1])
        assert status in (0, 9), status
        assert path.exists() == (status == 0)
        assert folder_of(path).exists() == (status == 9)
        return status == 9

    vectors = vectors_for("euclidean")
    n_stages = build(vectors)
    whole = path.read_bytes()
    path.unlink()
    """


def test_a_build_that_was_killed_goes_on(run_python, tmp_path: Path) -> None:
    # At every stage, each going on from what the one before has kept, until one comes to the end.
    script = """
        at = 1
        while killed(vectors, at):
            at += 1
        assert 5 < at < n_stages, (at, n_stages)
        assert path.read_bytes() == whole
        """
    given = textwrap.dedent(KILLED).format(tests=str(Path(__file__).parent), path=str(tmp_path / "a.near"))
    run_python(given + textwrap.dedent(script))


def test_what_is_kept_of_other_vectors_is_of_no_use(run_python, tmp_path: Path) -> None:
    script = """
        assert killed(vectors, n_stages - 5)
        assert list(folder_of(path).glob("*.kept"))
        build(vectors + 1)
        other = path.read_bytes()
        path.unlink()
        build(vectors + 1)
        assert path.read_bytes() == other != whole
        """
    given = textwrap.dedent(KILLED).format(tests=str(Path(__file__).parent), path=str(tmp_path / "a.near"))
    run_python(given + textwrap.dedent(script))


def test_a_stopped_build_can_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "a.near"

    def stop(stage: str, *_: int) -> None:
        if stage == "candidates":
            raise RuntimeError("enough")

    builder = nearfile.Builder(DIM, "euclidean", path, memory=MEMORY, progress=stop)
    builder.add(vectors_for("euclidean"))
    with pytest.raises(RuntimeError, match="enough"):
        builder.build()
    assert not path.exists()
    with pytest.raises(nearfile.FileError, match=r"another build of .* is under way"):
        nearfile.Builder(DIM, "euclidean", path, memory=MEMORY)
    builder._progress = False
    builder.build().verify()
    with pytest.raises(nearfile.InvalidArgumentError, match="it builds once"):
        builder.build()
    with pytest.raises(nearfile.InvalidArgumentError, match="it builds once"):
        builder.add(np.zeros((1, DIM)))


def test_what_is_told_before_anything_is_done(tmp_path: Path) -> None:
    path = tmp_path / "a.near"
    with pytest.raises(nearfile.InvalidArgumentError, match="memory: expected a path too"):
        nearfile.Builder(DIM, memory=MEMORY)
    with pytest.raises(nearfile.InvalidArgumentError, match="structure='graph'"):
        nearfile.Builder(DIM, path=path, structure="forest", memory=MEMORY)
    vectors = vectors_for("euclidean")
    with pytest.raises(nearfile.InvalidArgumentError, match="candidates: expected none"):
        nearfile.build(vectors, path, memory=MEMORY, candidates=np.zeros((COUNT, 3), int), progress=False)
    like = nearfile.build(vectors, progress=False)
    with pytest.raises(nearfile.InvalidArgumentError, match="like: expected none"):
        nearfile.build(vectors, path, memory=MEMORY, like=like, progress=False)
    with pytest.raises(nearfile.InvalidArgumentError, match=r"memory: expected at least \d+ bytes for \d+ vectors"):
        nearfile.build(vectors, path, memory="1MB", progress=False)
    assert not path.exists()
    assert not folder_of(path).exists()


def test_a_disk_that_is_too_small_is_told_before_anything_is_added(tmp_path: Path) -> None:
    many = np.broadcast_to(np.zeros(65536, np.float32), (nearfile._core.max_count, 65536))
    builder = nearfile.Builder(65536, "euclidean", tmp_path / "a.near", memory="1000TB")
    with pytest.raises(nearfile.FileError, match=r"the build needs \d+ bytes of disk, and \d+ are free"):
        builder.add(many)
    assert len(builder) == 0


@pytest.mark.parametrize(
    ("given", "bytes_"),
    [(None, None), (1000, 1000), ("2GiB", 2 << 30), ("500MB", 500_000_000), ("1.5 kib", 1536), ("77", 77)],
)
def test_memory_as_bytes_and_as_text(given: object, bytes_: int | None) -> None:
    assert arguments.memory(given) == bytes_


@pytest.mark.parametrize("given", ["", "many", "2 G i B", "-1", 0, -5, "0", "9999999999TiB"])
def test_what_is_no_memory(given: object) -> None:
    with pytest.raises(nearfile.InvalidArgumentError, match="memory: expected"):
        arguments.memory(given)


def test_memory_of_another_type() -> None:
    with pytest.raises(TypeError, match="memory: expected a whole number"):
        arguments.memory(2.5)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not say what is in memory")
def test_it_takes_no_more_than_it_is_given(run_python, tmp_path: Path) -> None:
    # Of the process's own memory: pages of files are the system's, which has them as long as it likes.
    script = """
        import numpy, nearfile

        def taken():
            with open("/proc/self/status") as status:
                return next(1024 * int(line.split()[1]) for line in status if line.startswith("RssAnon:"))

        most = 0

        def progress(stage, done, total):
            global most
            most = max(most, taken())

        vectors = numpy.load(sys.argv[1], mmap_mode="r")
        nearfile.build(vectors[:100], metric="euclidean", progress=False)
        before = taken()
        limit = 12 << 20
        assert vectors.nbytes > limit
        nearfile.build(vectors, sys.argv[2], metric="euclidean", memory=limit, threads=2, progress=progress).verify()
        assert 0 < most - before < limit, (before, most)
        most = 0
        nearfile.build(vectors, metric="euclidean", threads=2, progress=progress)
        assert most - before > 2 * limit, (before, most)
        """
    np.save(tmp_path / "vectors.npy", np.tile(vectors_for("euclidean", 5 * COUNT), 8))
    run_python("import sys\n" + textwrap.dedent(script), tmp_path / "vectors.npy", tmp_path / "a.near")
