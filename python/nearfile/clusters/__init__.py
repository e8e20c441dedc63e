"""What builds and searches on clusters have in common, whatever the engine: :mod:`nearfile.spark`, :mod:`nearfile.ray`.

:mod:`.building` is a build from its start to its end: tasks write one segment a partition (:mod:`.parts`), the driver
makes a collection of them (:mod:`.publishing`). :mod:`.searching` answers batches in a worker. Both read vectors from
Arrow's :mod:`.columns`.
"""
