"""What is known of a data set before its vectors are read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """The name, size and metric of a data set: enough for an adapter to choose parameters."""

    name: str
    count: int
    dim: int
    metric: str  # "euclidean", "angular" or "dot"
