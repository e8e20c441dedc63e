"""Every input has a limit, and what is refused is told: what was expected, what came, and nothing of the machine."""

from __future__ import annotations

import json
import pathlib
import threading
import time
from collections.abc import Iterator
from typing import Callable

import nearfile
import nearfile.serve
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nearfile.serve import answering, openapi
from nearfile.serve.limits import Limits
from openapi_spec_validator import validate
from serving import DIM, build
from starlette.testclient import TestClient

JSON = {"Content-Type": "application/json"}
LIMITS = Limits(k=50, batch=20, effort=500, scanned=30_000, filter=100, exclude=10, body=20_000, answers=900)


@pytest.fixture(scope="module")
def client(items: pathlib.Path) -> Iterator[TestClient]:
    with TestClient(nearfile.serve.app(items, limits=LIMITS)) as made:
        yield made


def is_told(response: object, path: pathlib.Path | None = None) -> dict:
    """The error of an answer that is one, as every error is."""
    told = response.json()["error"]  # type: ignore[attr-defined]
    assert told["status"] == response.status_code  # type: ignore[attr-defined]
    assert set(told) == {"status", "code", "message"}
    assert len(told["message"]) > 20
    if path is not None:
        assert str(path.parent) not in response.text  # type: ignore[attr-defined]
    return told


