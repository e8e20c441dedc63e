"""The OpenAPI document: schemas are those of the types that read requests, bounds those of the server."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

import nearfile
from nearfile.serve.limits import Limits
from nearfile.serve.refusals import Refused
from nearfile.serve.requests import QUERIES, Search

_REF = "#/components/schemas/"

_ERRORS = {
    "400": "What was asked is none of what can be asked; the message says what was expected, what came, what to do.",
    "404": "There is no such item.",
    "408": "The request did not come to an end in time.",
    "413": "The body is too long.",
    "414": "The address is too long.",
    "415": "The body is neither JSON nor float32.",
    "421": "The machine is asked by a name that is not its own: see --allow-host.",
    "431": "The headers are too long.",
    "500": "An error of the server, whose log has more.",
    "503": "There is too much to do, or the index cannot be read; try again after Retry-After seconds.",
}


def document(limits: Limits, dim: int) -> dict[str, Any]:
    """The document as JSON has it, OpenAPI 3.1."""
    schemas = _schemas(limits, dim)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nearfile",
            "version": nearfile.__version__,
            "description": "Nearest neighbours in a file. Read-only.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "./"}],
        "paths": _paths(_parameters(schemas["Search"]["properties"])),
        "components": {"schemas": schemas},
    }


def _schemas(limits: Limits, dim: int) -> dict[str, Any]:
    _, made = msgspec.json.schema_components([Search, Refused], ref_template=_REF + "{name}")
    schemas = copy.deepcopy(made)
    search = schemas["Search"]
    bounds: dict[str, dict[str, Any]] = {
        "k": {"minimum": 1, "maximum": limits.k},
        "effort": {"minimum": 1, "maximum": limits.effort},
        "search_k": {"minimum": 1, "maximum": limits.search_k},
        "recall": {"exclusiveMinimum": 0, "maximum": 1},
        "filter": {"maxLength": limits.filter},
        "exclude": {"maxItems": limits.exclude},
        "vector": {"minItems": dim, "maxItems": dim},
        "vectors": {"minItems": 1, "maxItems": limits.batch},
        "ids": {"minItems": 1, "maxItems": limits.batch},
    }
    for name, bound in bounds.items():
        search["properties"][name]["anyOf"][0].update(bound)
    search["oneOf"] = [{"required": [name]} for name in QUERIES]
    search["examples"] = [{"id": "item-7", "k": 5}]
    ids = {"type": "array", "items": {"type": ["integer", "string"]}}
    far = {"type": "array", "items": {"type": ["number", "null"]}}
    rows = {"type": "array", "items": {"type": "object"}}
    own = {"anyOf": [{"type": "object"}, rows], "description": "Of the item, or the items, that were the query."}
    properties = {
        "ids": _one_or_batch(ids),
        "distances": _one_or_batch(far),
        "attributes": {**_one_or_batch(rows), "description": "Of each id, where they were asked for."},
        "query_attributes": own,
    }
    schemas["Found"] = {
        "type": "object",
        "description": "Nearest first, of a batch a list for each query. A distance beyond float32 is null.",
        "properties": properties,
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


def _parameters(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """What may stand behind the ``?``: the fields of a body but the query, lists as names that come again."""
    made: list[dict[str, Any]] = []
    for name, field in fields.items():
        if name in QUERIES:
            continue
        schema = field["anyOf"][0] if "anyOf" in field else {"type": field["type"]}
        said = field["description"]
        if name in ("exclude", "attributes"):
            schema = {"type": "array", "items": {"type": "string"}}
            said += " Several come as several, in an address."
        made.append({"name": name, "in": "query", "description": said, "schema": schema})
    return made


def _paths(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    found = {"$ref": _REF + "Found"}
    read = ("400", "404", "408", "414", "421", "431", "500", "503")
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
                "parameters": parameters,
                "requestBody": {"required": True, "content": body},
                "responses": _answers(found, "What was found.", *read, "413", "415"),
            }
        },
        "/neighbors/{id}": {
            "get": {
                "operationId": "neighbors",
                "summary": "The nearest items of an item, itself among them",
                "parameters": [path_id, *parameters],
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
