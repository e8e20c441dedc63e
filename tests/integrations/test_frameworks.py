"""What holds of the stores of all three projects."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest
import toys
from haystack import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores.types import FilterOperator, MetadataFilter, MetadataFilters
from nearfile.haystack import NearfileDocumentStore
from nearfile.langchain import NearfileVectorStore
from nearfile.llama_index import NearfileVectorStore as NodeStore

MODULES = ["nearfile.haystack", "nearfile.langchain", "nearfile.llama_index"]


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_hold(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert failed == 0
    assert tried > 4


@pytest.mark.parametrize("first", MODULES)
def test_one_project_reads_what_another_one_wrote(tmp_path: Path, first: str) -> None:
    path, vector = tmp_path / "items", toys.embedding("text")
    chain = NearfileVectorStore(DeterministicFakeEmbedding(size=toys.DIM), path)
    stack, nodes = NearfileDocumentStore(path), NodeStore(path)
    if first == "nearfile.langchain":
        chain.add_texts(["text"], [{"page": 3}], ids=["a"])
    elif first == "nearfile.haystack":
        stack.write_documents([Document(id="a", content="text", meta={"page": 3}, embedding=vector)])
    else:
        nodes.add([TextNode(id_="a", text="text", metadata={"page": 3}, embedding=vector)])
    page = MetadataFilters(filters=[MetadataFilter(key="page", value=2, operator=FilterOperator.GT)])
    (found,) = nodes.get_nodes(filters=page)
    assert (found.node_id, found.get_content(), found.metadata["page"]) == ("a", "text", 3)
    (document,) = chain.similarity_search("text", filter={"page": {"$gt": 2}})
    assert (document.id, document.page_content, document.metadata["page"]) == ("a", "text", 3)
    (other,) = stack.filter_documents({"field": "meta.page", "operator": ">", "value": 2})
    assert (other.id, other.content, other.meta["page"]) == ("a", "text", 3)
    chain.close(), stack.close(), nodes.close()
