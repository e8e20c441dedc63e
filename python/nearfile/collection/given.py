"""Files that were built elsewhere, as ``Collection.of`` takes them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile import _core, arguments
from nearfile.arguments import PathLike
from nearfile.collection.part import Ids, Part
from nearfile.collection.publishing import described
from nearfile.collection.state import State, columns_of, kind_of
from nearfile.errors import InvalidArgumentError
from nearfile.routing.asking import Asking


@dataclass(frozen=True)
class File:
    """One that was opened."""

    path: str  # absolute
    core: _core.Index

    def named_from(self, folder: str) -> str:
        """As the manifest has it: from the folder where it lies there, else from the root."""
        inside = os.path.join(os.path.realpath(folder), "")
        real = os.path.join(os.path.realpath(os.path.dirname(self.path)), os.path.basename(self.path))
        return real[len(inside) :].replace(os.sep, "/") if real.startswith(inside) else self.path


def open_files(files: Iterable[PathLike]) -> list[File]:
    """All of them, in order, each once."""
    if isinstance(files, (str, bytes, os.PathLike)):
        raise InvalidArgumentError(f"files: expected a list of paths, got one, {files!r}: put it in a list")
    paths = dict.fromkeys(arguments.path(file) for file in files)
    return [File(path, _core.Index.open(arguments.path_bytes(path), "none", False)) for path in paths]


def routed(folder: str, files: list[File], router: Any) -> Any:
    """A router as the manifest has it: its cells by the names of files there.

    Raises:
        InvalidArgumentError: It is none, or not one for these files.
    """
    if router is None:
        return None
    cells = list(router.get("cells", ())) if isinstance(router, dict) else []
    if len(cells) != len(files):
        raise InvalidArgumentError(f"router: expected a cell for each of {len(files)} files, got {len(cells)}")
    saved = {**router, "cells": {file.named_from(folder): int(cell) for file, cell in zip(files, cells)}}
    Asking.of_dict(saved, [])
    return saved


def check_alike(files: list[File]) -> None:
    """Raise where files cannot be one collection; before anything is made."""
    for file in files[1:]:
        core, first = file.core, files[0].core
        got, expected = ((each.dim, each.metric, kind_of(each), sorted(columns_of(each))) for each in (core, first))
        if got != expected:
            words = "dim {}, metric {!r}, ids that are {} and columns {}"
            raise InvalidArgumentError(
                f"{file.path}: expected {words.format(*expected)}, as {files[0].path} has, got {words.format(*got)}"
            )


def options_of(first: File) -> dict[str, Any]:
    """What a collection is to be that begins with a file."""
    info: dict[str, Any] = first.core.info()
    built = {name: info[name] for name in ("profile", "keep") if info[name] is not None}
    return {"dim": info["dim"], "metric": info["metric"], **built}


def joined(state: State, files: list[File]) -> list[Part] | None:
    """The segments of a collection, all of whose items are in segments, and files behind them; None where it has all.

    Raises:
        InvalidArgumentError: They do not agree, or their ids go beyond int64.
    """
    known = {(segment.file, segment.fingerprint) for segment in state.manifest.segments}
    parts = list(state.parts[: state.n_segments])
    next_id, id_kind = state.next_id, state.id_kind
    columns = state.columns()
    for file in files:
        name = file.named_from(state.folder)
        if (name, f"{file.core.fingerprint:016x}") in known:
            continue
        id_kind = id_kind or kind_of(file.core)
        check(file, state, id_kind)
        own = columns_of(file.core)
        columns = own if columns is None else columns
        if sorted(own) != sorted(columns):
            raise InvalidArgumentError(f"{file.path}: expected the columns {columns} as others have, got {own}")
        first_id = next_id if file.core.id_kind == "row" else None
        if first_id is not None and first_id + file.core.size > 1 << 63:
            raise InvalidArgumentError(
                f"{file.path}: expected ids, because row numbers from {first_id} go beyond int64"
            )
        size = os.path.getsize(file.path)
        segment = described(file.core, name, first_id=first_id, given=True, size=size)
        parts.append(Part(file.core, segment, first_id))
        next_id = max(next_id, parts[-1].highest + 1)
    return without_repetitions(parts) if len(parts) > state.n_segments else None


def check(file: File, state: State, id_kind: str) -> None:
    """Raise where a file is not one of such a collection."""
    got = (file.core.dim, file.core.metric, kind_of(file.core))
    expected = (state.manifest.dim, state.manifest.metric, id_kind)
    if got != expected:
        words = "dim {}, metric {!r} and ids that are {}"
        raise InvalidArgumentError(f"{file.path}: expected {words.format(*expected)}, got {words.format(*got)}")


def without_repetitions(parts: list[Part]) -> list[Part]:
    """Of ids that several parts have only the last lives."""
    by_ids = [place for place, part in enumerate(parts) if part.first_id is None]
    keys = [keys_of(parts[place]) for place in by_ids]
    owners = np.concatenate([np.full(len(each), place) for place, each in zip(by_ids, keys)] or [np.empty(0, np.int64)])
    every = np.concatenate(keys or [np.empty(0, np.int64)])
    order = np.argsort(every, kind="stable")
    again = np.zeros(len(every), bool)
    same = every[order][1:] == every[order][:-1]
    again[order[1:][same]] = True
    again[order[:-1][same]] = True
    # Few have a key twice, by which others may be meant only if ids are str; those ids are looked for in earlier parts.
    for place in by_ids:
        rows = np.flatnonzero(again[owners == place])
        if not len(rows):
            continue
        ids = parts[place].ids()
        some: Ids = [ids[row] for row in rows] if isinstance(ids, list) else ids[rows]
        for earlier in range(place):
            parts[earlier] = without(parts[earlier], some)
    return numbered_without(parts)


def numbered_without(parts: list[Part]) -> list[Part]:
    """The same between parts with ids and parts whose ids are row numbers, which follow on each other."""
    for place, part in enumerate(parts):
        if part.first_id is None and part.lowest <= part.highest:
            ids = part.ids()
            for other, numbered in enumerate(parts):
                if numbered.first_id is None or isinstance(ids, list):
                    continue
                near = ids[(ids >= numbered.lowest) & (ids <= numbered.highest)]
                if not len(near):
                    continue
                if other < place:
                    parts[other] = without(numbered, near)
                else:
                    parts[place] = without(parts[place], near)
    return parts


def keys_of(part: Part) -> NDArray[np.int64]:
    """A number for each id, the same for the same id."""
    ids = part.ids()
    return np.array([hash(name) for name in ids], np.int64) if isinstance(ids, list) else ids


def without(part: Part, ids: Ids) -> Part:
    """A part when ids are deleted that it may have."""
    rows = part.rows_of(ids)
    return part.without(rows) if len(rows) else part
