"""Files on the disk: what they take."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import pages


def test_a_folder_is_as_large_as_its_files(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "one").write_bytes(b"x" * 10_001)
    (tmp_path / "below" / "two").write_bytes(b"y" * 5)
    assert pages.size(tmp_path) == 10_006


def test_holes_are_no_bytes_and_read_as_zeros(tmp_path: Path) -> None:
    path = tmp_path / "blocks"
    data = b"x" * pages.HOLE + bytes(20 * pages.HOLE) + b"y" + bytes(3 * pages.HOLE + 7)
    path.write_bytes(data)
    whole = pages.size(tmp_path)
    pages.dig_holes(path)
    assert path.read_bytes() == data
    assert [file.name for file in tmp_path.iterdir()] == ["blocks"]
    if pages.size(tmp_path) == whole:
        pytest.skip("this file system keeps no holes")
    assert pages.size(tmp_path) < 4 * pages.HOLE
