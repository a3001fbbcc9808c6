"""Runs, in the calls of ``kfp.Client``: ``from clew.kfp import Client``."""

from clew.sdk.kfp import Client, RunPipelineResult, RunTimedOut

__all__ = ["Client", "RunPipelineResult", "RunTimedOut"]
