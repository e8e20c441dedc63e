"""What builds and searches on clusters have in common, whatever the engine: :mod:`nearfile.spark`, :mod:`nearfile.ray`.

:mod:`.columns` reads vectors from Arrow, :mod:`.parts` writes one segment a partition, :mod:`.publishing` makes a
collection of them, :mod:`.searching` answers batches in a worker, :mod:`.planes` and :mod:`.router` cut vectors into
segments that a query asks few of.
"""
