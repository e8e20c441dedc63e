"""LlamaIndex's vector store over a collection: ``pip install 'nearfile[llama-index]'``; docs/frameworks.md.

>>> import os, tempfile
>>> from llama_index.core.schema import TextNode
>>> from llama_index.core.vector_stores.types import VectorStoreQuery
>>> from nearfile.llama_index import NearfileVectorStore
>>> store = NearfileVectorStore(os.path.join(tempfile.mkdtemp(), "notes"))
>>> store.add([TextNode(id_="a", text="one", embedding=[1.0, 0.0]), TextNode(id_="b", text="two", embedding=[0.0, 1.0])])
['a', 'b']
>>> found = store.query(VectorStoreQuery(query_embedding=[1.0, 0.0], similarity_top_k=2))
>>> [node.text for node in found.nodes], found.similarities
(['one', 'two'], [1.0, 0.0])
>>> store.close()
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from nearfile.arguments import PathLike
from nearfile.documents import Condition, Documents, Record, scores
from nearfile.documents.conditions import any_of, equals
from nearfile.documents.fields import declared
from nearfile.documents.store import Hit

try:
    from llama_index.core.bridge.pydantic import Field, PrivateAttr
    from llama_index.core.indices.query.embedding_utils import (
        get_top_k_embeddings_learner,
        get_top_k_mmr_embeddings,
    )
    from llama_index.core.schema import BaseNode, MetadataMode, TextNode
    from llama_index.core.vector_stores.types import (
        BasePydanticVectorStore,
        MetadataFilters,
        VectorStoreQuery,
        VectorStoreQueryMode,
        VectorStoreQueryResult,
    )
    from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"nearfile.llama_index needs {error.name}: pip install 'nearfile[llama-index]'", name=error.name
    ) from error

from nearfile.documents import llama_index_filters

# Models that LlamaIndex can ask how far a node is on the query's side: not those of linear_regression.
_LEARNERS = (VectorStoreQueryMode.SVM, VectorStoreQueryMode.LOGISTIC_REGRESSION)
# Of so many times the nodes that are asked for the most unlike are chosen.
_PREFETCH = 4.0


class NearfileVectorStore(BasePydanticVectorStore):
    """Nodes in a folder, on the disk when a call returns; one process writes, any number read.

    The folder is opened by the first call that needs it.

    Args:
        path: The folder. Its parent must be there.
        dim: The length of embeddings; where it is not given, that of the first.
        metric: Of a new collection, ``"cosine"`` where none is given.
        fields: Names of metadata that are columns too, ``{"price": "float64"}``: ranges of them need no look at nodes.
        read_only: Whether to read alone, beside a process that writes.
        options: As for :class:`nearfile.Collection`.
    """

    stores_text: bool = True
    path: str
    dim: int | None = None
    metric: str | None = None
    fields: dict[str, str] | None = None
    read_only: bool = False
    options: dict[str, Any] = Field(default_factory=dict)

    _opened: Any = PrivateAttr(default=None)
    _opening: Any = PrivateAttr(default_factory=threading.Lock)

    def __init__(
        self,
        path: PathLike,
        *,
        dim: int | None = None,
        metric: str | None = None,
        fields: Mapping[str, Any] | None = None,
        read_only: bool = False,
        options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            path=os.fsdecode(path),
            dim=dim,
            metric=metric,
            fields=declared(fields),
            read_only=read_only,
            options=dict(options or {}),
            **kwargs,
        )

    @classmethod
    def class_name(cls) -> str:
        """What LlamaIndex calls it."""
        return "NearfileVectorStore"

    @property
    def documents(self) -> Documents:
        """The documents themselves, as :class:`nearfile.documents.Documents` has them."""
        with self._opening:
            if self._opened is None:
                described: dict[str, Any] = {"dim": self.dim, "metric": self.metric, "fields": self.fields}
                self._opened = Documents(self.path, **described, read_only=self.read_only, **self.options)
            opened: Documents = self._opened
            return opened

    @property
    def client(self) -> Documents:
        """The same, by LlamaIndex's name."""
        return self.documents

    def close(self) -> None:
        """Let go of the files, so that another process may write; the next call opens them again."""
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    # What changes it

    def add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """Add nodes with their embeddings, or replace those of ids that are there: their ids, in order.

        Raises:
            ValueError: A node without an embedding. Nothing was added.
        """
        self.documents.add([_record(node) for node in nodes])
        return [node.node_id for node in nodes]

    async def async_add(self, nodes: Sequence[BaseNode], **kwargs: Any) -> list[str]:
        """As :meth:`add`."""
        return await asyncio.to_thread(self.add, nodes)

    def delete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """Delete the nodes that were made of a document."""
        with self.documents.alone():
            self.documents.delete(self.documents.ids(_made_of([ref_doc_id])))

    async def adelete(self, ref_doc_id: str, **delete_kwargs: Any) -> None:
        """As :meth:`delete`."""
        await asyncio.to_thread(self.delete, ref_doc_id)

    def delete_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None, **delete_kwargs: Any
    ) -> None:
        """Delete those of some nodes, or of all, that filters match: without either all of them."""
        with self.documents.alone():
            self.documents.delete(self.documents.ids(self._condition(filters), node_ids))

    async def adelete_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None, **delete_kwargs: Any
    ) -> None:
        """As :meth:`delete_nodes`."""
        await asyncio.to_thread(self.delete_nodes, node_ids, filters)

    def clear(self) -> None:
        """Delete all nodes."""
        self.delete_nodes()

    async def aclear(self) -> None:
        """As :meth:`clear`."""
        await asyncio.to_thread(self.clear)

    # What is there

    def get_nodes(self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None) -> list[BaseNode]:
        """Those of some nodes, or of all, that filters match, in the order of adding."""
        return [_node(record) for record in self.documents.find(self._condition(filters), node_ids)]

    async def aget_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """As :meth:`get_nodes`."""
        return await asyncio.to_thread(self.get_nodes, node_ids, filters)

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """The nearest nodes of a vector with their similarities, best first.

        Args:
            query: In the mode ``default``, ``mmr``, ``svm`` or ``logistic_regression``; the last two look at all nodes that
                filters match, by scikit-learn. ``filters``, ``node_ids`` and ``doc_ids`` all count; LlamaIndex's
                indexes mean all nodes by empty lists of ids.
            kwargs: ``recall``, ``effort`` and ``exact`` of :meth:`nearfile.Index.search`; for ``mmr`` also
                ``mmr_threshold`` and how many nodes are chosen among, ``mmr_prefetch_k``, or ``mmr_prefetch_factor`` times
                as many as are asked for (4).

        Similarities are cosines, inner products where the metric is ``dot``, and ``1 / (1 + distance)`` of other metrics.

        Raises:
            ValueError: Another mode, or no vector.
        """
        if query.query_embedding is None:
            raise ValueError("query_embedding: expected a vector, got None: there is no search for text")
        condition = self._condition(query.filters, query.doc_ids or None)
        if query.mode == VectorStoreQueryMode.MMR:
            return self._unlike(query, condition, kwargs)
        if query.mode in _LEARNERS:
            return self._learned(query, condition)
        if query.mode != VectorStoreQueryMode.DEFAULT:
            modes = [mode.value for mode in (VectorStoreQueryMode.DEFAULT, VectorStoreQueryMode.MMR, *_LEARNERS)]
            raise ValueError(f"mode: expected one of {', '.join(modes)}, got {query.mode!r}")
        hits = self._search(query, query.similarity_top_k, condition, kwargs)
        metric = self.documents.metric
        return _result([hit.record for hit in hits], [scores.similarity(metric, hit.distance) for hit in hits])

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """As :meth:`query`."""
        return await asyncio.to_thread(self.query, query, **kwargs)

    # Inside

    def _condition(self, filters: MetadataFilters | None, ref_doc_ids: list[str] | None = None) -> Condition | None:
        condition = None if filters is None else llama_index_filters.condition(filters, self.documents.fields)
        if ref_doc_ids is None:
            return condition
        made_of = _made_of(ref_doc_ids)
        if condition is None:
            return made_of
        superset, matches = condition.superset & made_of.superset, condition.matches
        return Condition(superset, lambda record: made_of.matches(record) and matches(record))

    def _search(
        self, query: VectorStoreQuery, k: int, condition: Condition | None, options: dict[str, Any], **more: Any
    ) -> list[Hit]:
        return self.documents.search(query.query_embedding, k, condition, query.node_ids or None, **options, **more)

    def _unlike(
        self, query: VectorStoreQuery, condition: Condition | None, kwargs: dict[str, Any]
    ) -> VectorStoreQueryResult:
        """Near, and unlike each other, by cosines."""
        options = dict(kwargs)
        threshold = options.pop("mmr_threshold", query.mmr_threshold)
        factor, among = options.pop("mmr_prefetch_factor", _PREFETCH), options.pop("mmr_prefetch_k", None)
        among = int(query.similarity_top_k * factor) if among is None else among
        hits = self._search(query, max(among, query.similarity_top_k), condition, options, vectors=True)
        similarities, chosen = get_top_k_mmr_embeddings(
            query.query_embedding,
            [hit.record.vector for hit in hits],
            similarity_top_k=query.similarity_top_k,
            embedding_ids=list(range(len(hits))),
            mmr_threshold=threshold,
        )
        return _result([hits[place].record for place in chosen], [float(each) for each in similarities])

    def _learned(self, query: VectorStoreQuery, condition: Condition | None) -> VectorStoreQueryResult:
        """By a model that tells the query from all nodes."""
        found = self.documents.find(condition, query.node_ids or None, vectors=True)
        records = [record for record in found if record.vector is not None]
        if not records:
            return _result([], [])
        similarities, chosen = get_top_k_embeddings_learner(
            query.query_embedding,
            [record.vector for record in records],
            similarity_top_k=query.similarity_top_k,
            embedding_ids=list(range(len(records))),
            query_mode=query.mode,
        )
        return _result([records[place] for place in chosen], [float(each) for each in similarities])


