"""Haystack's own tests of document stores, all that there are: of what must be there, and of what may be."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import haystack.testing.document_store as sync_tests
import haystack.testing.document_store_async as async_tests
import numpy as np
import pytest
from haystack import Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from nearfile.haystack import NearfileDocumentStore


def rounded(document: Document) -> dict[str, object]:
    """With the embedding as float32, which collections keep."""
    embedding = document.embedding
    return {**document.to_dict(), "embedding": None if embedding is None else np.float32(embedding).tolist()}


class Stores:
    @pytest.fixture
    def document_store(self, tmp_path: Path) -> Iterator[NearfileDocumentStore]:
        store = NearfileDocumentStore(tmp_path / "items", embedding_dim=768)
        yield store
        store.close()

    @staticmethod
    def assert_documents_are_equal(received: list[Document], expected: list[Document]) -> None:
        assert [rounded(each) for each in received] == [rounded(each) for each in expected]


class TestStore(
    Stores,
    sync_tests.DocumentStoreBaseExtendedTests,
    sync_tests.CountDocumentsByFilterTest,
    sync_tests.CountUniqueMetadataByFilterTest,
    sync_tests.GetMetadataFieldsInfoTest,
    sync_tests.GetMetadataFieldMinMaxTest,
    sync_tests.GetMetadataFieldUniqueValuesTest,
):
    def test_write_documents(self, document_store: NearfileDocumentStore) -> None:
        document = Document(content="test doc")
        assert document_store.write_documents([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            document_store.write_documents([document], DuplicatePolicy.NONE)
        self.assert_documents_are_equal(document_store.filter_documents(), [document])


class TestStoreAsync(
    Stores,
    async_tests.CountDocumentsAsyncTest,
    async_tests.WriteDocumentsAsyncTest,
    async_tests.DeleteDocumentsAsyncTest,
    async_tests.FilterDocumentsAsyncTest,
    async_tests.DeleteAllAsyncTest,
    async_tests.DeleteByFilterAsyncTest,
    async_tests.UpdateByFilterAsyncTest,
    async_tests.CountDocumentsByFilterAsyncTest,
    async_tests.CountUniqueMetadataByFilterAsyncTest,
    async_tests.GetMetadataFieldsInfoAsyncTest,
    async_tests.GetMetadataFieldMinMaxAsyncTest,
    async_tests.GetMetadataFieldUniqueValuesAsyncTest,
):
    async def test_write_documents_async(self, document_store: NearfileDocumentStore) -> None:
        document = Document(content="test doc")
        assert await document_store.write_documents_async([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            await document_store.write_documents_async([document], DuplicatePolicy.NONE)


@pytest.mark.parametrize(("tests", "ours"), [(sync_tests, TestStore), (async_tests, TestStoreAsync)])
def test_none_of_the_suites_is_left_out(tests: object, ours: type) -> None:
    suites = [each for name, each in vars(tests).items() if inspect.isclass(each) and name.endswith(("Test", "Tests"))]
    assert len(suites) > 10
    assert [each.__name__ for each in suites if not issubclass(ours, each)] == []
