"""Numbered and never edited."""