V = [0.5] * DIM


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "expected exactly one of vector, vectors, id, ids, got none"),
        ({"vector": V, "id": "item-1"}, "got vector and id"),
        ({"vector": V[1:]}, "vector: expected 16 numbers, as this index's vectors have, got 15"),
        ({"vectors": [V, V[1:]]}, "vectors[1]: expected 16 numbers"),
        ({"vectors": []}, "vectors: expected from 1 to 20 queries at once, got 0"),
        ({"vectors": [V] * 21}, "vectors: expected from 1 to 20 queries at once, got 21"),
        ({"ids": ["item-1"] * 21}, "ids: expected from 1 to 20"),
        ({"vector": [*V[1:], "x"]}, "vector[15]: expected float, got str"),
        ({"vector": [*V[1:], None]}, "vector[15]: expected float, got null"),
        ({"vector": [*V[1:], True]}, "vector[15]: expected float, got bool"),
        ({"vector": [*V[1:], 1e300]}, "values must be finite"),
        ({"vector": [*V[1:], 70000.0 * 1e35]}, "values must be finite"),
        ({"vector": "x"}, "vector: expected array | null, got str"),
        ({"vector": V, "k": 0}, "k: expected a whole number from 1 to 50, got 0"),
        ({"vector": V, "k": 51}, "k: expected a whole number from 1 to 50, got 51"),
        ({"vector": V, "k": 10**40}, "k: expected a whole number from 1 to 50, got one beyond 64 bits"),
        ({"vector": V, "k": 1.5}, "k: expected int | null, got float"),
        ({"vector": V, "k": "5"}, "k: expected int | null, got str"),
        ({"vector": V, "recall": 0}, "recall: expected a number above 0"),
        ({"vector": V, "recall": 1.1}, "recall: expected a number above 0 and up to 1"),
        ({"vector": V, "effort": 501}, "effort: expected a whole number from 1 to 500"),
        ({"vector": V, "effort": 5, "recall": 0.5}, "effort, recall: expected one of them"),
        ({"vector": V, "search_k": 5}, "search_k: expected a search of a forest"),
        ({"vector": V, "radius": -1}, "radius"),
        ({"vector": V, "radius": 1, "effort": 3}, "effort: expected recall together with radius"),
        ({"vector": V, "filter": "price <"}, "expected"),
        ({"vector": V, "filter": "cost < 1"}, "cost"),
        ({"vector": V, "filter": "(" * 90}, "expected"),
        ({"vector": V, "filter": "x" * 101}, "filter: expected at most 100 characters, got 101"),
        ({"vector": V, "exclude": ["a"] * 11}, "exclude: expected at most 10 ids, got 11"),
        ({"vector": V, "exclude": [1]}, "exclude: expected ids that are str"),
        ({"vector": V, "attributes": ["cost"]}, "attributes: expected columns of this index, which are price, lang"),
        ({"vectors": [V] * 16, "exact": True}, "expected to look at no more than 30000 vectors"),
        ({"vectors": [V] * 16, "recall": 1.0, "k": 50}, "expected to look at no more than 30000 vectors"),
        ({"vectors": [V] * 16, "effort": 400}, "expected to look at no more than 30000 vectors"),
        (
            {"ids": ["item-1"] * 20, "k": 50},
            "expected at most 900 answers to all queries together, got 20 queries with k = 50",
        ),
        ({"vector": V, "depth": 3}, "depth: expected one of vector, vectors, id"),
        ({"vector": V, "k\n<b>": 3}, "expected one of vector"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    client: TestClient, items: pathlib.Path, asked: dict, said: str
) -> None:
    response = client.post("/search", content=json.dumps(asked), headers=JSON)
    assert response.status_code == 400, response.text
    assert said in is_told(response, items)["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"{",
        b'{"vector":[NaN]}',
        b'{"vector":[Infinity]}',
        b'{"vector":[1e999]}',
        b"\xff\xfe",
        b'{"id":"\xff"}',
        b'{"id":"\\ud800"}',
        b'{"vector":[1' + b"0" * 5000 + b"]}",
        b"[" * 10000,
        b'{"k":1' + b"0" * 5000 + b"}",
        b'{"id":"x"}}',
        b'{"id":"x",}',
        b"\xef\xbb\xbf{}",
        b'{"vector":' * 1000,
    ],
)
def test_what_is_no_request_is_refused(client: TestClient, body: bytes) -> None:
    response = client.post("/search", content=body, headers=JSON)
    assert response.status_code == 400, response.text
    assert "expected" in is_told(response)["message"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/neighbors/item-1?k=x", "k: expected int | null, got str"),
        ("/neighbors/item-1?k=51", "k: expected a whole number from 1 to 50"),
        ("/neighbors/item-1?depth=3", "depth: expected one of"),
        ("/neighbors/item-1?k=1&k=2", "k: expected it at most once"),
        ("/neighbors/item-1?vector=1", "vector: expected it at most once and in its place"),
        ("/neighbors/item-1?exact=perhaps", "exact: expected bool, got str"),
        ("/neighbors/item-1?filter=%ff", "expected name=value pairs in UTF-8"),
        ("/neighbors/%ff", "id: expected UTF-8"),
        ("/neighbors/item-1?exclude=a" + "&exclude=a" * 10, "exclude: expected at most 10 ids"),
        ("/neighbors/item-1?recall=nan", "recall: expected a number above 0"),
    ],
)
def test_what_cannot_be_asked_in_an_address_is_refused(client: TestClient, address: str, said: str) -> None:
    response = client.get(address)
    assert response.status_code == 400, response.text
    assert said in is_told(response)["message"]


