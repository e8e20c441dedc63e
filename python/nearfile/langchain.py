"""LangChain's vector store over a collection: ``pip install 'nearfile[langchain]'``; docs/frameworks.md.

>>> import os, tempfile
>>> from langchain_core.embeddings import DeterministicFakeEmbedding
>>> from nearfile.langchain import NearfileVectorStore
>>> folder = os.path.join(tempfile.mkdtemp(), "notes")
>>> store = NearfileVectorStore.from_texts(
...     ["one", "two", "three"], DeterministicFakeEmbedding(size=8), [{"page": 1}, {"page": 2}, {"page": 2}], path=folder
... )
>>> [document.page_content for document in store.similarity_search("three", k=1)]
['three']
>>> [document.page_content for document in store.similarity_search("one", k=1, filter={"page": {"$gt": 1}})]  # doctest: +ELLIPSIS
['t...']
>>> store.close()
"""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Union

import numpy as np

from nearfile.arguments import PathLike
from nearfile.documents import Condition, Documents, Record, dict_filters, scores
from nearfile.documents.conditions import EVERY, Superset
from nearfile.documents.store import Hit
from nearfile.errors import InvalidArgumentError
from nearfile.expressions import Expression

try:
    from langchain_core.documents import Document
    from langchain_core.embeddings import Embeddings
    from langchain_core.vectorstores import VectorStore
    from langchain_core.vectorstores.utils import maximal_marginal_relevance
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"nearfile.langchain needs {error.name}: pip install 'nearfile[langchain]'", name=error.name
    ) from error

#: What searches take for `filter`: a dict of :mod:`nearfile.documents.dict_filters`, an expression of declared fields or its
#: text, or a function of a document.
Filter = Union[Mapping[str, Any], Expression, str, Callable[[Document], bool]]


