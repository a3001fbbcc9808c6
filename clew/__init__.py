"""Clew: the system of record for machine-learning lineage."""
__version__ = "0.1.0"
