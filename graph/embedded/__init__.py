"""The embedded engine: adjacency arrays in memory, compiled walks. Imports numba; ask ``clew.graph.choose`` for it."""
