"""DOING: work becomes executions; the cache."""
