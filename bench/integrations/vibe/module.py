"""nearfile for VIBE: belongs in vibe/algorithms/nearfile/."""

# The base class is not here.
# mypy: ignore-errors

import nearfile
import numpy as np

from ..base.module import BaseANN

METRICS = {
    "euclidean": "euclidean",
    "cosine": "angular",
    "normalized": "angular",  # of vectors of length 1: the order is that of the inner product
    "ip": "dot",
    "hamming": "hamming",
}


class Nearfile(BaseANN):
    """A forest whose candidates are compared through 8-bit codes; answers are row numbers."""

    def __init__(self, metric, n_trees):
        self._metric = METRICS[metric]
        self._n_trees = n_trees
        self._search_k = None

    def fit(self, X):  # noqa: N803
        """Build, in memory, on one thread as VIBE asks."""
        self._index = nearfile.build(
            self._vectors(X),
            metric=self._metric,
            structure="forest",
            n_trees=self._n_trees,
            threads=1,
            progress=False,
        )

    def set_query_arguments(self, search_k):
        """Compare this many candidates from now on."""
        self._search_k = search_k

    def query(self, v, n):
        """The n nearest of one vector."""
        return self._index.search(self._vectors(v), n, search_k=self._search_k)[0]

    def batch_query(self, X, n):  # noqa: N803
        """The n nearest of each, on all cores."""
        self._found = self._index.search(self._vectors(X), n, search_k=self._search_k)[0]

    def get_batch_results(self):
        """What the last batch_query found."""
        return self._found

    def __str__(self):
        return f"nearfile(n_trees={self._n_trees}, search_k={self._search_k})"

    def _vectors(self, given):
        # Bits come eight in a byte.
        return np.unpackbits(given, axis=-1) if self._metric == "hamming" else given
