"""The embedded engine: adjacency arrays in memory, compiled walks.

Importing it imports numba and NumPy; ``clew.graph.choose`` does so only for who needs it.
"""

from clew.graph.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
