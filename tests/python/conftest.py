"""What many tests need: the metrics as a parameter, and Python run in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest
from nearfile.inputs import conversion
from reference import METRICS, STRUCTURES


@pytest.fixture(params=METRICS)
def metric(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=STRUCTURES)
def structure(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if memory were short: vectors of eight values are converted three at a time."""
    monkeypatch.setattr(conversion, "BLOCK_BYTES", 3 * 4 * 8)


@pytest.fixture
def run_python():
    """Runs a script in a new process, where a crash is a failed test and not the end of all of them."""

    def run(script: str, *arguments: object, expected_code: int = 0, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-W", "error", "-c", textwrap.dedent(script), *map(str, arguments)],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == expected_code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout if expected_code == 0 else done.stderr

    return run
