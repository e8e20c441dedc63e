"""nearfile beside its peers: one command that builds, searches, checks and tells. ``python -m bench --help``."""
