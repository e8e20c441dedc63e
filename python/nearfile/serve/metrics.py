"""What `/metrics` says: the counters of all workers, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from nearfile.serve.board import BUCKETS, ENDPOINTS, Board

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_COUNTERS = {
    "queries": "Queries that were searched, those of batches one by one",
    "reloads": "Times that a worker took up a replaced index",
    "reload_errors": "Times that a worker found another index in its place that it could not take up",
    "starts": "Workers that were started",
}
_SUMS = {
    "connections": "Open connections",
    "requests": "Requests that are being answered",
}
_OF_EACH = {
    "generation": "Of a collection its generation, of a file when it was last changed, in milliseconds since 1970",
    "count": "Items of the index",
    "bytes": "Bytes of the index, which all workers have mapped and memory has once",
    "stale": "1 where what lies in the place of the index could not be taken up, and the one before is served",
    "ready": "1 where the worker answers",
}


class _Families(Collector):
    def __init__(self, board: Board) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        board = self._board
        answers = CounterMetricFamily("nearfile_requests", "Requests that were answered", labels=["endpoint", "status"])
        for name, status, n in _summed(board):
            answers.add_metric([name, str(status or "other")], n)
        yield answers
        times = HistogramMetricFamily("nearfile_request_seconds", "From a request to its answer", labels=["endpoint"])
        for endpoint in ENDPOINTS:
            *counts, total = (sum(each) for each in zip(*(row.times(endpoint) for row in board.rows)))
            if any(counts):
                times.add_metric([endpoint], _cumulated(counts), total / 1e9)
        yield times
        for name, said in _COUNTERS.items():
            yield CounterMetricFamily(f"nearfile_{name}", said, value=board.sum(name))
        for name, said in _SUMS.items():
            total = sum(max(0, row[name]) for row in board.rows)
            yield GaugeMetricFamily(f"nearfile_{name}_now", said, value=total)
        for name, said in _OF_EACH.items():
            gauge = GaugeMetricFamily(
                f"nearfile_index_{name}" if name != "ready" else "nearfile_worker_ready", said, labels=["worker"]
            )
            for worker, row in enumerate(board.rows):
                gauge.add_metric([str(worker)], row[name])
            yield gauge


def _summed(board: Board) -> list[tuple[str, int, int]]:
    """Endpoint, status, and how many answers all workers gave, where there were any."""
    every = zip(*(row.answers() for row in board.rows))
    added = [(each[0][0], each[0][1], sum(n for _, _, n in each)) for each in every]
    return [each for each in added if each[2]]


def _cumulated(counts: list[int]) -> list[tuple[str, float]]:
    """Buckets as Prometheus has them: each with all below."""
    ends = [str(end / 1e9) for end in BUCKETS] + ["+Inf"]
    return [(end, sum(counts[: place + 1])) for place, end in enumerate(ends)]


def text(board: Board) -> bytes:
    """The page."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(board))
    return generate_latest(registry)
