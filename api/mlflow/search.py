"""Searches of experiments and runs, in MLflow's filter and ordering."""

from __future__ import annotations

from clew.api.mlflow.call import Endpoint

ENDPOINTS: tuple[Endpoint, ...] = ()
