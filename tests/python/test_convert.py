"""nearfile.convert, and the verbs convert and info, on files of Annoy."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import nearfile
import numpy as np
import pytest
from nearfile import AnnoyIndex
from test_annoy_files import LAYOUTS, metric_of, write


def run(*arguments: object, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nearfile.cli", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("step", [1, 3])
def test_ids_and_vectors_stay_what_they_are(layout: str, step: int, tmp_path: pathlib.Path) -> None:
    ids, vectors = write(tmp_path / "old.ann", layout, step=step)
    index = nearfile.convert(tmp_path / "old.ann", tmp_path / "new.near", 10, metric_of(layout), n_trees=3, threads=1)
    assert index.path == str(tmp_path / "new.near")
    assert index.info()["id_kind"] == ("row" if step == 1 else "int64")
    assert index.info()["n_trees"] == 3
    np.testing.assert_array_equal(index.ids, ids)
    np.testing.assert_array_equal(index.vectors(ids), vectors)
    drop_in = AnnoyIndex(10, metric_of(layout))
    drop_in.load(tmp_path / "new.near")
    assert drop_in.get_n_items() == ids[-1] + 1


def test_the_metric_is_guessed_where_one_fits(tmp_path: pathlib.Path) -> None:
    for layout in LAYOUTS:
        write(tmp_path / "old.ann", layout)
        if layout in ("euclidean", "manhattan"):
            with pytest.raises(nearfile.InvalidArgumentError, match="euclidean, manhattan, which all fit"):
                nearfile.convert(tmp_path / "old.ann", tmp_path / "new.near", 10)
        else:
            index = nearfile.convert(tmp_path / "old.ann", tmp_path / "new.near", 10)
            assert index.metric == metric_of(layout)


def test_what_cannot_be_converted(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "old.ann", "angular")
    old, new = tmp_path / "old.ann", tmp_path / "new.near"
    for arguments, kind in (
        ((tmp_path / "missing", new, 10, "angular"), nearfile.MissingFileError),
        ((old, tmp_path / "x" / "y", 10, "angular"), nearfile.MissingFileError),
        ((old, new, 11, "angular"), nearfile.BadFileError),
        ((old, new, 11), nearfile.BadFileError),
        ((old, new, 10, "dot"), nearfile.BadFileError),
        ((old, new, 10, "cosine"), nearfile.InvalidArgumentError),
        ((old, new, 10, "nonsense"), nearfile.InvalidArgumentError),
        ((old, new, 0, "angular"), nearfile.InvalidArgumentError),
        ((old, new, 10, 3), TypeError),
    ):
        with pytest.raises(kind):
            nearfile.convert(*arguments)
    assert not new.exists()


def test_the_verbs(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "old.ann", "dot")
    old, new = tmp_path / "old.ann", tmp_path / "new.near"
    assert json.loads(run("info", old, "--dim", 10, "--json"))["layouts"] == ["dot (1.13 to 1.17.3)"]
    assert "dot" in run("info", old, "--dim", 10)
    assert "check dim" in run("info", old, "--dim", 12, code=1)
    assert json.loads(run("convert", old, new, "--dim", 10, "--metric", "dot", "--json"))["count"] == 300
    assert "300 vectors of 10, dot" in run("convert", old, new, "--dim", 10)
    assert "no Annoy index" in run("convert", old, new, "--dim", 10, "--metric", "angular", code=1)
