"""Tests tell nobody that they run."""

from __future__ import annotations

import os

# Haystack's telemetry, which waits for minutes where there is no network.
os.environ.setdefault("HAYSTACK_TELEMETRY_ENABLED", "False")