class NearfileVectorStore(VectorStore):
    """Documents in a folder, on the disk when a call returns; one process writes, any number read.

    Args:
        embedding: What makes vectors of texts.
        path: The folder. Its parent must be there.
        dim: The length of embeddings; where it is not given, that of the first.
        metric: Of a new collection, ``"cosine"`` where none is given.
        fields: Names of metadata that are columns too, ``{"price": float}``: ranges of them, and expressions, need no look
            at documents.
        read_only: Whether to read alone, beside a process that writes.
        relevance_score_fn: What makes a relevance from 0 to 1 of a distance; of the metric where it is not given.
        options: As for :class:`nearfile.Collection`.

    Raises:
        LockedError: Another process writes to it.
        MissingFileError: There is none to read.
        InvalidArgumentError: What is given does not agree with what is there.
    """

    def __init__(
        self,
        embedding: Embeddings,
        path: PathLike,
        *,
        dim: int | None = None,
        metric: str | None = None,
        fields: Mapping[str, Any] | None = None,
        read_only: bool = False,
        relevance_score_fn: Callable[[float], float] | None = None,
        **options: Any,
    ) -> None:
        self._embedding = embedding
        self._relevance = relevance_score_fn
        self._documents = Documents(path, dim=dim, metric=metric, fields=fields, read_only=read_only, **options)

    @property
    def embeddings(self) -> Embeddings:
        """What makes vectors of texts."""
        return self._embedding

    @property
    def documents(self) -> Documents:
        """The documents themselves, as :class:`nearfile.documents.Documents` has them."""
        return self._documents

    def close(self) -> None:
        """Let go of the files, so that another process may write."""
        self._documents.close()

    def __enter__(self) -> NearfileVectorStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What changes it

    def add_documents(self, documents: list[Document], ids: list[str] | None = None, **kwargs: Any) -> list[str]:
        """Add documents, or replace those of ids that are there.

        Args:
            documents: LangChain's; what metadata may have is in docs/frameworks.md.
            ids: One for each; where it is not given a document's own, or a new one.
            kwargs: Not used.

        Returns:
            The ids, in order.
        """
        vectors = self._embedding.embed_documents([document.page_content for document in documents])
        return self._add(documents, ids, vectors)

    async def aadd_documents(self, documents: list[Document], ids: list[str] | None = None, **kwargs: Any) -> list[str]:
        """As :meth:`add_documents`."""
        vectors = await self._embedding.aembed_documents([document.page_content for document in documents])
        return await asyncio.to_thread(self._add, documents, ids, vectors)

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Delete documents; without ids nothing. Those that are not there change nothing."""
        self._documents.delete(ids or [])
        return True

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        path: PathLike | None = None,
        **kwargs: Any,
    ) -> NearfileVectorStore:
        """A store in the folder ``path`` with these texts; ``kwargs`` as for the class."""
        store = cls(embedding, _needed(path), **kwargs)
        try:
            store.add_texts(texts, metadatas, ids=ids)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    async def afrom_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        path: PathLike | None = None,
        **kwargs: Any,
    ) -> NearfileVectorStore:
        """As :meth:`from_texts`."""
        store = await asyncio.to_thread(functools.partial(cls, embedding, _needed(path), **kwargs))
        try:
            await store.aadd_texts(texts, metadatas, ids=ids)
        except BaseException:
            store.close()
            raise
        return store

    # What is there

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """The documents of those ids that are there, in the order of ``ids``."""
        return [_document(record) for record in self._documents.get(ids)]

    def similarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, filter: Filter | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """The nearest documents of a vector with their distances by the metric, nearest first.

        Args:
            embedding: The vector.
            k: How many; all that match where they are fewer.
            filter: Which documents may be answers.
            kwargs: ``recall``, ``effort``, ``exact`` and ``exclude`` of :meth:`nearfile.Index.search`.
        """
        return [(_document(hit.record), hit.distance) for hit in self._search(embedding, k, filter, **kwargs)]

    async def asimilarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, filter: Filter | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """As :meth:`similarity_search_with_score_by_vector`."""
        return await asyncio.to_thread(self.similarity_search_with_score_by_vector, embedding, k, filter, **kwargs)

    def similarity_search_with_score(self, query: str, k: int = 4, **kwargs: Any) -> list[tuple[Document, float]]:
        """As :meth:`similarity_search_with_score_by_vector`, of a text."""
        return self.similarity_search_with_score_by_vector(self._embedding.embed_query(query), k, **kwargs)

    async def asimilarity_search_with_score(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """As :meth:`similarity_search_with_score`."""
        vector = await self._embedding.aembed_query(query)
        return await self.asimilarity_search_with_score_by_vector(vector, k, **kwargs)

    def similarity_search_by_vector(self, embedding: list[float], k: int = 4, **kwargs: Any) -> list[Document]:
        """The nearest documents of a vector."""
        return [found for found, _ in self.similarity_search_with_score_by_vector(embedding, k, **kwargs)]

    async def asimilarity_search_by_vector(self, embedding: list[float], k: int = 4, **kwargs: Any) -> list[Document]:
        """As :meth:`similarity_search_by_vector`."""
        return await asyncio.to_thread(self.similarity_search_by_vector, embedding, k, **kwargs)

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The nearest documents of a text."""
        return [found for found, _ in self.similarity_search_with_score(query, k, **kwargs)]

    async def asimilarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """As :meth:`similarity_search`."""
        return [found for found, _ in await self.asimilarity_search_with_score(query, k, **kwargs)]

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: Filter | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """Of the ``fetch_k`` nearest documents ``k`` that are near and unlike each other, by cosines.

        ``lambda_mult`` is from 0, as unlike as may be, to 1, the nearest.
        """
        hits = self._search(embedding, fetch_k, filter, vectors=True, **kwargs)
        if not hits:
            return []
        vectors = [hit.record.vector for hit in hits]
        chosen = maximal_marginal_relevance(np.asarray(embedding, np.float32), vectors, lambda_mult=lambda_mult, k=k)
        return [_document(hits[place].record) for place in chosen]

    async def amax_marginal_relevance_search_by_vector(
        self, embedding: list[float], k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """As :meth:`max_marginal_relevance_search_by_vector`."""
        search = self.max_marginal_relevance_search_by_vector
        return await asyncio.to_thread(search, embedding, k, fetch_k, lambda_mult, **kwargs)

    def max_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """As :meth:`max_marginal_relevance_search_by_vector`, of a text."""
        vector = self._embedding.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, **kwargs)

    async def amax_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """As :meth:`max_marginal_relevance_search`."""
        vector = await self._embedding.aembed_query(query)
        return await self.amax_marginal_relevance_search_by_vector(vector, k, fetch_k, lambda_mult, **kwargs)

    # Inside

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        if self._relevance is not None:
            return self._relevance
        return functools.partial(scores.relevance, self._documents.metric)

    def _add(
        self, documents: Sequence[Document], ids: Sequence[str | None] | None, vectors: Sequence[Any]
    ) -> list[str]:
        if ids is not None and len(ids) != len(documents):
            raise InvalidArgumentError(f"ids: expected one for each of {len(documents)} documents, got {len(ids)}")
        own = [document.id for document in documents] if ids is None else ids
        names = [name or str(uuid.uuid4()) for name in own]
        self._documents.add(
            [
                Record(name, document.page_content, document.metadata, vector)
                for name, document, vector in zip(names, documents, vectors)
            ]
        )
        return names

    def _search(self, vector: Any, k: int, filter: Filter | None, **options: Any) -> list[Hit]:
        return self._documents.search(vector, k, self._condition(filter), **options)

    def _condition(self, filter: Filter | None) -> Condition | None:
        if filter is None:
            return None
        if isinstance(filter, (str, Expression)):
            expression = Expression(filter) if isinstance(filter, str) else filter
            return Condition(Superset(expression), lambda _: True)
        if isinstance(filter, Mapping):
            return dict_filters.condition(filter, self._documents.fields) if filter else None
        if callable(filter):
            return Condition(EVERY.judged(), lambda record: bool(filter(_document(record))))
        raise InvalidArgumentError(
            f"filter: expected a dict, an expression or its text, or a function of a document, got {filter!r:.60}"
            f" ({type(filter).__name__})"
        )


def _document(record: Record) -> Document:
    return Document(id=record.id, page_content=record.text or "", metadata=record.metadata)


def _needed(path: PathLike | None) -> PathLike:
    if path is None:
        raise InvalidArgumentError("path: expected the folder to keep documents in, got None")
    return path
