"""Haystack's document store and retriever over a collection: ``pip install 'nearfile[haystack]'``; docs/frameworks.md.

>>> import os, tempfile
>>> from haystack import Document
>>> from nearfile.haystack import NearfileDocumentStore, NearfileEmbeddingRetriever
>>> store = NearfileDocumentStore(os.path.join(tempfile.mkdtemp(), "notes"), embedding_dim=2)
>>> store.write_documents([Document(content="one", embedding=[1.0, 0.0]), Document(content="two", meta={"page": 2})])
2
>>> NearfileEmbeddingRetriever(store).run([1.0, 0.5])["documents"][0].content
'one'
>>> [found.content for found in store.filter_documents({"field": "meta.page", "operator": ">", "value": 1})]
['two']
>>> store.close()
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import threading
from collections.abc import Mapping
from typing import Any

from nearfile.arguments import PathLike
from nearfile.documents import Condition, Documents, summaries
from nearfile.documents.fields import declared

try:
    from haystack import Document, component, default_from_dict, default_to_dict
    from haystack.document_stores.errors import DuplicateDocumentError
    from haystack.document_stores.types import DuplicatePolicy, FilterPolicy, apply_filter_policy
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"nearfile.haystack needs {error.name}: pip install 'nearfile[haystack]'", name=error.name
    ) from error

from nearfile.documents import haystack_filters
from nearfile.documents.haystack_records import document_of, name_of, record_of, score_of


class NearfileDocumentStore:
    """Documents in a folder, on the disk when a call returns; one process writes, any number read.

    The folder is opened by the first call that needs it, so that a store can be described where there is none.

    Args:
        path: The folder. Its parent must be there.
        embedding_dim: The length of embeddings; where it is not given, that of the first.
        metric: Of a new collection, ``"cosine"`` where none is given.
        fields: Names of metadata that are columns too, ``{"price": "float64"}``: ranges of them need no look at documents.
        read_only: Whether to read alone, beside a process that writes.
        options: As for :class:`nearfile.Collection`.
    """

    def __init__(
        self,
        path: PathLike,
        *,
        embedding_dim: int | None = None,
        metric: str | None = None,
        fields: Mapping[str, Any] | None = None,
        read_only: bool = False,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.path = os.fsdecode(path)
        self.embedding_dim = embedding_dim
        self.metric = metric
        self.fields = declared(fields)
        self.read_only = read_only
        self.options = dict(options or {})
        self._opened: Documents | None = None
        self._opening = threading.Lock()

    @property
    def documents(self) -> Documents:
        """The documents themselves, as :class:`nearfile.documents.Documents` has them."""
        with self._opening:
            if self._opened is None:
                described: dict[str, Any] = {"dim": self.embedding_dim, "metric": self.metric, "fields": self.fields}
                self._opened = Documents(self.path, **described, read_only=self.read_only, **self.options)
            return self._opened

    def close(self) -> None:
        """Let go of the files, so that another process may write; the next call opens them again."""
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def to_dict(self) -> dict[str, Any]:
        """What :meth:`from_dict` makes a store of."""
        names = ("path", "embedding_dim", "metric", "fields", "read_only", "options")
        described: dict[str, Any] = default_to_dict(self, **{name: getattr(self, name) for name in names})
        return described

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NearfileDocumentStore:
        """A store of what :meth:`to_dict` said."""
        made: NearfileDocumentStore = default_from_dict(cls, data)
        return made

    # What is there

    def count_documents(self) -> int:
        """How many documents there are."""
        return self.documents.count()

    def filter_documents(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """The documents that filters match, all without any, with their embeddings, in the order of writing."""
        return [document_of(record) for record in self.documents.find(self._condition(filters), vectors=True)]

    def count_documents_by_filter(self, filters: dict[str, Any]) -> int:
        """How many filters match."""
        return self.documents.count(self._condition(filters))

    def count_unique_metadata_by_filter(self, filters: dict[str, Any], metadata_fields: list[str]) -> dict[str, int]:
        """How many values each field has among the documents that filters match."""
        found = self._metadata(filters)
        return {name: len(summaries.distinct(found, name)) for name in map(name_of, metadata_fields)}

    def get_metadata_fields_info(self) -> dict[str, dict[str, str]]:
        """The fields of metadata and the type of each: keyword, int, float or boolean."""
        return summaries.types(self._metadata(None))

    def get_metadata_field_min_max(self, metadata_field: str) -> dict[str, Any]:
        """The smallest and the largest value of a field, as ``min`` and ``max``; None where there is none."""
        return summaries.least_and_most(self._metadata(None), name_of(metadata_field))

    def get_metadata_field_unique_values(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: dict[str, Any] | None = None,
    ) -> tuple[list[Any], int]:
        """Values of a field from the ``from_``-th on, each once, that contain ``search_term``, and how many there are."""
        values = summaries.distinct(self._metadata(filters), name_of(metadata_field))
        wanted = (search_term or "").lower()
        values = [value for value in values if wanted in str(value).lower()]
        return values[from_ : from_ + size], len(values)

    def embedding_retrieval(
        self,
        query_embedding: list[float],
        filters: dict[str, Any] | None = None,
        top_k: int = 10,
        scale_score: bool = False,
        return_embedding: bool = False,
        **options: Any,
    ) -> list[Document]:
        """The nearest documents of a vector, best first, with their scores.

        Args:
            query_embedding: The vector.
            filters: Which documents may be answers.
            top_k: How many; all that match where they are fewer.
            scale_score: Whether scores are made to be from 0 to 1. Without it they are cosines, inner products where the
                metric is ``dot``, and ``1 / (1 + distance)`` of other metrics.
            return_embedding: Whether documents have their embeddings.
            options: ``recall``, ``effort`` and ``exact`` of :meth:`nearfile.Index.search`.
        """
        if not isinstance(query_embedding, (list, tuple)) or not query_embedding:
            raise ValueError(f"query_embedding: expected a list of floats, got {query_embedding!r:.60}")
        documents = self.documents
        hits = documents.search(query_embedding, top_k, self._condition(filters), vectors=return_embedding, **options)
        metric = documents.metric
        return [document_of(hit.record, score_of(metric, hit.distance, scale_score)) for hit in hits]

    # What changes it

    def write_documents(self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE) -> int:
        """Write documents, on the disk on return, all of them or none.

        Args:
            documents: Haystack's, with or without embeddings.
            policy: What is done where an id is there: ``NONE`` and ``FAIL`` raise, ``SKIP`` leaves what is there,
                ``OVERWRITE`` replaces it, by a document that comes last.

        Returns:
            How many were written.

        Raises:
            DuplicateDocumentError: An id is there, or twice among ``documents``. Nothing was written.
        """
        if not isinstance(documents, list) or not all(isinstance(each, Document) for each in documents):
            raise ValueError("documents: expected a list of Documents, and nothing else in it")
        with self.documents.alone():
            records = [record_of(document) for document in documents]
            if policy != DuplicatePolicy.OVERWRITE:
                seen = set(self.documents.known(record.id for record in records))
                fresh = []
                for record in records:
                    if record.id not in seen:
                        seen.add(record.id)
                        fresh.append(record)
                    elif policy != DuplicatePolicy.SKIP:
                        raise DuplicateDocumentError(f"expected new ids, got {record.id!r}, which is there already")
                records = fresh
            self.documents.add(records)
            return len(records)

    def delete_documents(self, document_ids: list[str]) -> None:
        """Delete documents; ids that are not there change nothing."""
        self.documents.delete(document_ids)

    def delete_all_documents(self) -> None:
        """Delete every document."""
        with self.documents.alone():
            self.documents.delete(self.documents.ids())

    def delete_by_filter(self, filters: dict[str, Any]) -> int:
        """Delete what filters match: how many they were."""
        with self.documents.alone():
            return self.documents.delete(self.documents.ids(self._condition(filters)))

    def update_by_filter(self, filters: dict[str, Any], meta: dict[str, Any]) -> int:
        """Set fields of metadata of the documents that filters match, which then come last: how many they were."""
        with self.documents.alone():
            found = self.documents.find(self._condition(filters), vectors=True)
            self.documents.add([dataclasses.replace(each, metadata={**each.metadata, **meta}) for each in found])
            return len(found)

    # The same, awaited

    async def count_documents_async(self) -> int:
        """As :meth:`count_documents`."""
        return await asyncio.to_thread(self.count_documents)

    async def filter_documents_async(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """As :meth:`filter_documents`."""
        return await asyncio.to_thread(self.filter_documents, filters)

    async def count_documents_by_filter_async(self, filters: dict[str, Any]) -> int:
        """As :meth:`count_documents_by_filter`."""
        return await asyncio.to_thread(self.count_documents_by_filter, filters)

    async def count_unique_metadata_by_filter_async(
        self, filters: dict[str, Any], metadata_fields: list[str]
    ) -> dict[str, int]:
        """As :meth:`count_unique_metadata_by_filter`."""
        return await asyncio.to_thread(self.count_unique_metadata_by_filter, filters, metadata_fields)

    async def get_metadata_fields_info_async(self) -> dict[str, dict[str, str]]:
        """As :meth:`get_metadata_fields_info`."""
        return await asyncio.to_thread(self.get_metadata_fields_info)

    async def get_metadata_field_min_max_async(self, metadata_field: str) -> dict[str, Any]:
        """As :meth:`get_metadata_field_min_max`."""
        return await asyncio.to_thread(self.get_metadata_field_min_max, metadata_field)

    async def get_metadata_field_unique_values_async(
        self,
        metadata_field: str,
        search_term: str | None = None,
        from_: int = 0,
        size: int = 10,
        filters: dict[str, Any] | None = None,
    ) -> tuple[list[Any], int]:
        """As :meth:`get_metadata_field_unique_values`."""
        asked = (metadata_field, search_term, from_, size, filters)
        return await asyncio.to_thread(self.get_metadata_field_unique_values, *asked)

    async def embedding_retrieval_async(self, query_embedding: list[float], **asked: Any) -> list[Document]:
        """As :meth:`embedding_retrieval`."""
        return await asyncio.to_thread(self.embedding_retrieval, query_embedding, **asked)

    async def write_documents_async(
        self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE
    ) -> int:
        """As :meth:`write_documents`."""
        return await asyncio.to_thread(self.write_documents, documents, policy)

    async def delete_documents_async(self, document_ids: list[str]) -> None:
        """As :meth:`delete_documents`."""
        await asyncio.to_thread(self.delete_documents, document_ids)

    async def delete_all_documents_async(self) -> None:
        """As :meth:`delete_all_documents`."""
        await asyncio.to_thread(self.delete_all_documents)

    async def delete_by_filter_async(self, filters: dict[str, Any]) -> int:
        """As :meth:`delete_by_filter`."""
        return await asyncio.to_thread(self.delete_by_filter, filters)

    async def update_by_filter_async(self, filters: dict[str, Any], meta: dict[str, Any]) -> int:
        """As :meth:`update_by_filter`."""
        return await asyncio.to_thread(self.update_by_filter, filters, meta)

    # Inside

    def _condition(self, filters: dict[str, Any] | None) -> Condition | None:
        return haystack_filters.condition(filters, self.documents.fields, document_of) if filters else None

    def _metadata(self, filters: dict[str, Any] | None) -> list[dict[str, Any]]:
        return [record.metadata for record in self.documents.find(self._condition(filters))]


@component
class NearfileEmbeddingRetriever:
    """The documents of a :class:`NearfileDocumentStore` that are nearest to an embedding.

    Args:
        document_store: Where they are.
        filters: Which documents may be answers.
        top_k: How many.
        scale_score: Whether scores are from 0 to 1.
        return_embedding: Whether documents have their embeddings.
        filter_policy: Whether filters of a run replace ``filters``, or both count.
        search_options: ``recall``, ``effort`` and ``exact`` of :meth:`nearfile.Index.search`.

    Raises:
        TypeError: ``document_store`` is another one.
        ValueError: ``top_k`` is not positive.
    """

    def __init__(
        self,
        document_store: NearfileDocumentStore,
        filters: dict[str, Any] | None = None,
        top_k: int = 10,
        scale_score: bool = False,
        return_embedding: bool = False,
        filter_policy: str | FilterPolicy = FilterPolicy.REPLACE,
        search_options: dict[str, Any] | None = None,
    ) -> None:
        if not isinstance(document_store, NearfileDocumentStore):
            raise TypeError(f"document_store: expected a NearfileDocumentStore, got {type(document_store).__name__}")
        if top_k <= 0:
            raise ValueError(f"top_k: expected 1 or more, got {top_k}")
        self.document_store = document_store
        self.filters = filters
        self.top_k = top_k
        self.scale_score = scale_score
        self.return_embedding = return_embedding
        self.filter_policy = FilterPolicy.from_str(filter_policy) if isinstance(filter_policy, str) else filter_policy
        self.search_options = dict(search_options or {})

    def to_dict(self) -> dict[str, Any]:
        """What :meth:`from_dict` makes a retriever of."""
        names = ("filters", "top_k", "scale_score", "return_embedding", "search_options")
        described: dict[str, Any] = default_to_dict(
            self,
            document_store=self.document_store.to_dict(),
            filter_policy=self.filter_policy.value,
            **{name: getattr(self, name) for name in names},
        )
        return described

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NearfileEmbeddingRetriever:
        """A retriever of what :meth:`to_dict` said."""
        described = dict(data["init_parameters"])
        described["document_store"] = NearfileDocumentStore.from_dict(described["document_store"])
        made: NearfileEmbeddingRetriever = default_from_dict(cls, {**data, "init_parameters": described})
        return made

    @component.output_types(documents=list[Document])
    def run(
        self,
        query_embedding: list[float],
        filters: dict[str, Any] | None = None,
        top_k: int | None = None,
        scale_score: bool | None = None,
        return_embedding: bool | None = None,
    ) -> dict[str, list[Document]]:
        """The nearest ``documents``, best first; what is given here counts in place of what the retriever was made with."""
        asked = self._asked(filters, top_k, scale_score, return_embedding)
        return {"documents": self.document_store.embedding_retrieval(query_embedding, **asked)}

    @component.output_types(documents=list[Document])
    async def run_async(
        self,
        query_embedding: list[float],
        filters: dict[str, Any] | None = None,
        top_k: int | None = None,
        scale_score: bool | None = None,
        return_embedding: bool | None = None,
    ) -> dict[str, list[Document]]:
        """As :meth:`run`."""
        asked = self._asked(filters, top_k, scale_score, return_embedding)
        return {"documents": await self.document_store.embedding_retrieval_async(query_embedding, **asked)}

    def _asked(
        self,
        filters: dict[str, Any] | None,
        top_k: int | None,
        scale_score: bool | None,
        return_embedding: bool | None,
    ) -> dict[str, Any]:
        return {
            "filters": apply_filter_policy(self.filter_policy, self.filters, filters),
            "top_k": self.top_k if top_k is None else top_k,
            "scale_score": self.scale_score if scale_score is None else scale_score,
            "return_embedding": self.return_embedding if return_embedding is None else return_embedding,
            **self.search_options,
        }
