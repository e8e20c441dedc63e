"""Texts of this machine and what is made of them."""

from __future__ import annotations

import subprocess
import types
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench import texts

SAID = """Package: one
Description: a game of chess
Version: 2

Package: two
Description: an editor of texts

Package: two
Description: an editor of texts
"""


def apt(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: types.SimpleNamespace(stdout=said))


def test_descriptions_are_asked_for_once_and_each_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt(monkeypatch, SAID)
    assert texts.descriptions(tmp_path) == ["a game of chess", "an editor of texts"]
    apt(monkeypatch, "Description: something else\n")
    assert texts.descriptions(tmp_path) == ["a game of chess", "an editor of texts"]


def test_a_machine_without_descriptions_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt(monkeypatch, "")
    with pytest.raises(FileNotFoundError, match="got none: apt-get update"):
        texts.descriptions(tmp_path)

    def missing(*_: object, **__: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", missing)
    with pytest.raises(FileNotFoundError, match="or the command apt-cache, found neither"):
        texts.descriptions(tmp_path)


def test_texts_of_the_same_words_are_near() -> None:
    pytest.importorskip("sklearn")
    kinds = ["game of chess", "editor of plain texts", "library of sparse matrices"]
    lines = [f"{kind} number {number}" for kind in kinds for number in range(20)]
    found = texts.lsa(lines, 3)
    assert found.shape == (60, 3)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
    products = found @ found.T
    for kind in range(3):
        rows = slice(20 * kind, 20 * kind + 20)
        assert products[rows, rows].min() > products[rows, 20 * kind + 20 :].max(initial=-1)


def test_an_archive_in_parts_is_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("model/config.json", "{}")
        archive.writestr("model/1_Pooling/config.json", "of the pooling")
    data = whole.read_bytes()
    pieces = {name: data[100 * place : 100 * place + 100] for place, name in enumerate(texts.MPNET[:-1])}
    pieces[texts.MPNET[-1]] = data[400:]

    def distribution(name: str) -> SimpleNamespace:
        path = tmp_path / f"{name}.zip.001"
        path.write_bytes(pieces[name])
        other = SimpleNamespace(name="__init__.py", locate=lambda: path)
        return SimpleNamespace(files=[other, SimpleNamespace(name=path.name, locate=lambda: path)])

    monkeypatch.setattr(texts, "distribution", distribution)
    folder = tmp_path / "model"
    folder.mkdir()
    texts.unpack_mpnet(folder)
    assert {file.name: file.read_text() for file in folder.iterdir()} == {"config.json": "{}"}
