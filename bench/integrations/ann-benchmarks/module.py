"""nearfile for ann-benchmarks: belongs in ann_benchmarks/algorithms/nearfile/."""

# The base class is not here.
# mypy: ignore-errors

import nearfile

from ..base.module import BaseANN


class Nearfile(BaseANN):
    """A forest whose candidates are compared through 8-bit codes; answers are row numbers."""

    def __init__(self, metric, n_trees):
        self._metric = metric  # euclidean, angular and hamming are the same words in nearfile
        self._n_trees = n_trees
        self._search_k = None

    def fit(self, X):  # noqa: N803
        """Build, in memory."""
        self._index = nearfile.build(X, metric=self._metric, structure="forest", n_trees=self._n_trees, progress=False)

    def set_query_arguments(self, search_k):
        """Compare this many candidates from now on."""
        self._search_k = search_k

    def query(self, q, n):
        """The n nearest of one vector."""
        return self._index.search(q, n, search_k=self._search_k)[0]

    def batch_query(self, X, n):  # noqa: N803
        """The n nearest of each, on all cores."""
        self._found = self._index.search(X, n, search_k=self._search_k)[0]

    def get_batch_results(self):
        """What the last batch_query found."""
        return self._found

    def __str__(self):
        return f"nearfile(n_trees={self._n_trees}, search_k={self._search_k})"