def _made_of(ref_doc_ids: Sequence[str]) -> Condition:
    """Nodes that were made of one of some documents."""
    wanted = set(ref_doc_ids)
    superset = any_of([equals(("ref_doc_id",), each) for each in wanted])
    return Condition(superset, lambda record: record.metadata.get("ref_doc_id") in wanted)


def _floats(metadata: dict[str, Any]) -> dict[str, float]:
    return {name: each for name, each in metadata.items() if isinstance(each, float)}


def _record(node: BaseNode) -> Record:
    """All of a node; its text once, where it is all in one place."""
    texts = isinstance(node, TextNode)
    metadata = node_to_metadata_dict(node, remove_text=texts, flat_metadata=False)
    extra = {"node": metadata.pop("_node_content")}
    # JSON, through which LlamaIndex makes it, has no infinity and no NaN, and would say that there is nothing.
    metadata |= _floats(node.metadata)
    text = node.get_content(metadata_mode=MetadataMode.NONE)
    return Record(node.node_id, text if texts or text else None, metadata, node.get_embedding(), extra)


def _node(record: Record) -> BaseNode:
    content = record.extra.get("node")
    if content is None:  # what another project's store has written
        return TextNode(id_=record.id, text=record.text or "", metadata=record.metadata)
    metadata = {**record.metadata, "_node_content": content}
    node = metadata_dict_to_node(metadata)
    node.metadata |= {name: each for name, each in _floats(record.metadata).items() if name in node.metadata}
    if isinstance(node, TextNode):
        node.set_content(record.text or "")
    return node


def _result(records: Sequence[Record], similarities: list[float]) -> VectorStoreQueryResult:
    nodes = [_node(record) for record in records]
    return VectorStoreQueryResult(nodes=nodes, similarities=similarities, ids=[record.id for record in records])
