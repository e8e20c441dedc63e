"""Haystack's store and retriever beyond Haystack's own tests: filters as Haystack has them, scores, pipelines."""

from __future__ import annotations

import asyncio
import datetime
import os
from pathlib import Path
from typing import Any

import nearfile
import numpy as np
import pytest
import toys
from haystack import Document, Pipeline
from haystack.components.writers import DocumentWriter
from haystack.dataclasses import ByteStream, SparseEmbedding
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy, FilterPolicy
from haystack.errors import FilterError
from haystack.utils.filters import document_matches_filter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from nearfile.haystack import NearfileDocumentStore, NearfileEmbeddingRetriever

WORDS = ["apple", "apples", "ape", "banana", "bandana", "cherry", "charity", "date", "dates", "elder"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "items"


def documents_of_words() -> list[Document]:
    return [
        Document(id=word, content=word, meta={"length": len(word)}, embedding=toys.embedding(word)) for word in WORDS
    ]


def store_of_words(folder: Path, **options: Any) -> NearfileDocumentStore:
    store = NearfileDocumentStore(folder, **options)
    assert store.write_documents(documents_of_words()) == 10
    return store


def contents(documents: list[Document]) -> list[str | None]:
    return [each.content for each in documents]


# Filters: what a field may have, and what may be asked of it.

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 2.5, float("nan"), float("inf"), 1 << 60, (1 << 53) + 1]),
    st.sampled_from(
        ["", "a", "1", "2020-01-01", "2020-01-01T00:00:00", "2020-01-01T01:00:00+01:00", "2020-01", "x" * 300]
    ),
)
values = st.one_of(
    scalars,
    st.lists(scalars, max_size=2),
    st.fixed_dictionaries({}, optional={"a": scalars, "b": st.fixed_dictionaries({"a": scalars})}),
)
numbers = st.one_of(st.none(), st.sampled_from([0, 1, 2.5, -1.0, float("inf"), float("nan")]))
metas = st.fixed_dictionaries({}, optional={"number": numbers, "free": values, "text": st.sampled_from(["a", "b"])})
dates = st.sampled_from([datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)])
names = st.sampled_from(
    [
        "meta.number",
        "meta.free",
        "meta.free.a",
        "meta.free.b.a",
        "meta.text",
        "text",
        "content",
        "id",
        "embedding",
        "no.such",
        "meta.no",
    ]
)
leaves = st.one_of(
    st.fixed_dictionaries(
        {"field": names, "operator": st.sampled_from(["==", "!="]), "value": st.one_of(values, dates)}
    ),
    st.fixed_dictionaries(
        {"field": names, "operator": st.sampled_from(["<", "<=", ">", ">="]), "value": st.one_of(numbers, scalars)}
    ),
    st.fixed_dictionaries(
        {"field": names, "operator": st.sampled_from(["in", "not in"]), "value": st.lists(values, max_size=3)}
    ),
)
filters = st.recursive(
    leaves,
    lambda inner: st.fixed_dictionaries(
        {"operator": st.sampled_from(["AND", "OR", "NOT"]), "conditions": st.lists(inner, max_size=3)}
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(metas, min_size=1, max_size=8), st.lists(filters, min_size=1, max_size=8), st.booleans())
@example([{"free": "2020-01-01"}], [{"field": "meta.free", "operator": "==", "value": "2020-01-01T00:00:00"}], False)
@example([{"number": 3}, {}], [{"field": "meta.number", "operator": "==", "value": None}], True)
def test_filters_match_what_haystack_says(
    tmp_path: Path, some: list[dict[str, Any]], asked: list[dict[str, Any]], declare: bool
) -> None:
    folder = tmp_path / os.urandom(8).hex()
    options = {"options": {"background": False}, "fields": {"number": "float64", "text": "string"} if declare else None}
    store = NearfileDocumentStore(folder, embedding_dim=2, **options)
    embeddings = [[1.0, 2.0], None]
    documents = [
        Document(id=str(row), content="ab"[row % 2], meta=meta, embedding=embeddings[row % 2])
        for row, meta in enumerate(some)
    ]
    store.write_documents(documents)
    for filter in asked:
        try:
            expected = [each.id for each in documents if document_matches_filter(filter, each)]
        except (FilterError, TypeError):  # of values that cannot be compared: there is nothing to agree with
            continue
        assert [each.id for each in store.filter_documents(filter)] == expected, filter
        assert store.count_documents_by_filter(filter) == len(expected)
        near = store.embedding_retrieval([1.0, 2.0], filter, top_k=10)
        assert sorted(each.id for each in near) == [name for name in expected if int(name) % 2 == 0]
    store.close()


@pytest.mark.parametrize(
    "filter",
    [
        "meta.n == 1",
        {"operator": "AND"},
        {"operator": "XOR", "conditions": []},
        {"operator": "AND", "conditions": {}},
        {"operator": "AND", "conditions": [3]},
        {"field": "meta.n", "value": 1},
        {"field": "meta.n", "operator": "==", "valu": 1},
        {"field": "meta.n", "operator": "~", "value": 1},
        {"field": "meta.n", "operator": "in", "value": "abc"},
        {"field": 3, "operator": "==", "value": 1},
    ],
)
def test_what_is_no_filter_is_refused(folder: Path, filter: Any) -> None:
    with pytest.raises(FilterError):
        store_of_words(folder).filter_documents(filter)


# Documents


def test_all_of_a_document_comes_back(folder: Path) -> None:
    document = Document(
        id="a",
        blob=ByteStream(bytes(range(256)), {"name": "x"}, "image/png"),
        meta={"at": datetime.datetime(2026, 1, 31), "split": [{"range": [0, 3]}]},
        score=0.5,
        embedding=[0.5, 1.0],
        sparse_embedding=SparseEmbedding([1, 5], [0.25, 0.5]),
    )
    store = NearfileDocumentStore(folder)
    store.write_documents([document, Document(id="b", content="")])
    store.close()
    assert store.filter_documents() == [document, Document(id="b", content="")]
    assert store.embedding_retrieval([0.5, 1.0], return_embedding=True)[0].embedding == [0.5, 1.0]
    assert store.embedding_retrieval([0.5, 1.0])[0].embedding is None
    store.close()


def test_policies_are_for_all_of_a_call(folder: Path) -> None:
    store = store_of_words(folder)
    new, old = Document(id="new", content="new"), Document(id="ape", content="another")
    for policy in (DuplicatePolicy.FAIL, DuplicatePolicy.NONE):
        with pytest.raises(DuplicateDocumentError, match="'ape'"):
            store.write_documents([new, old], policy)
        with pytest.raises(DuplicateDocumentError, match="'new'"):
            store.write_documents([new, new], policy)
        assert store.count_documents() == 10
    assert store.write_documents([new, old, new], DuplicatePolicy.SKIP) == 1
    assert contents(store.filter_documents()) == [*WORDS, "new"]
    assert store.write_documents([old], DuplicatePolicy.OVERWRITE) == 1
    assert contents(store.filter_documents())[-1] == "another"
    assert store.write_documents([]) == 0


def test_documents_get_embeddings_later(folder: Path) -> None:
    store = NearfileDocumentStore(folder, embedding_dim=toys.DIM)
    store.write_documents([Document(id=word, content=word) for word in WORDS])
    assert store.embedding_retrieval(toys.embedding("ape")) == []
    without = {"field": "embedding", "operator": "==", "value": None}
    assert store.count_documents_by_filter(without) == 10
    store.write_documents(documents_of_words()[:4], DuplicatePolicy.OVERWRITE)
    assert store.count_documents_by_filter(without) == 6
    assert contents(store.embedding_retrieval(toys.embedding("ape")))[0] == "ape"
    other = NearfileDocumentStore(folder.with_name("other"))
    with pytest.raises(nearfile.InvalidArgumentError, match="dim: expected the length"):
        other.write_documents([Document(content="text")])


@pytest.mark.parametrize("scale", [False, True])
@pytest.mark.parametrize(("metric", "name"), [("cosine", "cosine"), ("angular", "cosine"), ("dot", "dot_product")])
def test_scores_are_those_of_haystacks_own_store(folder: Path, metric: str, name: Any, scale: bool) -> None:
    theirs = InMemoryDocumentStore(embedding_similarity_function=name)
    theirs.write_documents(documents_of_words())
    ours = store_of_words(folder, metric=metric)
    query = (np.array(toys.embedding("apple")) * 3).tolist()
    expected = theirs.embedding_retrieval(query, top_k=10, scale_score=scale)
    found = ours.embedding_retrieval(query, top_k=10, scale_score=scale, exact=True)
    assert contents(found) == contents(expected)
    np.testing.assert_allclose([each.score for each in found], [each.score for each in expected], atol=1e-5)


def test_scores_of_other_metrics(folder: Path) -> None:
    store = store_of_words(folder, metric="euclidean")
    found = store.embedding_retrieval(toys.embedding("apple"), top_k=10)
    assert found[0].score == 1.0
    far = np.linalg.norm(np.subtract(toys.embedding("apple"), toys.embedding(found[5].content)))
    assert found[5].score == pytest.approx(1 / (1 + far), abs=1e-6)


# Retrievers and pipelines


def test_the_retriever_takes_what_is_said_at_a_run_first(folder: Path) -> None:
    short = {"field": "meta.length", "operator": "<=", "value": 5}
    long = {"field": "meta.length", "operator": ">=", "value": 5}
    store, query = store_of_words(folder), toys.embedding("apple")
    retriever = NearfileEmbeddingRetriever(store, short, top_k=2, search_options={"exact": True})
    assert contents(retriever.run(query)["documents"]) == ["apple", "ape"]
    assert contents(retriever.run(query, filters=long, top_k=1)["documents"]) == ["apple"]
    assert retriever.run(query, top_k=0)["documents"] == []
    assert retriever.run(query, return_embedding=True, scale_score=True)["documents"][0].embedding is not None
    known = {"field": "id", "operator": "in", "value": ["apple", "dates", "elder", "ape"]}
    merging = NearfileEmbeddingRetriever(store, known, filter_policy=FilterPolicy.MERGE)
    assert sorted(contents(merging.run(query, filters=long)["documents"])) == ["apple", "dates", "elder"]
    assert asyncio.run(retriever.run_async(query)) == retriever.run(query)
    with pytest.raises(TypeError, match="document_store"):
        NearfileEmbeddingRetriever(InMemoryDocumentStore())
    with pytest.raises(ValueError, match="top_k"):
        NearfileEmbeddingRetriever(store, top_k=0)
    with pytest.raises(ValueError, match="query_embedding"):
        retriever.run([])


def test_descriptions_make_the_same(folder: Path) -> None:
    store = NearfileDocumentStore(
        folder, embedding_dim=3, metric="dot", fields={"price": float}, read_only=True, options={"profile": "compact"}
    )
    assert not folder.exists()
    described = store.to_dict()
    assert described["init_parameters"]["fields"] == {"price": "float64"}
    assert NearfileDocumentStore.from_dict(described).to_dict() == described
    retriever = NearfileEmbeddingRetriever(
        store, {"field": "id", "operator": "==", "value": "a"}, filter_policy="merge"
    )
    assert NearfileEmbeddingRetriever.from_dict(retriever.to_dict()).to_dict() == retriever.to_dict()


def pipelines(folder: Path) -> tuple[Pipeline, Pipeline]:
    writing, asking = Pipeline(), Pipeline()
    writing.add_component("writer", DocumentWriter(NearfileDocumentStore(folder), policy=DuplicatePolicy.OVERWRITE))
    asking.add_component("retriever", NearfileEmbeddingRetriever(NearfileDocumentStore(folder), top_k=2))
    return writing, asking


def test_pipelines_of_one_process_share_the_folder(folder: Path) -> None:
    # Each has a store of its own, made of a description.
    modules = {"allowed_modules": ["nearfile.haystack"]}
    writing, asking = (Pipeline.loads(each.dumps(), **modules) for each in pipelines(folder))
    assert writing.run({"writer": {"documents": documents_of_words()}}) == {"writer": {"documents_written": 10}}
    found = asking.run({"retriever": {"query_embedding": toys.embedding("date")}})
    assert contents(found["retriever"]["documents"]) == ["date", "dates"]
    writing.run({"writer": {"documents": [Document(content="dat", embedding=toys.embedding("date"))]}})
    found = asking.run({"retriever": {"query_embedding": toys.embedding("date")}})
    assert sorted(contents(found["retriever"]["documents"])) == ["dat", "date"]


async def test_a_pipeline_that_is_awaited(folder: Path) -> None:
    store_of_words(folder).close()
    asking = Pipeline()
    asking.add_component(
        "retriever", NearfileEmbeddingRetriever(NearfileDocumentStore(folder, read_only=True), top_k=1)
    )
    found = await asking.run_async({"retriever": {"query_embedding": toys.embedding("elder")}})
    assert contents(found["retriever"]["documents"]) == ["elder"]


def test_summaries_of_metadata(folder: Path) -> None:
    store = NearfileDocumentStore(folder, embedding_dim=2)
    metas = [{"n": 1, "s": "B"}, {"n": 2.5, "s": ["x"], "b": True}, {"n": None, "s": "a"}, {"m": 1}, {"m": "1"}]
    store.write_documents([Document(content=str(meta), meta=meta) for meta in metas])
    assert store.get_metadata_fields_info() == {
        "n": {"type": "float"},
        "s": {"type": "keyword"},
        "b": {"type": "boolean"},
        "m": {"type": "keyword"},
    }
    assert store.get_metadata_field_min_max("n") == {"min": 1, "max": 2.5}
    assert store.get_metadata_field_min_max("m") == {"min": None, "max": None}
    assert store.get_metadata_field_unique_values("meta.s") == (["B", ["x"], "a"], 3)
    assert store.count_unique_metadata_by_filter({}, ["meta.n", "m"]) == {"n": 2, "m": 2}
