"""``nearfile serve``: an index over HTTP."""

import dataclasses
import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

import nearfile
from nearfile.cli import output

Some = Optional[int]
Names = Optional[list[str]]

LOCAL = ("localhost", "127.0.0.1", "::1")
EXTRA = ("msgspec", "uvicorn", "httptools", "starlette", "prometheus_client")


def serve(
    index: Annotated[Path, typer.Argument(help="The index or collection to serve.", show_default=False)],
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 for all of its addresses.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes one that is free.")] = 8000,
    unix_socket: Annotated[Optional[Path], typer.Option(help="A path to listen at, in place of both.")] = None,
    workers: Annotated[Some, typer.Option(min=1, max=256, help="Processes that answer. Default: one a core.")] = None,
    threads: Annotated[
        Some, typer.Option(min=1, max=256, help="Batches and scans at once, of each worker. Default: cores by workers.")
    ] = None,
    reload: Annotated[
        float, typer.Option(min=0.01, help="How often to look for an index put in the place of this one, in seconds.")
    ] = 1.0,
    prefault: Annotated[
        Optional[str], typer.Option(help="Read into memory first: all, or hot, which is what every search reads.")
    ] = None,
    cors: Annotated[Names, typer.Option(help="An origin whose pages may ask; may come several times.")] = None,
    allow_host: Annotated[
        Names, typer.Option(help="A name to be asked by, besides localhost. Default: any, where others can ask.")
    ] = None,
    max_k: Annotated[int, typer.Option(min=1, help="The most neighbours of a query.")] = 1000,
    max_batch: Annotated[int, typer.Option(min=1, help="The most queries of a batch.")] = 1000,
    max_effort: Annotated[int, typer.Option(min=1, help="The most effort.")] = 10_000,
    max_scanned: Annotated[int, typer.Option(min=1, help="The most vectors that a request may look at.")] = 200_000_000,
    max_body: Annotated[int, typer.Option(min=1, help="The most bytes of a body.")] = 16 << 20,
    max_requests: Annotated[int, typer.Option(min=1, help="The most requests at once, of each worker.")] = 512,
    drain: Annotated[float, typer.Option(min=0.1, help="Seconds for what is under way when it is stopped.")] = 10.0,
    log_requests: Annotated[bool, typer.Option("--log-requests", help="A line for each request.")] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="It never writes: what it does in any case.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print the address as JSON once all workers answer.")] = False,
) -> None:
    """Answer searches over HTTP until it is stopped: a page at /, how to ask at /docs, counters at /metrics."""
    extra()
    from nearfile.serve import parent
    from nearfile.serve.limits import Limits
    from nearfile.serve.settings import Settings, log_in_lines

    if prefault not in (None, "all", "hot"):
        raise typer.BadParameter(f"--prefault: expected all or hot, got {prefault}")
    cores = nearfile._core.cores()
    n_workers = workers or cores
    limits = Limits(
        k=max_k, batch=max_batch, effort=max_effort, scanned=max_scanned, body=max_body, requests=max_requests
    )
    limits = dataclasses.replace(limits, drain_seconds=drain)
    settings = Settings(
        path=str(index),
        host=host,
        port=port,
        unix_socket=None if unix_socket is None else os.path.abspath(unix_socket),
        workers=n_workers,
        threads=threads or max(1, cores // n_workers),
        reload_seconds=reload,
        cors=tuple(cors or ()),
        hosts=hosts_of(host, unix_socket, allow_host),
        log_requests=log_requests,
        prefault=prefault,
        limits=limits,
    )
    del read_only
    log_in_lines()
    raise typer.Exit(parent.run(settings, lambda address: tell(index, address, n_workers, json)))


def hosts_of(host: str, unix_socket: Optional[Path], allowed: Names) -> tuple[str, ...]:
    """Names that may be asked by: any, where others than this machine can ask."""
    if allowed is None and (unix_socket is not None or host not in LOCAL):
        return ()
    return (*LOCAL, "[::1]", *(allowed or ()))


def extra() -> None:
    """Raise where the extra is not installed."""
    for package in (*EXTRA, *(() if sys.platform == "win32" else ("uvloop",))):
        if importlib.util.find_spec(package) is None:
            raise ImportError(f"serve: expected {package}, got no such package: pip install 'nearfile[serve]'")


def tell(index: Path, address: str, n_workers: int, json: bool) -> None:
    """Say that all workers answer."""
    if json:
        output.print_json({"address": address, "workers": n_workers, "process": os.getpid()})
        return
    workers = "worker" if n_workers == 1 else "workers"
    line = f"{index}: served at {address} by {n_workers} {workers}; Ctrl-C stops it"
    output.console.print(line, highlight=False, markup=False, soft_wrap=True)
