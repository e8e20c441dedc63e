"""What several libraries need done to vectors before they take them."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np


def normalised(base: Any) -> Any:
    """The rows at length one; rows of zeros stay zeros. For libraries that know no angles."""
    lengths = np.linalg.norm(base, axis=1, keepdims=True)
    return base / np.where(lengths > 0, lengths, 1).astype(np.float32)


def padded(rows: Any, dim: int) -> Any:
    """The rows with zeros at the end up to ``dim`` values, which changes no distance and no inner product."""
    if rows.shape[1] == dim:
        return rows
    wide = np.zeros((len(rows), dim), np.float32)
    wide[:, : rows.shape[1]] = rows
    return wide


class Queries:
    """Queries as a library wants them: padded, normalised, as rows; one at a time without a new array."""

    def __init__(self, dim: int, wide: int, unit: bool) -> None:
        self._dim = dim
        self._wide = wide
        self._unit = unit
        self._row = np.zeros((1, wide), np.float32)
        self._part = self._row[0, :dim]

    def one(self, query: Any) -> Any:
        """A query as a row of shape (1, wide), valid until the next call."""
        if self._unit:
            length = sqrt(query.dot(query))
            np.multiply(query, 1 / length if length > 0 else 1, out=self._part)
            return self._row
        if self._dim == self._wide:
            return query.reshape(1, -1)
        self._part[:] = query
        return self._row

    def batch(self, queries: Any) -> Any:
        """The same for every row of an array."""
        return padded(normalised(queries) if self._unit else queries, self._wide)
