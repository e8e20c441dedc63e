"""Items in the place of vectors, and several ids at once."""

from __future__ import annotations

import nearfile
import numpy as np
import pytest
import reference

VECTORS = reference.vectors_for("euclidean", 50, 6)


def index_with(ids=None, **options) -> nearfile.Index:
    return nearfile.build(VECTORS, metric="euclidean", ids=ids, **options)


def test_items_and_vectors_in_one_batch() -> None:
    names = [f"sku-{row}" for row in range(50)]
    index = index_with(names)
    found = index.search([nearfile.Item("sku-7"), VECTORS[3], nearfile.Item("sku-9"), VECTORS[4].tolist()], k=3)
    expected = index.search(VECTORS[[7, 3, 9, 4]], k=3)
    assert found[0].tolist() == expected[0].tolist()
    assert found[1].tolist() == expected[1].tolist()


def test_an_item_alone_is_one_query() -> None:
    index = index_with(range(100, 150))
    assert index.search(nearfile.Item(107), k=2)[0].tolist() == index.neighbors(107, k=2)[0].tolist()
    assert index.search((nearfile.Item(107),), k=2)[0].shape == (1, 2)
    assert index.search([nearfile.Item(np.int64(107))], k=1)[0].tolist() == [[107]]


def test_neighbors_of_several_ids_are_a_batch() -> None:
    index = index_with(range(100, 150))
    expected = index.search(VECTORS[[1, 2, 1]], k=4)
    for ids in ([101, 102, 101], (101, 102, 101), np.array([101, 102, 101]), np.array([101, 102, 101], np.uint8)):
        found = index.neighbors(ids, k=4)
        assert found[0].tolist() == expected[0].tolist()
        assert found[1].tolist() == expected[1].tolist()
    assert index.neighbors([], k=4)[0].shape == (0, 4)
    assert index.neighbors(np.array(101), k=4)[0].shape == (4,)


def test_bits_are_items_too() -> None:
    bits = reference.vectors_for("hamming", 30, 16)
    index = nearfile.build(bits, metric="hamming")
    found = index.search([nearfile.Item(3), bits[4]], k=2)
    assert found[1][:, 0].tolist() == [0, 0]


def test_an_unknown_item_is_not_found() -> None:
    index = index_with()
    for query in (nearfile.Item(50), [VECTORS[0], nearfile.Item("0")], [nearfile.Item(None)]):
        with pytest.raises(nearfile.NotFoundError, match="expected one of this index's 50"):
            index.search(query)
    with pytest.raises(nearfile.NotFoundError):
        index.neighbors([0, 99])
    with pytest.raises(nearfile.InvalidArgumentError, match="expected values in order"):
        index.neighbors({0, 1})


@pytest.mark.parametrize(
    ("ids", "query", "written"),
    [
        (None, [7, VECTORS[0]], "nearfile.Item(7)"),
        (None, [VECTORS[0], 7], "nearfile.Item(7)"),
        (None, [nearfile.Item(1), 7], "nearfile.Item(7)"),
        ([f"sku-{row}" for row in range(50)], ["sku-7", VECTORS[0]], "nearfile.Item('sku-7')"),
        ([f"sku-{row}" for row in range(50)], ["sku-7", "sku-8"], "nearfile.Item('sku-7')"),
    ],
)
def test_a_bare_id_is_refused_with_how_to_write_it(ids, query, written) -> None:
    with pytest.raises(nearfile.InvalidArgumentError) as caught:
        index_with(ids).search(query)
    assert f"write {written}" in str(caught.value)


def test_what_is_neither_is_refused_as_ever() -> None:
    index = index_with([f"sku-{row}" for row in range(50)])
    for query in ("how to cook", ["how to cook"], [["how"], ["to"]]):
        with pytest.raises(nearfile.InvalidArgumentError, match="have a model make them of the text"):
            index.search(query)
    with pytest.raises(nearfile.InvalidArgumentError, match="shape"):
        index.search([nearfile.Item("sku-1"), [1.0, 2.0]])
    with pytest.raises(nearfile.InvalidArgumentError, match="give its rows one by one"):
        index.search([nearfile.Item("sku-1"), VECTORS[:2]])
    with pytest.raises(nearfile.InvalidArgumentError):
        index.search([nearfile.Item("sku-1"), None])
