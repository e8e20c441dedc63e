"""Workers as processes: what one loses when it is killed, what is taken up, how they stop, and what they share."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Callable

import httpx
import nearfile
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import DIM, N, Server, build, vectors, wait_for

Serve = Callable[..., Server]


def metrics(client: httpx.Client) -> dict[str, float]:
    """Samples by name and labels, summed over workers."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "worker"}
            key = sample.name + ("" if not labels else "|" + ",".join(labels.values()))
            found[key] = found.get(key, 0) + sample.value
    return found


class Asking(threading.Thread):
    """A client that keeps its one connection; it knows which worker has it, and what went wrong."""

    def __init__(self, server: Server, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.stop, self.answers, self.errors = stop, 0, list[BaseException]()
        self._client = server.client(limits=httpx.Limits(max_connections=1, keepalive_expiry=60))
        self.worker = self._client.get("/health").json()["worker"]
        self._query = {"vector": [0.1] * DIM, "k": 5}

    def run(self) -> None:
        """Ask until it is stopped."""
        while not self.stop.is_set() and len(self.errors) < 10:
            try:
                response = self._client.post("/search", json=self._query)
                assert response.status_code == 200
                assert len(response.json()["ids"]) == 5
                self.answers += 1
            except (httpx.HTTPError, AssertionError) as error:
                self.errors.append(error)
        self._client.close()


def test_a_worker_that_is_killed_loses_no_request_of_another(serve: Serve, items: pathlib.Path) -> None:
    server = serve(items, "--workers", 3)
    stop = threading.Event()
    asking = [Asking(server, stop) for _ in range(9)]
    workers = {each.worker for each in asking}
    assert workers == set(server.workers())
    # Connections go to the worker that has the fewest.
    assert all(2 <= sum(each.worker == worker for each in asking) <= 4 for worker in workers)
    for each in asking:
        each.start()
    killed = workers.pop()
    time.sleep(0.3)
    os.kill(killed, signal.SIGKILL)
    new = 0
    end = time.monotonic() + 2
    while time.monotonic() < end:  # connections that come meanwhile are answered too, by the others
        with server.client() as client:
            assert client.post("/search", json={"id": "item-1"}).status_code == 200
            new += 1
    wait_for(lambda: len(set(server.workers()) - {killed}) == 3)
    with server.client() as client:
        wait_for(lambda: metrics(client)["nearfile_worker_ready"] == 3)
        assert metrics(client)["nearfile_starts_total"] == 4
    stop.set()
    for each in asking:
        each.join()
        lost = 1 if each.worker == killed else 0
        assert len(each.errors) <= lost, each.errors
        assert each.answers > 10
    assert new > 0
    assert server.stop() == 0
    assert sum("ended by signal 9" in line for line in server.log) == 1


def test_counters_are_of_all_workers_and_outlive_them(serve: Serve, items: pathlib.Path) -> None:
    server = serve(items, "--workers", 2)
    clients = [server.client() for _ in range(4)]
    assert {each.get("/health/ready").json()["worker"] for each in clients} == set(server.workers())
    for each in clients:
        for _ in range(5):
            assert each.post("/search", json={"ids": ["item-1", "item-2"]}).status_code == 200
        assert each.post("/search", json={"id": "nobody"}).status_code == 404
    seen = [metrics(each) for each in clients]
    for found in seen:
        assert found["nearfile_requests_total|search,200"] == 20
        assert found["nearfile_requests_total|search,404"] == 4
        assert found["nearfile_queries_total"] == 44
        assert found["nearfile_request_seconds_count|search"] == 24
        assert found["nearfile_connections_now"] == 4
        assert found["nearfile_index_count"] == 2 * N
        assert found["nearfile_index_bytes"] == 2 * os.stat(items).st_size
    os.kill(server.workers()[0], signal.SIGKILL)
    with server.client() as client:
        wait_for(lambda: metrics(client).get("nearfile_starts_total") == 3)
        found = metrics(client)
        assert found["nearfile_requests_total|search,200"] == 20
        assert found["nearfile_queries_total"] == 44
    for each in clients:
        each.close()


def test_a_file_in_the_place_of_another_is_taken_up_and_no_request_fails(serve: Serve, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    build(path, 300).close()
    server = serve(path, "--workers", 2, "--reload", 0.05)
    stop = threading.Event()
    asking = [Asking(server, stop) for _ in range(4)]
    for each in asking:
        each.start()
    with server.client() as client:
        for n in (400, 500, 600, 700):
            build(path, n, seed=n).close()
            wait_for(lambda n=n: metrics(client)["nearfile_index_count"] == 2 * n)  # type: ignore[misc]
            assert client.get("/info").json()["count"] == n
            assert client.post("/search", json={"id": f"item-{n - 1}", "k": 1, "attributes": True}).status_code == 200
        assert metrics(client)["nearfile_reloads_total"] >= 8
        assert metrics(client)["nearfile_reload_errors_total"] == 0
        for each in server.workers():  # files that were replaced are let go of
            maps = pathlib.Path(f"/proc/{each}/maps")
            assert not maps.exists() or "items.near (deleted)" not in maps.read_text()
        # What is none, what is another index, and no file at all: the one before is served on.
        bad = [
            lambda p: p.write_bytes(b"nothing of the kind"),
            lambda p: nearfile.build(np.eye(3), p).close(),
            os.unlink,
        ]
        for number, replace in enumerate(bad, start=1):
            other = tmp_path / "other"
            shutil.copy(path, other)
            replace(other)
            os.replace(other, path) if other.exists() else os.unlink(path)
            wait_for(lambda: metrics(client)["nearfile_index_stale"] == 2)
            wait_for(lambda n=number: metrics(client)["nearfile_reload_errors_total"] == 2 * n)  # type: ignore[misc]
            assert client.post("/search", json={"id": "item-699", "k": 1}).json()["ids"] == ["item-699"]
            assert client.get("/health").json()["stale"] is True
            assert str(tmp_path) not in client.get("/metrics").text + client.get("/info").text
            build(path, 700, seed=number).close()
            wait_for(lambda: metrics(client)["nearfile_index_stale"] == 0)
    stop.set()
    for each in asking:
        each.join()
        assert each.errors == []
        assert each.answers > 20
    assert server.stop() == 0
    assert sum("cannot be taken up" in line for line in server.log) == 6
    assert sum("took up another index" in line for line in server.log) >= 8


def test_what_is_under_way_is_answered_when_it_is_stopped(serve: Serve, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    nearfile.build(vectors(40_000), path, metric="euclidean", structure="forest", n_trees=1).close()
    server = serve(path, "--workers", 1)
    answers: list[httpx.Response] = []
    query = {"vectors": vectors(1000, seed=3).tolist(), "exact": True}
    with server.client() as client:
        asking = threading.Thread(target=lambda: answers.append(client.post("/search", json=query)))
        asking.start()
        with server.client() as other:
            wait_for(lambda: metrics(other)["nearfile_queries_total"] == 1000)
        assert server.stop() == 0
        asking.join()
    assert answers[0].status_code == 200
    assert len(answers[0].json()["ids"]) == 1000
    with pytest.raises(httpx.ConnectError), server.client() as client:
        client.get("/info")


def test_workers_end_with_their_parent_and_take_over_nothing(serve: Serve, items: pathlib.Path) -> None:
    server = serve(items, "--workers", 2)
    workers = server.workers()
    server.stop(signal.SIGKILL)

    def are_gone() -> bool:
        states = [pathlib.Path(f"/proc/{each}/stat") for each in workers]
        return all(not each.exists() or each.read_text().rsplit(")", 1)[1].split()[0] == "Z" for each in states)

    wait_for(are_gone)


def test_ctrl_c_stops_it(serve: Serve, items: pathlib.Path) -> None:
    server = serve(items, "--workers", 2)
    assert server.stop(signal.SIGINT) == 0
    assert "Traceback" not in "".join(server.log)


def test_a_unix_socket(items: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left:  # by one that died
        left.bind(str(path))
    server = Server(items, "--unix-socket", path, "--workers", 2)
    try:
        assert server.address == f"unix:{path}"
        transport = httpx.HTTPTransport(uds=str(path))
        with httpx.Client(transport=transport, base_url="http://nearfile") as client:
            assert client.get("/neighbors/item-1?k=1").json()["ids"] == ["item-1"]
        second = subprocess.run(
            [sys.executable, "-m", "nearfile.cli", "serve", str(items), "--unix-socket", str(path)],
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert "expected a path for a socket, got a path that is taken" in second.stderr
    finally:
        assert server.stop() == 0
    assert not path.exists()


def test_what_cannot_be_served_is_told_in_a_line(items: pathlib.Path, tmp_path: pathlib.Path) -> None:
    def told(*arguments: object) -> str:
        command = [sys.executable, "-m", "nearfile.cli", "serve", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1, done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
        return done.stderr

    assert "nothing.near" in told(tmp_path / "nothing.near")
    (tmp_path / "text").write_text("text")
    assert "text" in told(tmp_path / "text")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}: expected a host and port to listen at" in told(items, "--port", port)
    assert "expected a host and port" in told(items, "--host", "no.such.host.invalid")


def spoken(server: Server, *parts: bytes, pause: float = 0.0) -> bytes:
    """What is answered to bytes as they are."""
    host, port = re.findall(r"//(.*):(\d+)", server.address)[0]
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        answer = b""
        try:
            while more := connection.recv(65536):
                answer += more
        except ConnectionResetError:
            pass
        return answer


@pytest.fixture(scope="module")
def server(items: pathlib.Path) -> Iterator[Server]:
    started = Server(items, "--workers", 1, "--port", 0)
    yield started
    started.stop()


CLOSE = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (b"GET /info HTTP/1.1\r\n" + CLOSE, 200, "euclidean"),
        (b"nonsense\r\n\r\n", 400, "expected HTTP/1.1"),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400, "expected HTTP/1.1"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "expected HTTP/1.1"),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 414, "address: expected at most 8192 bytes"),
        (b"GET / HTTP/1.1\r\n" + b"a: " + b"x" * 17000 + b"\r\n\r\n", 431, "headers: expected at most 16384 bytes"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5000, 431, "headers: expected at most 16384 bytes"),
        (b"GET / HTTP/1.1\r\n" + b"a: " + b"x" * 200_000, 431, "headers: expected at most 16384 bytes"),
        (
            b"POST /search HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{",
            413,
            "at most",
        ),
        (b"POST /search HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400, "expected HTTP/1.1"),
        (b"GET /info HTTP/1.1\r\nHost: rebound.example:80\r\n" + CLOSE, 421, "Host: expected one of"),
        (b"GET /info HTTP/1.1\r\nHost: LocalHost:80\r\n" + CLOSE, 200, "euclidean"),
        (b"GET /info HTTP/1.1\r\nHost: [::1]\r\n" + CLOSE, 200, "euclidean"),
        (b"GET /info HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n", 200, "euclidean"),
    ],
)
def test_what_is_hardly_http_is_refused_as_json(server: Server, sent: bytes, status: int, said: str) -> None:
    answer = spoken(server, sent).decode()
    assert answer.startswith(f"HTTP/1.1 {status} "), answer
    assert said in answer
    assert "content-type: application/json" in answer.lower()


def test_requests_that_do_not_come_to_an_end_are_ended() -> None:
    script = """
    import asyncio, nearfile, numpy, sys, uvicorn
    from nearfile.serve import app
    from nearfile.serve.limits import Limits
    from nearfile.serve.protocol import with_limits
    limits = Limits(read_seconds=0.3, connections=3)
    index = nearfile.build(numpy.eye(3))
    config = uvicorn.Config(app(index, limits=limits), port=0, http=with_limits(limits), log_level="error", ws="none")
    async def main():
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        async def ask(sent):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            return reader, writer
        for sent in (b"", b"GET / HT", b"POST /search HTTP/1.1\\r\\nContent-Type: application/json\\r\\nContent-Length: 9\\r\\n\\r\\n{"):
            reader, writer = await ask(sent)
            said = await asyncio.wait_for(reader.read(), 5)
            assert said.startswith(b"HTTP/1.1 408 "), (sent, said)
            assert b"expected all of it within 0.3 s" in said
            writer.close()
        # One that is read at once takes as long as it takes, and its connection is kept.
        reader, writer = await ask(b"GET /health HTTP/1.1\\r\\n\\r\\n")
        assert b"ready" in await reader.readuntil(b"}")
        await asyncio.sleep(0.6)
        writer.write(b"GET /health HTTP/1.1\\r\\n\\r\\n")
        assert b"ready" in await reader.readuntil(b"}")
        others = [await ask(b"") for _ in range(2)]
        reader, writer = await ask(b"")
        said = await asyncio.wait_for(reader.read(), 5)
        assert said.startswith(b"HTTP/1.1 503 ") and b"Retry-After: 1" in said, said
        server.should_exit = True
        await serving
    asyncio.run(main())
    """
    import textwrap

    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_ipv6(serve: Serve, items: pathlib.Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("a system that has IPv6")
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("a system that has ::1")
    server = serve(items, "--workers", 1, "--host", "::1")
    assert server.address.startswith("http://[::1]:")
    with server.client() as client:
        assert client.get("/health").status_code == 200


def test_a_client_that_is_gone_at_once_costs_nothing(server: Server) -> None:
    host, port = re.findall(r"//(.*):(\d+)", server.address)[0]
    for _ in range(50):
        connection = socket.create_connection((host, int(port)))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()  # by a reset
    with server.client() as client:
        wait_for(lambda: metrics(client)["nearfile_connections_now"] == 1)
    assert "Traceback" not in "".join(server.log)


def test_names_that_it_may_be_asked_by(serve: Serve, items: pathlib.Path) -> None:
    ask = b"GET /info HTTP/1.1\r\nHost: shop.example\r\n" + CLOSE
    assert spoken(serve(items, "--workers", 1, "--allow-host", "shop.example"), ask).startswith(b"HTTP/1.1 200 ")
    assert spoken(serve(items, "--workers", 1, "--host", "0.0.0.0"), ask.replace(b"shop", b"any")).startswith(
        b"HTTP/1.1 200 "
    )


def test_a_worker_that_cannot_start_is_told_in_a_line_and_tried_again(serve: Serve, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "items.near"
    build(path, 100).close()
    server = serve(path, "--workers", 2)
    (tmp_path / "bad").write_text("bad")
    os.replace(tmp_path / "bad", path)
    os.kill(server.workers()[0], signal.SIGKILL)
    wait_for(lambda: sum("the index cannot be opened" in line for line in server.log) >= 1)
    with server.client() as client:
        assert client.post("/search", json={"id": "item-1"}).status_code == 200
        build(path, 100).close()
        wait_for(lambda: metrics(client)["nearfile_worker_ready"] == 2)
    assert "Traceback" not in "".join(server.log)


def test_requests_are_logged_in_lines(serve: Serve, items: pathlib.Path) -> None:
    server = serve(items, "--workers", 1, "--log-requests")
    with server.client() as client:
        client.get("/neighbors/item-1%0A%0Dforged", params={"k": 1})
    server.stop()
    lines = [line for line in server.log if "/neighbors/" in line]
    assert len(lines) == 1
    assert re.search(r"nearfile\[\d+\] INFO GET /neighbors/item-1%0A%0Dforged.* 404 [\d.]+ ms$", lines[0].strip())


def shares(pid: int, name: str) -> tuple[int, int]:
    """Bytes of maps of files of this name that a process has in memory, and its part of those shared with others."""
    resident = proportional = 0
    inside = False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            inside = line.endswith(name)
        elif inside and line.startswith(("Rss:", "Pss:")):
            kilobytes = int(line.split()[1])
            resident += kilobytes if line.startswith("Rss:") else 0
            proportional += kilobytes if line.startswith("Pss:") else 0
    return 1024 * resident, 1024 * proportional


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="a system that tells what processes share")
def test_the_index_is_in_memory_once(serve: Serve, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "unshared.near"
    nearfile.build(vectors(40_000), path, metric="euclidean", structure="forest", n_trees=1).close()
    server = serve(path, "--workers", 3, "--prefault", "all")
    size = os.stat(path).st_size
    found = [shares(each, "unshared.near") for each in server.workers()]
    assert len(found) == 3
    assert all(resident > 0.95 * size for resident, _ in found)
    assert sum(part for _, part in found) < 1.05 * size
