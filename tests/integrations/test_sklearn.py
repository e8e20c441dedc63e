"""nearfile.sklearn: scikit-learn's own checks, and what takes a graph of neighbours."""

from __future__ import annotations

import doctest
import pickle
from typing import Any

import nearfile
import nearfile.sklearn
import numpy as np
import pytest
from nearfile.sklearn import METRICS, NearfileTransformer
from sklearn.base import clone
from sklearn.cluster import DBSCAN, SpectralClustering
from sklearn.datasets import load_digits, make_blobs
from sklearn.manifold import TSNE, Isomap, trustworthiness
from sklearn.metrics import adjusted_rand_score, pairwise_distances
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, KNeighborsTransformer
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

# A graph that is no longer sorted by distance is sorted again, with a warning.
pytestmark = pytest.mark.filterwarnings("error::sklearn.exceptions.EfficiencyWarning")
DIGITS, KINDS = load_digits(return_X_y=True)
BLOBS, CENTERS = make_blobs(600, n_features=12, centers=6, random_state=0)


@parametrize_with_checks([NearfileTransformer(), NearfileTransformer(mode="connectivity", recall=1)])
def test_what_scikit_learn_checks_of_every_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(nearfile.sklearn).attempted == 4
    assert doctest.testmod(nearfile.sklearn).failed == 0


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize(
    "metric", ["euclidean", "l2", "minkowski", "sqeuclidean", "l1", "cityblock", "manhattan", "cosine"]
)
def test_the_graph_is_that_of_kneighbors_transformer(mode: str, metric: str) -> None:
    rows = np.random.default_rng(0).random((300, 6))
    others = np.random.default_rng(1).random((40, 6))
    options: dict[str, Any] = {"n_neighbors": 4, "mode": mode, "metric": metric}
    ours = NearfileTransformer(recall=1, **options)
    theirs = KNeighborsTransformer(**options, algorithm="brute")
    for given, expected in (
        (ours.fit_transform(rows), theirs.fit_transform(rows)),
        (ours.transform(rows), theirs.transform(rows)),
        (ours.transform(others), theirs.transform(others)),
    ):
        assert given.format == "csr"
        assert given.shape == expected.shape
        assert given.dtype == np.float64
        assert (
            np.diff(given.indptr).tolist()
            == np.diff(expected.indptr).tolist()
            == [4 + (mode == "distance")] * len(expected.indptr[1:])
        )
        np.testing.assert_array_equal(given.toarray() > 0, expected.toarray() > 1e-7)
        np.testing.assert_allclose(given.toarray(), expected.toarray(), atol=1e-5)
        nearest = given.data.reshape(given.shape[0], -1)
        assert (np.diff(nearest, axis=1) >= 0).all()
    graph = ours.fit_transform(rows)
    assert graph.indices.reshape(300, -1)[:, 0].tolist() == list(range(300))
    assert graph.has_canonical_format is False or mode == "connectivity"
    assert (graph.data.reshape(300, -1)[:, 0] == (mode == "connectivity")).all()
    assert ours.get_feature_names_out()[:2].tolist() == ["nearfiletransformer0", "nearfiletransformer1"]
    assert len(ours.get_feature_names_out()) == len(theirs.get_feature_names_out()) == 300


def test_every_name_of_a_metric_is_one_of_scikit_learn_or_ours() -> None:
    bits = (np.random.default_rng(0).random((50, 16)) < 0.5).astype(float)
    for metric in METRICS:
        graph = NearfileTransformer(n_neighbors=3, metric=metric, recall=1).fit_transform(bits)
        if metric != "angular":
            far = np.sort(pairwise_distances(bits, metric=metric), axis=1)[:, :4]
            np.testing.assert_allclose(graph.data.reshape(50, 4), far, atol=1e-5)


