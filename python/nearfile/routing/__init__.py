"""Which segments of a collection a query is asked of, where planes cut them.

The :mod:`.planes` cut, the :mod:`.router` knows which part of a query's neighbours to expect where, and :mod:`.asking`
does so for what a collection has now.
"""
