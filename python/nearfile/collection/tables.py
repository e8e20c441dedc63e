"""Puts columns of attributes of several parts together again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile import _core

Piece = tuple[NDArray[np.int64], _core.Columns]


def joined(pieces: list[Piece], n: int) -> _core.Columns:
    """The columns of ``n`` rows, of which each piece has those at its places."""
    made = _core.Columns()
    # Each part has them in the order in which it was given them.
    where = [{columns.head(place)["name"]: place for place in range(len(columns))} for _, columns in pieces]
    for column in range(len(pieces[0][1])):
        head: dict[str, Any] = pieces[0][1].head(column)
        own = [places[head["name"]] for places in where]
        found: list[tuple[NDArray[np.int64], Any]] = [
            (places, columns.values(place)) for (places, columns), place in zip(pieces, own)
        ]
        if isinstance(found[0][1], list):
            objects: list[Any] = [None] * n
            for places, values in found:
                for place, value in zip(places.tolist(), values):
                    objects[place] = value
            add = made.add_text_lists if head["type"] == "strings" else made.add_texts
            add(head["name"], objects)
            continue
        missing = np.zeros(n, np.uint8)
        numbers: Any = np.zeros(n, found[0][1].dtype)
        for (places, columns), (_, values), place in zip(pieces, found, own):
            numbers[places] = values
            gone = columns.missing(place)
            if gone is not None:
                missing[places] = np.frombuffer(gone, np.uint8)
        some = missing if missing.any() else None
        if head["type"] == "float64":
            made.add_numbers(head["name"], numbers, some)
        else:
            kind = (head["type"], head["ticks_per_second"], head["time_zone"])
            made.add_integers(head["name"], *kind, numbers, some)
    return made
