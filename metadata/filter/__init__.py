"""The filter language: ML Metadata's ``filter_query``, to SQL with bound parameters."""

from clew.metadata.filter.clause import filter_clause
from clew.metadata.filter.runtime import runtime_failure

__all__ = ["filter_clause", "runtime_failure"]
