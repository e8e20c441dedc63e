"""Where a file is written to, who may read it meanwhile, and what is left when the process dies while it writes."""

from __future__ import annotations

import os
import pathlib
import signal
import stat
import subprocess
import sys
import textwrap

import nearfile
import numpy as np
import pytest


def untold(*_: object) -> None:
    raise AssertionError("the build had begun")


@pytest.mark.parametrize("name", ["new/", "folder/", "folder", "link/", "into_nothing", "circle"])
def test_what_cannot_be_written_is_refused_before_the_build(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "into_nothing").symlink_to("missing/items.near")
    with pytest.raises(OSError, match=name):
        nearfile.build(np.eye(20), f"{tmp_path}/{name}", progress=untold)
    with pytest.raises(OSError, match=name):
        nearfile.build(np.eye(20), progress=False).save(f"{tmp_path}/{name}")
    assert sorted(os.listdir(tmp_path)) == ["circle", "folder", "into_nothing", "link"]
    assert os.listdir(tmp_path / "folder") == []


def test_a_folder_that_is_gone_by_then_is_missed_before_the_build(tmp_path: pathlib.Path) -> None:
    (tmp_path / "folder").mkdir()
    builder = nearfile.Builder(20, path=tmp_path / "folder/items.near", progress=untold)
    builder.add(np.eye(20))
    (tmp_path / "folder").rmdir()
    with pytest.raises(nearfile.MissingFileError, match="create it first"):
        builder.build()


def test_links_stay_and_what_they_lead_to_is_written(tmp_path: pathlib.Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "current.near").symlink_to("latest.near")
    (tmp_path / "latest.near").symlink_to("versions/1.near")
    for count in (20, 30):
        assert len(nearfile.build(np.eye(count), tmp_path / "current.near")) == count
        assert len(nearfile.open(tmp_path / "versions/1.near")) == count
    assert (tmp_path / "current.near").is_symlink()
    assert (tmp_path / "latest.near").is_symlink()
    assert os.listdir(tmp_path / "versions") == ["1.near"]


def test_a_private_file_stays_private(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    nearfile.build(np.eye(20), path)
    path.chmod(0o600)
    nearfile.build(np.eye(30), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="files without a name are Linux's")
def test_a_build_that_dies_while_it_writes_leaves_nothing(tmp_path: pathlib.Path) -> None:
    try:
        os.close(os.open(tmp_path, os.O_TMPFILE | os.O_WRONLY))
    except OSError:
        pytest.skip("this file system has no files without a name")
    script = """
        import resource, signal, sys, numpy, nearfile
        # Ends the process in the middle of a write, as kill -9 would.
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        nearfile.build(numpy.random.default_rng(0).random((3000, 16)), sys.argv[1])
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), tmp_path / "items.near"], check=False, timeout=120
    )
    assert done.returncode == -signal.SIGXFSZ
    assert os.listdir(tmp_path) == []
