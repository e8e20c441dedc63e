"""LangChain's store beyond its own tests: filters, scores, folders, and LangChain's indexing."""

from __future__ import annotations

import datetime
import math
from pathlib import Path
from typing import Any

import nearfile
import numpy as np
import pytest
import toys
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.indexing import InMemoryRecordManager, aindex, index
from nearfile.langchain import NearfileVectorStore

WORDS = ["apple", "apples", "ape", "banana", "bandana", "cherry", "charity", "date", "dates", "elder"]


class Letters(Embeddings):
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [toys.embedding(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return toys.embedding(text)


class AsyncLetters(Letters):
    """Whose sync methods must not be called."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise AssertionError(texts)

    def embed_query(self, text: str) -> list[float]:
        raise AssertionError(text)

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return [toys.embedding(text) for text in texts]

    async def aembed_query(self, text: str) -> list[float]:
        return toys.embedding(text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "items"


def store_of_words(folder: Path, **options: Any) -> NearfileVectorStore:
    metadatas = [{"length": len(word), "first": word[0]} for word in WORDS]
    return NearfileVectorStore.from_texts(WORDS, Letters(), metadatas, ids=WORDS, path=folder, **options)


def texts(found: list[Document]) -> list[str]:
    return [each.page_content for each in found]


def test_texts_are_on_the_disk(folder: Path) -> None:
    store_of_words(folder).close()
    with NearfileVectorStore(Letters(), folder) as store:
        assert texts(store.similarity_search("apple", k=3)) == ["apple", "apples", "ape"]
        assert store.embeddings.embed_query("a") == toys.embedding("a")
        assert len(store.documents.find()) == 10
    with NearfileVectorStore(Letters(), folder, read_only=True) as store:
        assert texts(store.similarity_search("dates", k=1)) == ["dates"]
        with pytest.raises(nearfile.InvalidArgumentError, match="read_only"):
            store.add_texts(["x"])


def test_from_documents_and_ids(folder: Path) -> None:
    documents = [Document(page_content="one", id="1"), Document(page_content="two", metadata={"n": 2})]
    with NearfileVectorStore.from_documents(documents, Letters(), path=folder) as store:
        assert texts(store.get_by_ids(["1"])) == ["one"]
        (other,) = store.add_documents([Document(page_content="two")])
        assert len(other) == 36
        assert store.add_texts(["a", "b"], [{"n": 1}, {"n": 2}], ids=["1", "1"]) == ["1", "1"]
        assert store.get_by_ids(["1", "no"]) == [Document(id="1", page_content="b", metadata={"n": 2})]
        with pytest.raises(ValueError, match="ids: expected one for each of 1"):
            store.add_documents(documents[:1], ids=["a", "b"])
        assert store.delete() is True
        assert store.delete(["1", "no"]) is True
        assert store.get_by_ids(["1"]) == []
    with pytest.raises(nearfile.InvalidArgumentError, match="path: expected the folder"):
        NearfileVectorStore.from_texts(["a"], Letters())


async def test_all_of_it_without_blocking(folder: Path) -> None:
    store = await NearfileVectorStore.afrom_texts(WORDS, AsyncLetters(), ids=WORDS, path=folder)
    assert texts(await store.asimilarity_search("apple", k=2)) == ["apple", "apples"]
    assert texts(await store.asimilarity_search_by_vector(toys.embedding("ape"), k=1)) == ["ape"]
    assert (await store.asimilarity_search_with_score("apple", k=1))[0][1] == pytest.approx(0, abs=1e-6)
    assert texts(await store.amax_marginal_relevance_search("apple", k=2, fetch_k=2, lambda_mult=1))[0] == "apple"
    assert texts(await store.asearch("date", "similarity_score_threshold", score_threshold=0.85)) == ["date", "dates"]
    assert await store.adelete(["apple"])
    assert texts(await store.aget_by_ids(["ape", "apple"])) == ["ape"]
    assert texts(await store.as_retriever(search_kwargs={"k": 1}).ainvoke("banana")) == ["banana"]
    store.close()


@pytest.mark.parametrize("metric", ["angular", "cosine", "euclidean", "manhattan", "dot"])
def test_scores_are_distances_and_relevance_follows_them(folder: Path, metric: str) -> None:
    with store_of_words(folder, metric=metric) as store:
        vectors = np.array([toys.embedding(word) for word in WORDS], np.float32)
        ids, distances = nearfile.build(vectors, metric=metric, ids=WORDS).search(vectors[3], 10, exact=True)
        found = store.similarity_search_with_score("banana", k=10, exact=True)
        assert [(each.id, far) for each, far in found] == list(zip(ids, distances.tolist()))
        relevances = [far for _, far in store.similarity_search_with_relevance_scores("banana", k=10)]
        assert relevances == sorted(relevances, reverse=True)
        expected = {"dot": 1 / (1 + math.exp(-1))}.get(metric, 1)
        assert relevances[0] == pytest.approx(expected, abs=1e-6)
        assert 0 < relevances[-1] < relevances[0]
        if metric in ("angular", "cosine"):
            assert relevances[-1] == pytest.approx(float(vectors[WORDS.index(ids[-1])] @ vectors[3]), abs=1e-5)


def test_relevance_may_be_ones_own(folder: Path) -> None:
    with store_of_words(folder, relevance_score_fn=lambda _: 0.25) as store:
        assert store.similarity_search_with_relevance_scores("banana", k=1)[0][1] == 0.25


@pytest.mark.parametrize("declare", [False, True])
def test_filters(folder: Path, declare: bool) -> None:
    with store_of_words(folder, fields={"length": int, "first": str} if declare else None) as store:
        for filter, expected in (
            ({"first": "b"}, ["banana", "bandana"]),
            ({"length": {"$lte": 4}}, ["ape", "date"]),
            ({"first": {"$in": ["d", "e"]}, "length": {"$gt": 4}}, ["dates", "elder"]),
            ({"$or": [{"first": "e"}, {"$not": {"length": {"$gt": 3}}}]}, ["ape", "elder"]),
            (lambda each: each.page_content.endswith("e"), ["ape", "apple", "date"]),
            ({}, sorted(WORDS)),
            (None, sorted(WORDS)),
        ):
            assert sorted(texts(store.similarity_search("banana", k=20, filter=filter))) == sorted(expected)
            assert sorted(texts(store.max_marginal_relevance_search("banana", 20, 20, filter=filter))) == sorted(
                expected
            )
        if declare:
            allowed = nearfile.col("length") < 4
            assert texts(store.similarity_search("banana", filter=allowed)) == ["ape"]
            assert texts(store.similarity_search("banana", filter="length < 4 or first = 'e'")) == ["ape", "elder"]
        else:
            with pytest.raises(nearfile.InvalidArgumentError, match="no column 'length'"):
                store.similarity_search("banana", filter="length < 4")
        with pytest.raises(nearfile.InvalidArgumentError, match="filter: expected a dict"):
            store.similarity_search("banana", filter=3)
        assert texts(store.similarity_search("banana", k=1, exclude=["banana"])) == ["bandana"]


def test_marginal_relevance_is_that_of_the_reference(folder: Path) -> None:
    from langchain_core.vectorstores import InMemoryVectorStore

    other = InMemoryVectorStore.from_texts(WORDS, Letters())
    with store_of_words(folder) as store:
        for spread in (0.0, 0.3, 0.7, 1.0):
            options = {"k": 5, "fetch_k": 8, "lambda_mult": spread}
            expected = texts(other.max_marginal_relevance_search("apple", **options))
            assert texts(store.max_marginal_relevance_search("apple", **options)) == expected


def test_metadata_comes_back(folder: Path) -> None:
    metadata = {"at": datetime.datetime(2026, 1, 31, 10), "nested": {"pages": [1, {"x": None}]}, "empty": ""}
    with NearfileVectorStore.from_texts(["a"], Letters(), [metadata], ids=["a"], path=folder) as store:
        assert store.similarity_search("a")[0].metadata == metadata
        with pytest.raises(nearfile.InvalidArgumentError, match="document 'b'"):
            store.add_texts(["b"], [{"x": object()}], ids=["b"])


@pytest.mark.parametrize("cleanup", ["incremental", "full"])
def test_indexing_writes_what_changed(folder: Path, cleanup: Any) -> None:
    def note(text: str, source: str) -> Document:
        return Document(page_content=text, metadata={"source": source})

    with NearfileVectorStore(Letters(), folder) as store:
        records = InMemoryRecordManager("notes")
        records.create_schema()
        options = {"cleanup": cleanup, "source_id_key": "source", "key_encoder": "sha256"}
        first = index([note("one", "a"), note("two", "b")], records, store, **options)
        assert first == {"num_added": 2, "num_updated": 0, "num_skipped": 0, "num_deleted": 0}
        second = index([note("one", "a"), note("three", "b")], records, store, **options)
        assert second == {"num_added": 1, "num_updated": 0, "num_skipped": 1, "num_deleted": 1}
        assert sorted(each.text for each in store.documents.find()) == ["one", "three"]


async def test_indexing_without_blocking(folder: Path) -> None:
    store = NearfileVectorStore(AsyncLetters(), folder)
    records = InMemoryRecordManager("notes")
    documents = [Document(page_content=word, metadata={"source": word[0]}) for word in WORDS]
    for expected in (10, 0):
        done = await aindex(documents, records, store, cleanup="full", key_encoder="sha256")
        assert done["num_added"] == expected
    assert store.documents.count() == 10
    store.close()