def test_the_item_itself_is_first_among_those_that_are_the_same() -> None:
    rows = np.repeat(np.random.default_rng(0).random((40, 4)), 5, axis=0)
    graph = NearfileTransformer(n_neighbors=3).fit_transform(rows)
    assert graph.indices.reshape(200, 4)[:, 0].tolist() == list(range(200))
    assert not graph.data.any()
    assert graph.nnz == 800


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "dot"}, "metric: expected one of"),
        ({"metric": "chebyshev"}, "metric: expected one of"),
        ({"mode": "both"}, "mode: expected one of 'distance', 'connectivity'"),
        ({"n_neighbors": 0}, "n_neighbors: expected a whole number from 1"),
        ({"recall": 0}, "recall: expected a number above 0"),
        (
            {"n_neighbors": 50},
            "n_neighbors: expected fewer than the rows .* n_neighbors=50, n_samples_fit=50: ask for fewer",
        ),
    ],
)
def test_what_cannot_be_is_refused(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NearfileTransformer(**options).fit_transform(np.random.default_rng(0).random((50, 4)))


def test_it_is_cloned_pickled_and_searched_with_any_number_of_threads() -> None:
    made = NearfileTransformer(n_neighbors=7, metric="cosine", n_jobs=2)
    assert clone(made).get_params() == made.get_params()
    graph = made.fit_transform(BLOBS)
    other = pickle.loads(pickle.dumps(made))
    assert (other.transform(BLOBS) != made.transform(BLOBS)).nnz == 0
    assert (NearfileTransformer(n_neighbors=7, metric="cosine", n_jobs=1).fit_transform(BLOBS) != graph).nnz == 0
    assert isinstance(made.index_, nearfile.Index)
    assert (made.effective_metric_, made.n_samples_fit_, made.n_features_in_) == ("cosine", 600, 12)


def test_dbscan_finds_the_same_clusters() -> None:
    clusters = make_pipeline(NearfileTransformer(n_neighbors=200), DBSCAN(eps=3.5, metric="precomputed")).fit_predict(
        BLOBS
    )
    expected = DBSCAN(eps=3.5).fit_predict(BLOBS)
    assert len(set(expected)) >= 6
    assert adjusted_rand_score(clusters, expected) == 1.0


def test_spectral_clustering_finds_the_centers() -> None:
    steps = make_pipeline(
        NearfileTransformer(n_neighbors=10),
        SpectralClustering(6, affinity="precomputed_nearest_neighbors", n_neighbors=10, random_state=0),
    )
    assert adjusted_rand_score(steps.fit_predict(BLOBS), CENTERS) > 0.95


def test_tsne_and_isomap_keep_neighbours_together() -> None:
    rows = DIGITS[:400]
    for step in (
        TSNE(metric="precomputed", init="random", perplexity=15, random_state=0, max_iter=300),
        Isomap(n_neighbors=10, metric="precomputed"),
    ):
        layout = make_pipeline(NearfileTransformer(n_neighbors=46), step).fit_transform(rows)
        assert layout.shape == (400, 2)
        assert trustworthiness(rows, layout, n_neighbors=10) > (0.95 if isinstance(step, TSNE) else 0.8)


def test_classifiers_and_regressors_take_unseen_rows() -> None:
    seen, unseen = slice(0, 1200), slice(1200, None)
    for step, least in ((KNeighborsClassifier, 0.93), (KNeighborsRegressor, 0.8)):
        steps = make_pipeline(NearfileTransformer(n_neighbors=10), step(n_neighbors=5, metric="precomputed"))
        steps.fit(DIGITS[seen], KINDS[seen])
        assert steps.score(DIGITS[unseen], KINDS[unseen]) > least
        exact = step(n_neighbors=5).fit(DIGITS[seen], KINDS[seen]).score(DIGITS[unseen], KINDS[unseen])
        assert steps.score(DIGITS[unseen], KINDS[unseen]) == pytest.approx(exact, abs=0.01)


def test_a_grid_of_parameters_is_searched() -> None:
    steps = make_pipeline(NearfileTransformer(n_neighbors=10), KNeighborsClassifier(metric="precomputed"))
    grid = GridSearchCV(steps, {"nearfiletransformer__metric": ["euclidean", "cosine"]}, cv=3)
    assert grid.fit(DIGITS[:600], KINDS[:600]).best_score_ > 0.85


def test_umap_takes_the_neighbours() -> None:
    umap = pytest.importorskip("umap")
    graph = nearfile.build(DIGITS, metric="euclidean").knn_graph(k=15)
    layout = umap.UMAP(precomputed_knn=(graph.rows, graph.distances), n_epochs=100, random_state=0).fit_transform(
        DIGITS
    )
    assert trustworthiness(DIGITS, layout, n_neighbors=15) > 0.95


def test_bertopic_takes_that_umap() -> None:
    bertopic = pytest.importorskip("bertopic", reason="it brings torch: pip install bertopic hdbscan")
    umap, hdbscan = pytest.importorskip("umap"), pytest.importorskip("hdbscan")
    words = [["apple", "pear", "plum"], ["car", "bus", "train"], ["red", "blue", "green"]]
    words += [["dog", "cat", "cow"], ["sun", "moon", "star"], ["iron", "gold", "lead"]]
    rng = np.random.default_rng(0)
    documents = [" ".join(rng.choice(words[kind], 8)) for kind in CENTERS]
    graph = nearfile.build(BLOBS, metric="euclidean").knn_graph(k=15)
    layout = umap.UMAP(n_components=5, precomputed_knn=(graph.rows, graph.distances), random_state=0)
    clusters = hdbscan.HDBSCAN(min_cluster_size=20)
    model = bertopic.BERTopic(umap_model=layout, hdbscan_model=clusters, embedding_model=None)
    topics, _ = model.fit_transform(documents, BLOBS)
    assert adjusted_rand_score(topics, CENTERS) > 0.9


def test_leiden_finds_communities() -> None:
    igraph = pytest.importorskip("igraph")
    leidenalg = pytest.importorskip("leidenalg")
    edges = NearfileTransformer(n_neighbors=15, mode="connectivity").fit_transform(DIGITS).tocoo()
    graph = igraph.Graph(n=len(DIGITS), edges=zip(edges.row.tolist(), edges.col.tolist())).simplify()
    found = leidenalg.find_partition(graph, leidenalg.ModularityVertexPartition, seed=0)
    assert adjusted_rand_score(found.membership, KINDS) > 0.75
