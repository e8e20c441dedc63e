"""Two pages, each whole in one file: nothing is fetched from elsewhere, and what else stands in them is not run."""

from __future__ import annotations

import base64
import functools
import hashlib
import pathlib
import re

from starlette.responses import Response


@functools.cache
def _read(name: str) -> tuple[bytes, dict[str, str]]:
    text = (pathlib.Path(__file__).parent / name).read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; connect-src 'self'; script-src {_hash('script', text)}; style-src {_hash('style', text)}; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    return text.encode(), headers


def _hash(tag: str, text: str) -> str:
    """The one that lets a browser run what stands in the page, and nothing that gets into it."""
    (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'"


def response(name: str) -> Response:
    """A page."""
    body, headers = _read(name)
    return Response(body, headers=headers, media_type="text/html")
