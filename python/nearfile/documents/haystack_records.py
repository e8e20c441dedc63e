"""Haystack's documents as records, and back."""

from __future__ import annotations

import base64
import math
from typing import Any

from haystack import Document
from haystack.dataclasses import ByteStream, SparseEmbedding

from nearfile.documents import scores
from nearfile.documents.records import Record

# What a product of vectors is divided by before it is made a score from 0 to 1, as Haystack's own store does.
_PRODUCT_SCALE = 100.0


def record_of(document: Document) -> Record:
    """All of a document; bytes as base64."""
    extra: dict[str, Any] = {}
    if document.blob is not None:
        data = base64.b64encode(document.blob.data).decode()
        extra["blob"] = {"data": data, "meta": document.blob.meta, "mime_type": document.blob.mime_type}
    if document.sparse_embedding is not None:
        extra["sparse_embedding"] = document.sparse_embedding.to_dict()
    if document.score is not None:
        extra["score"] = document.score
    return Record(document.id, document.content, document.meta, document.embedding, extra)


def document_of(record: Record, score: float | None = None) -> Document:
    """The document of a record, with another score where there is one."""
    blob, sparse = record.extra.get("blob"), record.extra.get("sparse_embedding")
    return Document(
        id=record.id,
        content=record.text,
        meta=record.metadata,
        embedding=None if record.vector is None else record.vector.tolist(),
        score=record.extra.get("score") if score is None else score,
        blob=ByteStream(base64.b64decode(blob["data"]), blob["meta"], blob["mime_type"]) if blob else None,
        sparse_embedding=SparseEmbedding.from_dict(sparse) if sparse else None,
    )


def score_of(metric: str, distance: float, scale: bool) -> float:
    """The larger, the more alike; scaled, from 0 to 1."""
    alike = scores.similarity(metric, distance)
    if not scale:
        return alike
    if metric == "dot":
        return 1.0 / (1.0 + math.exp(min(-alike / _PRODUCT_SCALE, 700.0)))
    return (alike + 1.0) / 2.0 if metric in ("angular", "cosine") else alike


def name_of(field: str) -> str:
    """Of a field of metadata, with or without ``meta.`` before it."""
    return field[len("meta.") :] if field.startswith("meta.") else field
