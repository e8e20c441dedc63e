"""Searches of a file that is larger than the memory allowed."""
