"""The filter language, ML Metadata's ``filter_query``, to SQL with bound parameters: see clause.py.

Nothing is imported here: the reader takes runtime.py always, and clause.py (40 ms) when there is a filter.
"""
