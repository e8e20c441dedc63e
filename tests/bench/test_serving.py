"""The load on a server: what is asked, and what the system says of memory. tests/integrations has servers."""

from __future__ import annotations

import json
import mmap
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import psutil
import pytest

from bench.serving import load, processes


def test_requests_have_whole_numbers_where_these_are_asked_for() -> None:
    whole = load.bodies(np.array([[1.0, 2.0]], np.float32), {"k": 3})
    assert whole == ['{"vector":[1,2],"k":3}']
    assert json.loads(load.bodies(np.array([[0.5, 2.0]]), {})[0]) == {"vector": [0.5, 2.0]}


def test_without_wrk_it_says_what_to_install(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(FileNotFoundError, match="apt install wrk"):
        load.put("http://127.0.0.1:1", ["{}"], 1, 1, tmp_path)


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="a system that tells what processes share")
def test_a_file_that_two_have_mapped_is_shared(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "mapped"
    path.write_bytes(os.urandom(1 << 22))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
        assert len(memory[:]) == 1 << 22
        alone = processes.memory(os.getpid(), "mapped")
        assert alone.index == alone.index_share == 1 << 22
        assert alone.own > 0
        script = (
            "import mmap, os, sys\n"
            "memory = mmap.mmap(os.open(sys.argv[1], os.O_RDONLY), 0, prot=mmap.PROT_READ)\n"
            "memory[:]\nprint(flush=True)\ninput()"
        )
        other = subprocess.Popen([sys.executable, "-c", script, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert other.stdout is not None
        other.stdout.readline()
        shared = processes.memory(os.getpid(), "mapped")
        assert (shared.index, shared.index_share) == (1 << 22, 1 << 21)
        assert processes.seconds([psutil.Process(other.pid)]) >= 0
        other.communicate(b"\n")
