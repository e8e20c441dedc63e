"""A server that is stopped at the end of a test, and a file to serve."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Callable

import pytest
from serving import Server, build


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(*arguments: object) -> Server:
        started.append(Server(*arguments, "--port", 0))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture(scope="session")
def items(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A file that no test replaces."""
    path = tmp_path_factory.mktemp("secret-folder") / "items.near"
    build(path).close()
    return path
