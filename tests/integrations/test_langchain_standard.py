"""LangChain's own tests of vector stores, all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import VectorStoreIntegrationTests
from nearfile.langchain import NearfileVectorStore


class TestStandard(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, tmp_path: Path) -> Iterator[VectorStore]:
        with NearfileVectorStore(self.get_embeddings(), tmp_path / "items") as store:
            yield store
