"""A document, and the columns of a collection that it lies in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearfile.attributes import Attributes
from nearfile.documents import fields as field_types
from nearfile.documents import plain, terms
from nearfile.documents.fields import Fields
from nearfile.errors import BadFileError, InvalidArgumentError

TEXT = "_text"
JSON = "_json"
#: The columns that all documents have; those of fields come beside them.
COLUMNS = {TEXT: "string", JSON: "string", terms.TERMS: "strings"}


@dataclass(frozen=True)
class Record:
    """One document.

    ``vector`` has shape (dim,); None where it has none, or where vectors were not asked for. Filters see ``metadata``,
    JSON's values and moments; ``extra`` is what else a project keeps of a document, which they do not see.
    """

    id: str
    text: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    vector: Any = None
    extra: dict[str, Any] = field(default_factory=dict)


def columns_of(records: Sequence[Record], fields: Fields) -> dict[str, Any]:
    """What :meth:`nearfile.Collection.add` takes as the attributes of documents.

    Raises:
        InvalidArgumentError: Metadata that JSON does not have, or a field that is not of its type.
    """
    made: dict[str, list[Any]] = {TEXT: [], JSON: [], terms.TERMS: []}
    kept = []
    for record in records:
        where = f"document {record.id!r}"
        if not isinstance(record.id, str) or not record.id:
            raise InvalidArgumentError(f"{where}: expected an id that is a str, and not empty, got {record.id!r}")
        if not isinstance(record.text, (str, type(None))):
            raise InvalidArgumentError(f"{where}: expected text that is a str, got {type(record.text).__name__}")
        whole = {"metadata": record.metadata, **({"extra": record.extra} if record.extra else {})}
        text = plain.to_json(whole, where)
        kept.append(plain.of_json(text)["metadata"])
        made[TEXT].append(record.text)
        made[JSON].append(text)
        without = [terms.WITHOUT_VECTOR] if record.vector is None else []
        made[terms.TERMS].append(terms.of_metadata(kept[-1]) + without)
    return {**made, **field_types.columns(fields, kept, [record.id for record in records])}


def vectors_of(records: Sequence[Record], dim: int) -> NDArray[np.float32]:
    """Shape (n, dim), zeros where a document has no vector.

    Raises:
        InvalidArgumentError: A vector of another length.
    """
    made = np.zeros((len(records), dim), np.float32)
    for row, record in enumerate(records):
        if record.vector is None:
            continue
        values = np.asarray(record.vector)
        if values.shape != (dim,) or values.dtype.kind not in "fiub":
            raise InvalidArgumentError(
                f"document {record.id!r}: expected an embedding of {dim} numbers, as the collection's are, got shape"
                f" {values.shape} of {values.dtype}"
            )
        made[row] = values
    return made


def of_columns(ids: Sequence[str], columns: Attributes, vectors: NDArray[Any] | None) -> list[Record]:
    """The documents that columns have, with their vectors where these were read.

    Raises:
        BadFileError: They are not such as :func:`columns_of` makes.
    """
    wholes = _parsed(ids, columns[JSON].tolist())
    # Terms are many, and say only here what a search needs: who has no vector.
    some = [()] * len(ids) if vectors is None else columns[terms.TERMS].tolist()
    return [
        Record(
            name,
            text,
            whole["metadata"],
            None if vectors is None or terms.WITHOUT_VECTOR in (of_it or ()) else vectors[row],
            whole.get("extra", {}),
        )
        for row, (name, text, whole, of_it) in enumerate(zip(ids, columns[TEXT].tolist(), wholes, some))
    ]


def _parsed(ids: Sequence[str], texts: list[str]) -> list[dict[str, Any]]:
    try:
        wholes = plain.of_json_each(texts)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadFileError(None, f"expected JSON in the column {JSON}, got what is none: {error}") from None
    if len(wholes) != len(ids):
        raise BadFileError(None, f"expected one object for each document in the column {JSON}, got others")
    for name, whole in zip(ids, wholes):
        parts = (whole.get("metadata"), whole.get("extra", {})) if isinstance(whole, dict) else (None,)
        if not all(isinstance(part, dict) for part in parts):
            raise BadFileError(
                None, f"document {name!r}: expected its metadata in the column {JSON}, got {whole!r:.60}"
            )
    return wholes
