"""The filter language: ML Metadata's ``filter_query``, to SQL with bound parameters."""

from clew.metadata.filter.clause import filter_clause

__all__ = ["filter_clause"]
