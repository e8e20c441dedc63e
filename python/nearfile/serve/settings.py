"""What `nearfile serve` is told, and the parent tells its workers."""

import logging
import sys
from typing import Optional

import msgspec

from nearfile.serve.limits import Limits


class Settings(msgspec.Struct, frozen=True):
    """Of one server."""

    path: str
    host: str = "127.0.0.1"
    port: int = 8000
    unix_socket: Optional[str] = None
    workers: int = 1
    threads: int = 1
    reload_seconds: float = 1.0
    cors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    log_requests: bool = False
    prefault: Optional[str] = None
    limits: Limits = msgspec.field(default_factory=Limits)


def log_in_lines() -> None:
    """What is logged goes to stderr, a line each but for what was raised."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s nearfile[%(process)d] %(levelname)s %(message)s",
        force=True,
    )
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logging.getLogger(name).setLevel(logging.ERROR)
