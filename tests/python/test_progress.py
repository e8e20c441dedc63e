"""What is told while building."""

from __future__ import annotations

import io
import os
import pathlib
import pty
import subprocess
import sys

import nearfile
import numpy as np
import pytest
import reference
from nearfile.progress import Bar


def test_a_function_is_told_stages_that_end(metric: str, structure: str) -> None:
    told: list[tuple[str, int, int]] = []
    vectors = reference.vectors_for(metric, 3000, 16)
    nearfile.build(vectors, metric=metric, structure=structure, progress=lambda *each: told.append(each))
    assert len(told) > 0
    for stage, done, total in told:
        assert type(stage) is str
        assert stage
        assert 0 <= done <= total
    for stage in {each[0] for each in told}:
        dones = [each[1] for each in told if each[0] == stage]
        assert dones == sorted(dones)
    assert told[-1][1] == told[-1][2]


@pytest.mark.parametrize("error", [RuntimeError("enough"), KeyboardInterrupt(), SystemExit(3)])
def test_what_a_function_raises_stops_the_build(tmp_path: pathlib.Path, error: BaseException) -> None:
    def refuse(*_: object) -> None:
        raise error

    builder = nearfile.Builder(16, path=tmp_path / "items.near", progress=refuse)
    builder.add(reference.vectors_for("angular", 3000, 16))
    with pytest.raises(type(error)) as caught:
        builder.build()
    assert caught.value is error
    assert os.listdir(tmp_path) == []
    builder._progress = False
    assert len(builder.build()) == 3000


def test_what_a_function_returns_does_not_matter() -> None:
    assert len(nearfile.build(np.eye(5), progress=lambda *_: False)) == 5


def test_a_bar_shows_stage_share_and_time() -> None:
    stream = io.StringIO()
    bar = Bar(stream)
    bar("trees", 0, 4)
    bar("trees", 1, 4)
    assert stream.getvalue().split("\r")[-1].startswith("\x1b[2Ktrees")
    assert " 25% " in stream.getvalue().split("\r")[-1]
    bar("write", 0, 0)
    bar.close()
    assert " 100% " in stream.getvalue().split("\n")[0]
    assert stream.getvalue().endswith(" s\n")
    bar.close()


def test_a_stage_that_was_interrupted_is_not_shown_full() -> None:
    stream = io.StringIO()
    bar = Bar(stream)
    bar("trees", 1, 4)
    bar.close(finished=False)
    assert "100%" not in stream.getvalue()
    assert stream.getvalue().endswith("\n")


def stderr_of(progress: str, terminal: bool) -> str:
    """What a build writes to stderr, a terminal or a pipe."""
    script = f"import numpy, nearfile; nearfile.build(numpy.random.rand(5000, 16), progress={progress})"
    ours, theirs = pty.openpty() if terminal else os.pipe()
    with subprocess.Popen([sys.executable, "-c", script], stderr=theirs) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                some = os.read(ours, 1 << 16)
            except OSError:  # how a terminal says that nobody writes to it any more
                break
            if not some:
                break
            written += some
        os.close(ours)
        assert process.wait(60) == 0
    return written.decode()


@pytest.mark.parametrize(
    ("progress", "terminal", "drawn"),
    [("None", True, True), ("None", False, False), ("True", False, True), ("False", True, False)],
)
def test_a_bar_is_drawn_on_a_terminal_or_when_asked_for(progress: str, terminal: bool, drawn: bool) -> None:
    assert ("100%" in stderr_of(progress, terminal)) == drawn


def test_a_process_without_stderr_builds(run_python) -> None:
    run_python("import sys; sys.stderr = None; import numpy, nearfile; nearfile.build(numpy.eye(3))")
