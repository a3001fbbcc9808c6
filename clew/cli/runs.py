"""Pipeline runs, listed."""

from __future__ import annotations
