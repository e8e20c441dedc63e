"""Filtered search as a workload of its own: eight shapes of what is allowed, and what each library finds of it how fast."""
