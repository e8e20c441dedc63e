"""Nearest neighbours as a step of scikit-learn's pipelines: :class:`NearfileTransformer`.

Needs the extra ``nearfile[sklearn]``; docs/scikit-learn.md shows what it goes with.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from nearfile import arguments
from nearfile.builder import build
from nearfile.errors import InvalidArgumentError

__all__ = ["NearfileTransformer"]

#: What scikit-learn calls metrics, and what they are called here.
METRICS = {
    "angular": "angular",
    "cityblock": "manhattan",
    "cosine": "cosine",
    "euclidean": "euclidean",
    "hamming": "hamming",
    "l1": "manhattan",
    "l2": "euclidean",
    "manhattan": "manhattan",
    "minkowski": "euclidean",
    "sqeuclidean": "euclidean",
}


class NearfileTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A sparse graph of the nearest neighbours of every row: ``sklearn.neighbors.KNeighborsTransformer`` for large data.

    Vectors are taken as float32, and so exact are distances.

    What takes such a graph with ``metric="precomputed"`` takes this one: ``DBSCAN``, ``TSNE``, ``Isomap``,
    ``KNeighborsClassifier``, ``SpectralClustering(affinity="precomputed_nearest_neighbors")`` and others.

    Args:
        n_neighbors: How many of each row. With ``mode="distance"`` the graph has one more, since a row counts as its own
            neighbour, as in ``KNeighborsTransformer``.
        mode: ``"distance"``, or ``"connectivity"`` for ones.
        metric: ``"euclidean"`` (also ``"l2"``, ``"minkowski"``), ``"sqeuclidean"``, ``"manhattan"`` (``"l1"``,
            ``"cityblock"``), ``"cosine"``, ``"hamming"`` of zeros and ones (the share that differs), or nearfile's own ``"angular"``.
        recall: The share of its neighbours that a row is to get on average, above 0 and up to 1; 1 compares all with all.
        n_jobs: Threads: ``None`` is one outside of a ``joblib.parallel_backend``, -1 every core. The result is the same.

    Attributes:
        index_: The :class:`nearfile.Index` of the rows that it was fitted with; ids are row numbers.
        effective_metric_: What that one calls the metric.
        n_samples_fit_: How many rows.
        n_features_in_: How many values a row.

    >>> import numpy
    >>> from nearfile.sklearn import NearfileTransformer
    >>> graph = NearfileTransformer(n_neighbors=1).fit_transform(numpy.array([[0.0], [1.0], [3.0]]))
    >>> graph.toarray().tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(
        self,
        *,
        n_neighbors: int = 5,
        mode: str = "distance",
        metric: str = "euclidean",
        recall: float = 0.97,
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.mode = mode
        self.metric = metric
        self.recall = recall
        self.n_jobs = n_jobs

    def fit(self, X: ArrayLike, y: object = None) -> NearfileTransformer:  # noqa: N803, ARG002
        """Build the index of the rows of ``X``, shape (n, features), any real dtype, taken as float32.

        Raises:
            InvalidArgumentError: A parameter that is none of those above, or values that float32 cannot hold.
        """
        arguments.between("n_neighbors", self.n_neighbors, 1, (1 << 31) - 1)
        arguments.one_of("mode", self.mode, ("distance", "connectivity"))
        arguments.one_of("metric", self.metric, tuple(METRICS))
        arguments.share("recall", self.recall)
        rows = validate_data(self, X)
        self.effective_metric_ = METRICS[self.metric]
        self.index_ = build(rows, metric=self.effective_metric_, threads=self._threads(), progress=False)
        self.n_samples_fit_ = len(rows)
        self._n_features_out = len(rows)
        return self

    def transform(self, X: ArrayLike) -> csr_matrix:  # noqa: N803
        """The neighbours of the rows of ``X``, shape (m, features), among those of :meth:`fit`.

        Returns:
            A ``scipy.sparse.csr_matrix`` of float64, shape (m, n): of each row its neighbours, nearest first.

        Raises:
            InvalidArgumentError: It was fitted with fewer rows than neighbours are asked for.
        """
        check_is_fitted(self)
        queries = validate_data(self, X, reset=False)
        found = self.index_.search(queries, self._width(), recall=self.recall, threads=self._threads())
        return self._graph(found.ids, found.distances)

    def fit_transform(self, X: ArrayLike, y: object = None) -> csr_matrix:  # noqa: N803
        """The neighbours of the rows of ``X``, each first its own: quicker than :meth:`fit` and :meth:`transform`.

        Returns:
            As of :meth:`transform`, of shape (n, n).
        """
        self.fit(X, y)
        found = self.index_.knn_graph(self._width(), recall=self.recall, threads=self._threads())
        return self._graph(found.rows, found.distances)

    def _threads(self) -> int:
        return int(effective_n_jobs(self.n_jobs))

    def _width(self) -> int:
        """How many are stored of a row."""
        width = self.n_neighbors + (self.mode == "distance")
        if width > self.n_samples_fit_:
            raise InvalidArgumentError(
                f"n_neighbors: expected fewer than the rows that it was fitted with, got n_neighbors={self.n_neighbors}, "
                f"n_samples_fit={self.n_samples_fit_}: ask for fewer"
            )
        return width

    def _graph(self, rows: NDArray[Any], distances: NDArray[np.float32]) -> csr_matrix:
        n, k = rows.shape
        starts = np.arange(n + 1) * k
        # As float64, which most steps make of it: SciPy sorts by column when it makes that of float32.
        values = (
            np.ones(n * k) if self.mode == "connectivity" else self._as_named(distances.reshape(-1).astype(np.float64))
        )
        return csr_matrix((values, rows.reshape(-1), starts), shape=(n, self.n_samples_fit_))

    def _as_named(self, distances: NDArray[np.float64]) -> NDArray[np.float64]:
        """As scikit-learn means the metric."""
        if self.metric == "sqeuclidean":
            return distances * distances
        return distances / self.n_features_in_ if self.metric == "hamming" else distances
