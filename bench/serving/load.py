"""Load on a server, by wrk: connections that are kept, each with one request at a time."""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Each thread begins elsewhere among the queries.
_SCRIPT = """
local bodies = {}
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local at = math.random(#bodies)
request = function()
  at = at %% #bodies + 1
  return wrk.format("POST", "/search", {["Content-Type"] = "application/json"}, bodies[at])
end
done = function(summary, latency, requests)
  local errors = summary.errors
  print(string.format('{"requests": %%d, "microseconds": %%d, "p50": %%d, "p99": %%d, "p999": %%d, "failed": %%d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What came of it; latencies are in milliseconds."""

    requests: int
    failed: int
    a_second: float
    p50: float
    p99: float
    p999: float
    #: Microseconds of processors that wrk itself took for a request.
    client: float


def bodies(queries: NDArray[Any], options: dict[str, Any]) -> list[str]:
    """Requests as JSON; whole numbers without a point."""
    whole = bool((queries == np.rint(queries)).all())
    rows = queries.astype(np.int64) if whole else queries
    return [json.dumps({"vector": row.tolist(), **options}, separators=(",", ":")) for row in rows]


def put(address: str, asked: list[str], connections: int, seconds: float, folder: Path) -> Load:
    """Ask for so many seconds.

    Raises:
        FileNotFoundError: There is no wrk.
    """
    if shutil.which("wrk") is None:
        raise FileNotFoundError("serving: expected wrk, found nothing: apt install wrk")
    (folder / "bodies.jsonl").write_text("\n".join(asked) + "\n")
    script = folder / "ask.lua"
    script.write_text(_SCRIPT % (folder / "bodies.jsonl"))
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds:g}s", "--latency"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*command, "--script", str(script), address], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(re.findall(r"^\{.*\}$", done.stdout, flags=re.MULTILINE)[-1])
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Load(
        requests=told["requests"],
        failed=told["failed"],
        a_second=1e6 * told["requests"] / told["microseconds"],
        p50=told["p50"] / 1e3,
        p99=told["p99"] / 1e3,
        p999=told["p999"] / 1e3,
        client=1e6 * took / max(1, told["requests"]),
    )
