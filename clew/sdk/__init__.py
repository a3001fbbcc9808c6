"""Report work and ask for lineage from Python, with or without a server."""

from clew.sdk.connection import Connection, artifacts, connect, execution, executions, impact, trace
from clew.sdk.steps import step

__all__ = ["Connection", "artifacts", "connect", "execution", "executions", "impact", "step", "trace"]
