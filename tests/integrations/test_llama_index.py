"""LlamaIndex's store: LlamaIndex publishes no tests for vector stores, so these ask for what its in-memory store does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nearfile
import numpy as np
import pytest
import toys
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.indices.query.embedding_utils import get_top_k_embeddings_learner
from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores.simple import SimpleVectorStore
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from llama_index.core.vector_stores.utils import build_metadata_filter_fn, node_to_metadata_dict
from nearfile.documents.llama_index_filters import matches
from nearfile.llama_index import NearfileVectorStore

WORDS = ["apple", "apples", "ape", "banana", "bandana", "cherry", "charity", "date", "dates", "elder"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "items"


def nodes_of_words() -> list[BaseNode]:
    return [
        TextNode(
            id_=word,
            text=word,
            metadata={"length": len(word), "first": word[0], "letters": sorted(set(word))},
            embedding=toys.embedding(word),
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"of {word[0]}")},
        )
        for word in WORDS
    ]


def store_of_words(folder: Path, **options: Any) -> NearfileVectorStore:
    store = NearfileVectorStore(folder, **options)
    assert store.add(nodes_of_words()) == WORDS
    return store


def asked(word: str, k: int = 3, **more: Any) -> VectorStoreQuery:
    return VectorStoreQuery(query_embedding=toys.embedding(word), similarity_top_k=k, **more)


def only(key: str, value: Any, operator: str = "==") -> MetadataFilters:
    return MetadataFilters(filters=[MetadataFilter(key=key, value=value, operator=FilterOperator(operator))])


# Nodes


def test_all_kinds_of_nodes_come_back(folder: Path) -> None:
    related = {
        NodeRelationship.SOURCE: RelatedNodeInfo(node_id="document", metadata={"x": 1}),
        NodeRelationship.NEXT: RelatedNodeInfo(node_id="b"),
    }
    options = {"embedding": [0.5, 1.0], "metadata": {"n": 1, "nested": {"a": [1, None]}}, "relationships": related}
    nodes = [
        TextNode(id_="a", text="text\n", start_char_idx=3, excluded_llm_metadata_keys=["n"], **options),
        IndexNode(id_="b", text="index", index_id="other", **options),
        ImageNode(id_="c", text="", image_url="https://example.com/a.png", **options),
        Node(id_="d", text_resource=MediaResource(text="node", mimetype="text/x"), **options),
        Node(id_="e", image_resource=MediaResource(data=b"abc", mimetype="image/png"), **options),
    ]
    store = NearfileVectorStore(folder)
    store.add(nodes)
    store.close()
    back = store.get_nodes()
    assert [type(node) for node in back] == [type(node) for node in nodes]
    for node, given_node in zip(back, nodes):
        bare = given_node.model_copy(update={"embedding": None})
        assert node.to_dict() == bare.to_dict()
        assert node.ref_doc_id == "document"
        assert node_to_metadata_dict(node) == node_to_metadata_dict(bare)


def test_nodes_need_embeddings(folder: Path) -> None:
    store = store_of_words(folder)
    with pytest.raises(ValueError, match="embedding not set"):
        store.add([TextNode(text="one", embedding=[0.0] * toys.DIM), TextNode(text="two")])
    assert len(store.get_nodes()) == 10


def test_nodes_are_replaced_and_deleted(folder: Path) -> None:
    store = store_of_words(folder)
    store.add([TextNode(id_="ape", text="another", embedding=toys.embedding("ape"))])
    assert [node.get_content() for node in store.get_nodes(["ape", "no", "date"])] == ["date", "another"]
    assert [node.node_id for node in store.get_nodes(filters=only("first", "d"))] == ["date", "dates"]
    assert [node.node_id for node in store.get_nodes(["dates", "elder"], only("first", "d"))] == ["dates"]
    store.delete("of b")
    store.delete("of nothing")
    assert [node.node_id for node in store.get_nodes()] == [w for w in WORDS if w[0] != "b" and w != "ape"] + ["ape"]
    store.delete_nodes(["date", "elder", "no"], only("first", "d"))
    store.delete_nodes(filters=only("first", "c"))
    assert [node.node_id for node in store.get_nodes()] == ["apple", "apples", "dates", "elder", "ape"]
    store.delete_nodes(["apple"])
    store.delete_nodes([])
    assert len(store.get_nodes()) == 4
    store.clear()
    assert store.get_nodes() == []
    assert store.query(asked("ape")).ids == []
    store.add(nodes_of_words())
    assert len(store.get_nodes()) == 10


async def test_all_of_it_without_blocking(folder: Path) -> None:
    store = NearfileVectorStore(folder)
    assert await store.async_add(nodes_of_words()) == WORDS
    assert (await store.aquery(asked("apple", 1), exact=True)).ids == ["apple"]
    await store.adelete("of a")
    await store.adelete_nodes(["date"], only("first", "d"))
    assert [node.node_id for node in await store.aget_nodes(filters=only("first", "d"))] == ["dates"]
    await store.aclear()
    assert await store.aget_nodes() == []


# Queries


@pytest.mark.parametrize("mode", ["default", "svm", "logistic_regression"])
def test_queries_are_those_of_the_reference(folder: Path, mode: str) -> None:
    theirs, ours = SimpleVectorStore(), store_of_words(folder)
    theirs.add(nodes_of_words())
    for filters in (None, only("length", 5, ">="), only("first", ["a", "d"], "in")):
        query = asked("apple", 4, mode=VectorStoreQueryMode(mode), filters=filters)
        if mode == "default":
            expected = theirs.query(query)
            np.testing.assert_allclose(ours.query(query).similarities, expected.similarities, atol=1e-6)
            assert ours.query(query).ids == expected.ids
        else:  # theirs takes the first for both
            there = [node for node in nodes_of_words() if filters is None or matches(filters, node.metadata)]
            vectors, ids = [node.embedding for node in there], [node.node_id for node in there]
            _, expected_ids = get_top_k_embeddings_learner(query.query_embedding, vectors, 4, ids, query.mode)
            assert ours.query(query).ids == expected_ids
        found = ours.query(query)
        assert [node.node_id for node in found.nodes] == found.ids


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.8, 1.0])
def test_nodes_unlike_each_other_are_those_of_the_reference(folder: Path, threshold: float) -> None:
    theirs, ours = SimpleVectorStore(), store_of_words(folder)
    theirs.add(nodes_of_words())
    query = asked("apple", 4, mode=VectorStoreQueryMode.MMR)
    expected = theirs.query(query, mmr_threshold=threshold)
    found = ours.query(query, mmr_threshold=threshold, mmr_prefetch_k=10)
    assert found.ids == expected.ids
    np.testing.assert_allclose(found.similarities, expected.similarities, atol=1e-5)
    among = ours.query(query, mmr_threshold=threshold, mmr_prefetch_factor=1)
    assert sorted(among.ids) == sorted(ours.query(asked("apple", 4)).ids)
    query.mmr_threshold = 1.0
    assert ours.query(query).ids == ours.query(asked("apple", 4)).ids


def test_queries_of_some_nodes_and_some_documents(folder: Path) -> None:
    store = store_of_words(folder)
    assert store.query(asked("apple", 9, doc_ids=["of d", "of e"])).ids == ["elder", "date", "dates"]
    assert store.query(asked("apple", 9, node_ids=["date", "ape", "no"])).ids == ["ape", "date"]
    assert store.query(asked("apple", 9, node_ids=["date", "ape"], doc_ids=["of d"])).ids == ["date"]
    assert store.query(asked("apple", 9, doc_ids=["of d"], filters=only("length", 4))).ids == ["date"]
    assert len(store.query(asked("apple", 10, node_ids=[], doc_ids=[])).ids) == 10


@pytest.mark.parametrize("mode", ["sparse", "hybrid", "text_search", "semantic_hybrid", "linear_regression"])
def test_other_modes_are_refused(folder: Path, mode: str) -> None:
    with pytest.raises(ValueError, match=f"mode: expected one of default, mmr.*{mode}"):
        store_of_words(folder).query(asked("apple", mode=VectorStoreQueryMode(mode)))
    with pytest.raises(ValueError, match="query_embedding: expected a vector"):
        store_of_words(folder).query(VectorStoreQuery(query_str="apple"))


def test_infinity_is_kept(folder: Path) -> None:
    store = NearfileVectorStore(folder, options={"background": False})
    store.add([TextNode(id_="a", metadata={"far": float("inf")}, embedding=[1.0, 0.0])])
    assert [node.metadata["far"] for node in store.get_nodes(filters=only("far", 5, ">"))] == [float("inf")]
    assert store.get_nodes(filters=only("far", None, "is_empty")) == []


# Filters

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 2, -1, 1 << 60, 0.5, 1.0, float("inf")]),
    st.sampled_from(["", "a", "b", "ab", "A", "1", "x" * 200]),
)
metadatas = st.fixed_dictionaries(
    {},
    optional={
        "number": st.one_of(st.none(), st.sampled_from([0, 1, 2.5, -1.0])),
        "text": st.sampled_from(["", "a", "ab", "B"]),
        "free": st.one_of(
            scalars, st.lists(scalars, max_size=3), st.dictionaries(st.sampled_from(["a", "b"]), scalars)
        ),
    },
)
wanted = st.one_of(
    st.none(),
    st.sampled_from([0, 1, 2, 0.5, 2.5, 1 << 60]),
    st.sampled_from(["", "a", "ab", "A", "1", "x" * 200]),
    st.lists(st.sampled_from(["", "a", "ab", "1"]), max_size=3),
    st.lists(st.sampled_from([0, 1, 2]), max_size=3),
    st.lists(st.sampled_from([0.5, 2.5]), max_size=3),
)
leaves = st.builds(
    MetadataFilter,
    key=st.sampled_from(["number", "text", "free", "none"]),
    value=wanted,
    operator=st.sampled_from(list(FilterOperator)),
)


def combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[MetadataFilters]:
    conditions = st.sampled_from([None, *FilterCondition])
    return st.builds(MetadataFilters, filters=st.lists(inner, max_size=3), condition=conditions)


filters = st.recursive(combined(leaves), lambda inner: combined(st.one_of(leaves, inner)), max_leaves=5)


@settings(max_examples=200, deadline=None)
@given(metadatas, combined(leaves))
def test_rules_are_those_of_the_reference(metadata: dict[str, Any], some: MetadataFilters) -> None:
    try:
        expected = build_metadata_filter_fn(lambda _: metadata, some)("any")
    except TypeError:  # of values that cannot be compared
        return
    assert matches(some, metadata) == expected


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(metadatas, min_size=1, max_size=8), st.lists(filters, min_size=1, max_size=8), st.booleans())
def test_filters_find_what_their_rules_say(
    tmp_path: Path, some: list[dict[str, Any]], asked_for: Sequence[MetadataFilters], declare: bool
) -> None:
    folder = tmp_path / os.urandom(8).hex()
    fields = {"number": "float64", "text": "string"} if declare else None
    store = NearfileVectorStore(folder, fields=fields, options={"background": False})
    store.add([TextNode(id_=str(row), metadata=each, embedding=[1.0, row]) for row, each in enumerate(some)])
    for each in asked_for:
        expected = [str(row) for row, metadata in enumerate(some) if matches(each, metadata)]
        assert [node.node_id for node in store.get_nodes(filters=each)] == expected, each
        query = VectorStoreQuery(query_embedding=[1.0, 0.0], similarity_top_k=10, filters=each)
        assert store.query(query).ids == expected  # the first is the nearest
    store.close()


def test_conditions_may_be_nested(folder: Path) -> None:
    store = store_of_words(folder, fields={"length": int})
    nested = MetadataFilters(
        filters=[
            only("first", "a"),
            MetadataFilters(
                filters=[*only("length", 6, ">=").filters, *only("letters", ["a", "n"], "all").filters],
                condition=FilterCondition.AND,
            ),
            MetadataFilters(filters=[*only("length", 3, ">").filters], condition=FilterCondition.NOT),
        ],
        condition=FilterCondition.OR,
    )
    assert [node.node_id for node in store.get_nodes(filters=nested)] == ["apple", "apples", "ape", "banana", "bandana"]


# Indexes


class Letters(BaseEmbedding):
    def _get_text_embedding(self, text: str) -> list[float]:
        return toys.embedding(text)

    def _get_query_embedding(self, query: str) -> list[float]:
        return toys.embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return toys.embedding(query)


def test_an_index_of_documents(folder: Path) -> None:
    model, store = Letters(), NearfileVectorStore(folder)
    documents = [Document(id_=f"document {word}", text=word, metadata={"first": word[0]}) for word in WORDS]
    context = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex.from_documents(documents, context, embed_model=model)
    assert index.as_retriever(similarity_top_k=1).retrieve("banana")[0].node.get_content() == "banana"
    index.delete_ref_doc("document banana")
    store.close()
    again = VectorStoreIndex.from_vector_store(NearfileVectorStore(folder, read_only=True), embed_model=model)
    found = again.as_retriever(similarity_top_k=2, filters=only("first", "b")).retrieve("banana")
    assert [each.node.get_content() for each in found] == ["bandana"]
    assert 0 < found[0].score < 1


def test_descriptions_make_the_same(folder: Path) -> None:
    store = NearfileVectorStore(folder, dim=3, metric="dot", fields={"price": float}, options={"keep": "half"})
    assert not folder.exists()
    described = store.to_dict()
    assert described["fields"] == {"price": "float64"}
    assert NearfileVectorStore.from_dict(described).to_dict() == described
    assert store.class_name() == described["class_name"] == "NearfileVectorStore"
    assert store.client is store.documents
    with pytest.raises(nearfile.MissingFileError):
        NearfileVectorStore(folder.with_name("no"), read_only=True).get_nodes()


@pytest.mark.parametrize("metric", ["angular", "dot", "euclidean"])
def test_similarities_of_metrics(folder: Path, metric: str) -> None:
    store = store_of_words(folder, metric=metric)
    found = store.query(asked("apple", 10), exact=True)
    vectors = np.array([toys.embedding(word) for word in found.ids])
    query = np.array(toys.embedding("apple"))
    far = 1 / (1 + np.linalg.norm(vectors - query, axis=1))
    np.testing.assert_allclose(found.similarities, far if metric == "euclidean" else vectors @ query, atol=1e-5)
    assert found.similarities == sorted(found.similarities, reverse=True)
