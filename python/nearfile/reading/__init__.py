"""Reads vectors, ids and attributes from the files that people keep them in, in batches of bounded size.

.npy, .npz, .fvecs, .bvecs, .ivecs, CSV and JSON lines need nothing but NumPy; Parquet, Feather and Arrow need pyarrow, HDF5
needs h5py. :func:`open_source` opens files, folders, patterns or standard input, :func:`read_queries` has all of their
vectors as one array. The command line reads by them; docs/command-line.md says what is guessed, and what is refused.

Where to start: :mod:`.source` is what users have. :mod:`.formats` finds files and their formats, :mod:`.choosing` columns.
A file is a :mod:`.part`, one module for each family of formats: :mod:`.arrays`, :mod:`.vecs`, :mod:`.hdf5`, :mod:`.arrow` with
:mod:`.arrow_values`, :mod:`.text` with :mod:`.text_values`.
"""

from __future__ import annotations

from nearfile.reading.part import Batch
from nearfile.reading.source import Source, open_source, read_queries

__all__ = ["Batch", "Source", "open_source", "read_queries"]
