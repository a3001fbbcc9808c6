"""Artifact bytes: content-addressed, hashed while streaming, published atomically, verified."""
