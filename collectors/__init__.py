"""LISTENING: the outside world becomes record operations."""
