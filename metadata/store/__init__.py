"""Databases behind the record."""
