"""Notebooks that are run with parameters, by papermill in the user's Python, and not run again when nothing changed."""
