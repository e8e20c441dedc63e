"""The application: every endpoint answers what the index does."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Iterator
from urllib.parse import quote

import nearfile
import nearfile.serve
import numpy as np
import pytest
from serving import DIM, N, build, vectors
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

ODD_IDS = ["a/b", "..", "ünï code 🦊", "<b>&\"'", "?x=1&y#z", "%2F", "100%", " ", "-1"]


@pytest.fixture(scope="module")
def index(items: pathlib.Path) -> Iterator[nearfile.Index]:
    with nearfile.open(items) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(items: pathlib.Path) -> Iterator[TestClient]:
    with TestClient(nearfile.serve.app(items)) as made:
        yield made


def found(client: TestClient, **asked: object) -> dict:
    response = client.post("/search", json=asked)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"k": 1},
        {"k": 150},
        {"recall": 0.99},
        {"effort": 200},
        {"effort": 2000},
        {"exact": True},
        {"filter": "price < 10"},
        {"filter": "price < 10 and lang in ('de', 'fr')", "k": 3},
        {"exclude": ["item-0", "nobody"]},
    ],
)
def test_answers_are_those_of_the_index(client: TestClient, index: nearfile.Index, options: dict) -> None:
    queries = vectors(3, seed=7)
    ids, distances = index.search(queries[0], **options)
    asked = {"vector": queries[0].tolist(), **options}
    assert found(client, **asked) == {"ids": ids.tolist(), "distances": distances.tolist()}
    ids, distances = index.search(queries, **options)
    answer = found(client, vectors=queries.tolist(), **options)
    assert answer == {"ids": ids.tolist(), "distances": distances.tolist()}
    ids, distances = index.neighbors("item-5", **options)
    assert found(client, id="item-5", **options) == {"ids": ids.tolist(), "distances": distances.tolist()}
    ids, distances = index.neighbors(["item-5", "item-6"], **options)
    assert found(client, ids=["item-5", "item-6"], **options)["ids"] == ids.tolist()


def test_within_a_radius(client: TestClient, index: nearfile.Index) -> None:
    ids, distances = index.search_radius(index.vector("item-3"), 3.5)
    assert 1 < len(ids) < 1000
    assert found(client, id="item-3", radius=3.5) == {"ids": ids.tolist(), "distances": distances.tolist()}
    assert found(client, id="item-3", radius=3.5, k=2)["ids"] == ids[:2].tolist()
    batch = found(client, ids=["item-3", "item-4"], radius=3.5)
    assert batch["ids"][0] == ids.tolist()
    assert found(client, id="item-3", radius=1e300)["ids"] == found(client, id="item-3", k=1000, exact=True)["ids"]


def test_answers_of_a_batch_are_as_long_as_there_are_answers(client: TestClient) -> None:
    answer = found(client, ids=["item-1", "item-2"], k=1000, filter="price < 0.5", exclude=["item-1"])
    assert {len(each) for each in answer["ids"]} == {len(each) for each in answer["distances"]}
    assert 0 < len(answer["ids"][0]) < 1000
    assert found(client, ids=["item-1"], filter="price < 0")["ids"] == [[]]


def test_attributes_come_with_ids(client: TestClient, index: nearfile.Index) -> None:
    answer = found(client, id="item-1", attributes=["price"], k=30)
    expected = [None if np.isnan(each) else each for each in index.attributes(answer["ids"])["price"].tolist()]
    assert None in expected
    assert [row["price"] for row in answer["attributes"]] == expected
    assert answer["query_attributes"] == answer["attributes"][0]
    answer = found(client, ids=["item-1", "item-2"], attributes=True, k=2)
    assert [[sorted(row) for row in rows] for rows in answer["attributes"]] == [[["lang", "price"]] * 2] * 2
    assert len(answer["query_attributes"]) == 2
    assert "query_attributes" not in found(client, vector=[0] * DIM, attributes=True)


def test_neighbors_of_an_id_in_the_address(client: TestClient, index: nearfile.Index) -> None:
    parameters = {"k": 4, "filter": "price < 20", "exclude": ["item-7"], "attributes": "price,lang", "recall": 0.9}
    response = client.get("/neighbors/item-8", params=parameters)
    assert response.status_code == 200, response.text
    options = {"k": 4, "filter": "price < 20", "exclude": ["item-7"], "recall": 0.9}
    assert response.json()["ids"] == index.neighbors("item-8", **options)[0].tolist()
    assert set(response.json()["attributes"][0]) == {"price", "lang"}
    everything = client.get("/neighbors/item-8?attributes=*&exact=true&k=1").json()
    assert set(everything["attributes"][0]) == {"price", "lang"}


def test_odd_ids_in_addresses_and_bodies() -> None:
    small = build(None, len(ODD_IDS), ids=ODD_IDS)
    with TestClient(nearfile.serve.app(small)) as client:
        for id_ in ODD_IDS:
            assert found(client, id=id_, k=1)["ids"] == [id_]
            if id_ != "..":  # which clients leave out of addresses
                response = client.get(f"/neighbors/{quote(id_, safe='')}", params={"k": 1})
                assert response.json()["ids"] == [id_], id_


@pytest.mark.parametrize("ids", [None, [2**62, -5, 0, 2**53 + 1]])
def test_ids_that_are_numbers(ids: list | None) -> None:
    small = build(None, 4, ids=ids)
    with TestClient(nearfile.serve.app(small)) as client:
        for id_ in ids or [0, 3]:
            assert found(client, id=id_, k=1)["ids"] == [id_]
            assert client.get(f"/neighbors/{id_}", params={"k": 1}).json()["ids"] == [id_]
        excluded = client.get(f"/neighbors/{id_}", params={"exclude": id_}).json()
        assert len(excluded["ids"]) == 3
        for bad in ("x", "1.5", "", "9" * 30, "--1", "٣"):
            response = client.get(f"/neighbors/{quote(bad)}")
            assert response.status_code == 400, bad
            assert "expected a whole number" in response.json()["error"]["message"]


def test_float32_as_they_are(client: TestClient) -> None:
    queries = vectors(3, seed=9)
    headers = {"Content-Type": "application/octet-stream"}
    one = client.post("/search?k=5&recall=0.99", content=queries[0].tobytes(), headers=headers).json()
    assert one == found(client, vector=queries[0].tolist(), k=5, recall=0.99)
    several = client.post("/search", content=queries.tobytes(), params={"filter": "price < 9"}, headers=headers).json()
    assert several == found(client, vectors=queries.tolist(), filter="price < 9")
    for bad in (b"", b"123", queries.tobytes() + b"\0"):
        response = client.post("/search", content=bad, headers=headers)
        assert response.status_code == 400
        assert "expected float32" in response.json()["error"]["message"]
    response = client.post("/search?id=item-1", content=queries[0].tobytes(), headers=headers)
    assert response.status_code == 400


@pytest.mark.parametrize(("metric", "structure"), [("hamming", "graph"), ("dot", "graph"), ("angular", "forest")])
def test_other_metrics_and_structures(metric: str, structure: str) -> None:
    made = nearfile.build(
        (vectors(300) > 0).astype(np.float32) + (metric != "hamming"), metric=metric, structure=structure
    )
    with TestClient(nearfile.serve.app(made)) as client:
        query = made.vector(5)
        ids, distances = made.search(query)
        assert found(client, vector=query.tolist()) == {"ids": ids.tolist(), "distances": distances.tolist()}
        assert client.get("/health").status_code == 200
        wrong = {"recall": 0.9} if structure == "forest" else {"search_k": 100}
        response = client.post("/search", json={"vector": query.tolist(), **wrong})
        assert response.status_code == 400
        assert "expected a search of a" in response.json()["error"]["message"]


def test_info_says_what_is_served_and_nothing_of_the_machine(client: TestClient, items: pathlib.Path) -> None:
    told = client.get("/info")
    assert items.parent.name not in told.text
    info = told.json()
    assert (info["count"], info["dim"], info["metric"]) == (N, DIM, "euclidean")
    assert [column["name"] for column in info["columns"]] == ["price", "lang"]
    assert len(info["examples"]) == 5
    assert info["limits"]["k"] == 1000


def test_health(client: TestClient) -> None:
    assert client.get("/health").json()["status"] == "ready"
    assert client.get("/health/ready").json()["stale"] is False
    assert client.get("/health/live").json() == {"status": "live"}


def test_metrics_count(items: pathlib.Path) -> None:
    with TestClient(nearfile.serve.app(items)) as client:
        found(client, ids=["item-1", "item-2", "item-3"])
        found(client, id="item-1")
        client.post("/search", json={"id": "nobody"})
        client.get("/nowhere")
        text = client.get("/metrics").text
    assert 'nearfile_requests_total{endpoint="search",status="200"} 2.0' in text
    assert 'nearfile_requests_total{endpoint="search",status="404"} 1.0' in text
    assert 'nearfile_requests_total{endpoint="other",status="404"} 1.0' in text
    assert 'nearfile_request_seconds_count{endpoint="search"} 3.0' in text
    assert 'nearfile_request_seconds_bucket{endpoint="search",le="+Inf"} 3.0' in text
    assert "nearfile_queries_total 5.0" in text
    assert f'nearfile_index_count{{worker="0"}} {float(N)}' in text


def test_a_collection_is_served_and_followed(tmp_path: pathlib.Path) -> None:
    items = nearfile.Collection(tmp_path / "items", dim=DIM, metric="euclidean")
    with items, TestClient(nearfile.serve.app(tmp_path / "items", reload_seconds=0.02)) as client:
        assert client.get("/info").json()["examples"] == []
        assert client.get("/health").status_code == 200
        items.add(vectors(50), ids=[f"item-{i}" for i in range(50)], attributes={"price": np.arange(50.0)})
        for _ in range(200):
            if client.get("/info").json()["count"] == 50:
                break
            client.portal.call(asyncio.sleep, 0.02)
        assert found(client, id="item-3", k=1, attributes=True)["attributes"] == [{"price": 3.0}]
        assert len(client.get("/info").json()["examples"]) == 5
        assert "segments" not in client.get("/info").json()


def test_mounted_in_another_application_it_follows_without_a_lifespan(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    build(path, 100).close()
    outer = Starlette(routes=[Mount("/near", nearfile.serve.app(path, reload_seconds=0.02))])
    with TestClient(outer) as client:
        assert client.get("/near/neighbors/item-1?k=1").json()["ids"] == ["item-1"]
        assert client.get("/near/").status_code == 200
        build(path, 120).close()
        for _ in range(200):
            if client.get("/near/info").json()["count"] == 120:
                return
            client.portal.call(asyncio.sleep, 0.02)
    raise AssertionError("not taken up")


def test_pages_of_other_origins_may_ask_only_where_they_are_named(items: pathlib.Path) -> None:
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    with TestClient(nearfile.serve.app(items)) as client:
        assert client.options("/search", headers=asking).status_code == 405
        answer = client.get("/info", headers={"Origin": "https://shop.example"})
        assert "access-control-allow-origin" not in answer.headers
    with TestClient(nearfile.serve.app(items, cors=["https://shop.example"])) as client:
        assert (
            client.options("/search", headers=asking).headers["access-control-allow-origin"] == "https://shop.example"
        )
        other = client.get("/info", headers={"Origin": "https://other.example"})
        assert "access-control-allow-origin" not in other.headers
