"""The OpenAPI document: schemas are those of the types that read requests, bounds those of the server."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

import nearfile
from nearfile.serve.limits import Limits
from nearfile.serve.refusals import Refused
from nearfile.serve.requests import Search

_REF = "#/components/schemas/"

_ERRORS = {
    "400": "What was asked is none of what can be asked; the message says what was expected, what came, what to do.",
    "404": "There is no such item.",
    "408": "The request did not come to an end in time.",
    "413": "The body is too long.",
    "414": "The address is too long.",
    "415": "The body is neither JSON nor float32.",
    "431": "The headers are too long.",
    "503": "There is too much to do, or the index cannot be read; try again after Retry-After seconds.",
}


def document(limits: Limits) -> dict[str, Any]:
    """The document as JSON has it, OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nearfile",
            "version": nearfile.__version__,
            "description": "Nearest neighbours in a file. Read-only.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "./"}],
        "paths": _paths(),
        "components": {"schemas": _schemas(limits)},
    }


def _schemas(limits: Limits) -> dict[str, Any]:
    _, made = msgspec.json.schema_components([Search, Refused], ref_template=_REF + "{name}")
    schemas = copy.deepcopy(made)
    fields = schemas["Search"]["properties"]
    bounds: dict[str, dict[str, Any]] = {
        "k": {"minimum": 1, "maximum": limits.k},
        "effort": {"minimum": 1, "maximum": limits.effort},
        "search_k": {"minimum": 1, "maximum": limits.search_k},
        "recall": {"exclusiveMinimum": 0, "maximum": 1},
        "filter": {"maxLength": limits.filter},
        "exclude": {"maxItems": limits.exclude},
        "vectors": {"minItems": 1, "maxItems": limits.batch},
        "ids": {"minItems": 1, "maxItems": limits.batch},
    }
    for name, bound in bounds.items():
        fields[name]["anyOf"][0].update(bound)
    # Exactly one query. A field that is null is one that is not there.
    schemas["Search"]["examples"] = [{"id": "item-7", "k": 5}, {"vector": [0.1, 0.2, 0.3], "k": 10, "recall": 0.95}]
    ids = {"type": "array", "items": {"type": ["integer", "string"]}}
    far = {"type": "array", "items": {"type": ["number", "null"]}}
    rows = {"type": "array", "items": {"type": "object"}}
    schemas["Found"] = {
        "type": "object",
        "title": "Found",
        "description": "Nearest first, of a batch a list for each query. A distance beyond float32 is null.",
        "properties": {
            "ids": _one_or_batch(ids),
            "distances": _one_or_batch(far),
            "attributes": {**_one_or_batch(rows), "description": "Of each id, where they were asked for."},
            "query_attributes": {
                "anyOf": [{"type": "object"}, rows],
                "description": "Of the item, or the items, that were the query.",
            },
        },
        "required": ["ids", "distances"],
        "additionalProperties": False,
    }
    return schemas


def _one_or_batch(one: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _json(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _answers(schema: dict[str, Any], description: str, *errors: str) -> dict[str, Any]:
    refused = {"$ref": _REF + "Refused"}
    return {"200": _json(schema, description), **{status: _json(refused, _ERRORS[status]) for status in errors}}


def _parameters() -> list[dict[str, Any]]:
    """What may stand behind the ``?``."""
    texts = {
        "k": ("integer", "How many to find."),
        "recall": ("number", "The share of the nearest to find on average."),
        "effort": ("integer", "How many items a walk keeps in view."),
        "search_k": ("integer", "Of a forest: how many candidates to compare."),
        "radius": ("number", "The largest distance; for `dot` the least inner product."),
        "exact": ("boolean", "Compare with every item."),
        "filter": ("string", "What may be an answer, by its attributes."),
    }
    made: list[dict[str, Any]] = [
        {"name": name, "in": "query", "description": said, "schema": {"type": kind}}
        for name, (kind, said) in texts.items()
    ]
    lists = {
        "exclude": "An id that is no answer; may come several times.",
        "attributes": "Columns to return; `*` for all.",
    }
    for name, said in lists.items():
        schema = {"type": "array", "items": {"type": "string"}}
        made.append({"name": name, "in": "query", "description": said, "schema": schema})
    return made


def _paths() -> dict[str, Any]:
    found = {"$ref": _REF + "Found"}
    read = ("400", "404", "408", "414", "431", "503")
    path_id = {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "Percent-encoded.",
        "schema": {"type": "string"},
    }
    anything = {"type": "object"}
    floats = {"schema": {"type": "string", "format": "binary"}}
    body = {"application/json": {"schema": {"$ref": _REF + "Search"}}, "application/octet-stream": floats}
    return {
        "/search": {
            "post": {
                "operationId": "search",
                "summary": "The nearest items of one query or a batch",
                "description": "Or, as application/octet-stream, float32 (little-endian) of one or more vectors, with the rest behind the ?.",
                "parameters": _parameters(),
                "requestBody": {"required": True, "content": body},
                "responses": _answers(found, "What was found.", *read, "413", "415"),
            }
        },
        "/neighbors/{id}": {
            "get": {
                "operationId": "neighbors",
                "summary": "The nearest items of an item, itself among them",
                "parameters": [path_id, *_parameters()],
                "responses": _answers(found, "What was found.", *read),
            }
        },
        "/info": _get("info", "What is served, and the limits", anything),
        "/health": _get("health", "Whether the index is there and is searched", anything, "503"),
        "/health/ready": _get("ready", "The same", anything, "503"),
        "/health/live": _get("live", "Whether the process answers", anything),
        "/metrics": {
            "get": {
                "operationId": "metrics",
                "summary": "Counters of all workers, for Prometheus",
                "responses": {
                    "200": {"description": "Text.", "content": {"text/plain": {"schema": {"type": "string"}}}}
                },
            }
        },
    }


def _get(name: str, summary: str, schema: dict[str, Any], *errors: str) -> dict[str, Any]:
    return {"get": {"operationId": name, "summary": summary, "responses": _answers(schema, summary + ".", *errors)}}