def test_other_refusals(client: TestClient, items: pathlib.Path) -> None:
    missing = client.get("/neighbors/nobody")
    assert missing.status_code == 404
    assert "got 'nobody'" in is_told(missing, items)["message"]
    assert is_told(client.get("/nowhere"))["code"] == "not_found"
    method = client.get("/search")
    assert (method.status_code, method.headers["allow"]) == (405, "POST")
    assert "expected POST" in is_told(method)["message"]
    assert client.post("/search", content=b"{}").status_code == 415
    form = client.post("/search", content=b"{}", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert "expected application/json" in is_told(form)["message"]
    long = client.post("/search", content=b" " * 20_001, headers=JSON)
    assert long.status_code == 413
    assert "at most 20000 bytes" in is_told(long)["message"]
    in_parts = client.post("/search", content=iter([b" " * 15_000, b" " * 15_000]), headers=JSON)
    assert in_parts.status_code == 413


def test_bodies_at_once_have_a_limit_together(client: TestClient) -> None:
    service = client.app.state.nearfile  # type: ignore[attr-defined]
    assert service._held == 0
    service._held = LIMITS.bodies - 10
    refused = client.post("/search", json={"id": "item-1"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert "expected bodies of at most" in is_told(refused)["message"]
    service._held = 0
    assert client.post("/search", json={"id": "item-1"}).status_code == 200
    assert service._held == 0


def test_within_a_radius_a_batch_gets_as_many_as_are_sent(client: TestClient) -> None:
    found = client.post("/search", json={"ids": ["item-1"] * 20, "radius": 100.0}).json()
    assert {len(each) for each in found["ids"]} == {900 // 20}


def test_an_application_may_begin_again(items: pathlib.Path) -> None:
    app = nearfile.serve.app(items)
    for _ in range(2):
        with TestClient(app) as again:
            assert again.post("/search", json={"ids": ["item-1"]}).status_code == 200
            assert 'nearfile_worker_ready{worker="0"} 1.0' in again.get("/metrics").text


def test_an_id_as_long_as_a_body_is_not_told_whole(client: TestClient) -> None:
    response = client.post("/search", json={"id": "x" * 19_000})
    assert response.status_code == 404
    assert len(response.text) < 3000


@pytest.mark.parametrize("section", ["vectors", "id_text", "id_text_starts", "id_order", "columns"])
def test_a_file_that_is_damaged_is_not_told_with_its_path(tmp_path: pathlib.Path, section: str) -> None:
    path = tmp_path / "items.near"
    with build(path, 500) as index:
        places = {each["name"]: (each["offset"], each["bytes"]) for each in index.info()["sections"]}
    at, length = places[section]
    data = bytearray(path.read_bytes())
    data[at : at + length] = b"\xff" * length
    path.write_bytes(data)
    try:
        client = TestClient(nearfile.serve.app(path))
    except nearfile.BadFileError:
        return
    asked = [{"id": "item-1", "attributes": True}, {"vector": V, "filter": "price < 3"}, {"vector": V, "exact": True}]
    answers = [client.post("/search", json=each) for each in asked]
    assert {each.status_code for each in answers} <= {200, 400, 404, 503}
    answers += [client.get(address) for address in ("/info", "/health", "/metrics", "/neighbors/item-1")]
    assert all(str(tmp_path) not in each.text for each in answers)


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (lambda path: nearfile.BadFileError(None, f"'{path}' is damaged: expected more", str(path)), 503),
        (lambda path: nearfile.FileError(5, f"{path}: expected to read it, got EIO", str(path)), 503),
        (lambda path: nearfile.InvalidArgumentError(f"expected another than <nearfile.Index at {path}>"), 400),
        (lambda path: nearfile.NotFoundError(f"id: expected one of {path}"), 404),
        (lambda path: RuntimeError(f"{path}"), 500),
        (lambda path: OSError(5, "input/output error", str(path)), 500),
        (lambda _: MemoryError(), 503),
        (lambda _: nearfile.ClosedError("expected an open index"), 503),
    ],
)
def test_no_error_tells_the_path(
    items: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    raised: Callable[[pathlib.Path], Exception],
    status: int,
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise raised(items)

    monkeypatch.setattr(nearfile.Index, "search", failing)
    client = TestClient(nearfile.serve.app(items))
    for asked in ({"vector": V}, {"ids": ["item-1"]}):
        response = client.post("/search", json=asked)
        assert response.status_code == status
        assert "expected" in is_told(response, items)["message"]
        assert str(items) not in response.text
    if status == 500 or "damaged" in str(raised(items)):
        assert str(items) in caplog.text  # whoever runs it is told


def test_too_much_at_once_is_refused_and_comes_back(items: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    answer = answering.answer

    def slow(*arguments: object) -> bytes:
        free.wait(20)
        return answer(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(answering, "answer", slow)
    limits = Limits(waiting=2, requests=3, wait_seconds=0.2)
    with TestClient(nearfile.serve.app(items, limits=limits, threads=1)) as client:
        codes: list[int] = []
        asking = [
            threading.Thread(target=lambda: codes.append(client.post("/search", json={"ids": ["item-1"]}).status_code))
            for _ in range(2)
        ]
        for each in asking:
            each.start()
        service = client.app.state.nearfile  # type: ignore[attr-defined]
        while service.answering._waiting < 2:
            time.sleep(0.01)
        refused = client.post("/search", json={"ids": ["item-2"]})
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert "expected fewer than 2 batches" in is_told(refused)["message"]
        assert client.post("/search", json={"id": "item-2"}).status_code == 200  # single searches go on
        time.sleep(0.3)
        free.set()
        for each in asking:
            each.join()
        assert sorted(codes) == [200, 503]  # the other one had waited too long
        assert client.post("/search", json={"ids": ["item-2"]}).status_code == 200
        service.row["requests"] = 3
        refused = client.get("/info")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert "expected at most 3 requests at once" in is_told(refused)["message"]
        service.row["requests"] = 0
        assert client.get("/info").status_code == 200


def test_openapi_is_valid_and_has_the_limits(client: TestClient) -> None:
    told = client.get("/openapi.json").json()
    validate(told)
    assert told == json.loads(json.dumps(openapi.document(LIMITS, DIM)))
    assert told["components"]["schemas"]["Search"]["properties"]["k"]["anyOf"][0]["maximum"] == 50
    assert told["components"]["schemas"]["Search"]["additionalProperties"] is False
    served = {route.path for route in client.app.routes}  # type: ignore[attr-defined]
    assert set(told["paths"]) == served - {"/", "/docs", "/openapi.json"} - {"/neighbors/{id:path}"} | {
        "/neighbors/{id}"
    }


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
NAMES = ["vector", "vectors", "id", "ids", "k", "recall", "effort", "search_k", "radius", "exact", "filter", "exclude"]
likely = {
    "vector": st.lists(st.floats(width=32), min_size=DIM, max_size=DIM),
    "id": st.sampled_from(["item-1", "item-2", 3]),
    "k": st.integers(-2, 60),
    "filter": st.sampled_from(["price < 20", "lang == 'de'", "price is null", "not (price > 3)"])
    | st.text(max_size=30),
    "exclude": st.lists(st.sampled_from(["item-1", "item-2", ""]), max_size=3),
    "attributes": st.booleans() | st.lists(st.sampled_from(["price", "lang", "x"]), max_size=3),
}


def is_an_answer(response: object) -> None:
    assert response.status_code in (200, 400, 404), response.text  # type: ignore[attr-defined]
    if response.status_code != 200:  # type: ignore[attr-defined]
        is_told(response)
    else:
        found = response.json()  # type: ignore[attr-defined]
        assert len(found["ids"]) == len(found["distances"])


@given(st.dictionaries(st.sampled_from([*NAMES, "attributes"]) | st.text(max_size=8), anything, max_size=5))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_comes_is_answered(client: TestClient, asked: dict) -> None:
    is_an_answer(client.post("/search", content=json.dumps(asked).encode(), headers=JSON))


@given(st.fixed_dictionaries({}, optional=likely))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_likely_is_answered(client: TestClient, asked: dict) -> None:
    is_an_answer(client.post("/search", content=json.dumps(asked).encode(), headers=JSON))


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_bytes_are_answered(client: TestClient, body: bytes) -> None:
    is_an_answer(client.post("/search", content=body, headers=JSON))
    floats = {"Content-Type": "application/octet-stream"}
    is_an_answer(client.post("/search?k=3", content=(body * DIM * 4)[: DIM * 4 * (len(body) % 4)], headers=floats))


@given(st.text(max_size=30), st.dictionaries(st.sampled_from([*NAMES, "attributes"]), st.text(max_size=10), max_size=3))
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_addresses_are_answered(client: TestClient, id_: str, parameters: dict) -> None:
    from urllib.parse import quote

    is_an_answer(client.get("/neighbors/" + quote(id_, safe=""), params=parameters))
