"""What an exit task is told of how another task ended (``dsl.PipelineTaskFinalStatus``).

Kubeflow Pipelines says COMPLETE where its protocol buffers and ``kfp.local`` say SUCCEEDED. Components exist that test
for either, so each is told the word it asks for in its source; one that asks for neither is told COMPLETE.

Source: kubeflow/pipelines ``pipeline_spec.proto`` PipelineTaskFinalStatus and PipelineStateEnum; ``backend/src/v2``.
"""

from __future__ import annotations

from typing import Any

_COMPLETE, _SUCCEEDED = "COMPLETE", "SUCCEEDED"
_STATES = {"COMPLETE": _COMPLETE, "CACHED": _COMPLETE, "FAILED": "FAILED", "CANCELED": "CANCELED"}
_UNKNOWN = 2  # google.rpc.Code


def final_status(task: str, state: str, failure: str) -> dict[str, Any]:
    """The status of ``task``; what differs from run to run stands as a placeholder until it is launched."""
    status: dict[str, Any] = {
        "state": _STATES.get(state, "SKIPPED"),
        "pipelineJobResourceName": "{{$.pipeline_job_resource_name}}",
        "pipelineTaskName": task,
        "pipelineJobName": "{{$.pipeline_job_name}}",
    }
    return status | {"error": {"code": _UNKNOWN, "message": failure}} if state == "FAILED" else status


def in_the_words_of(source: str, status: dict[str, Any]) -> dict[str, Any]:
    """``status`` as the component whose Python is ``source`` reads it."""
    said = f'"{_SUCCEEDED}"' in source or f"'{_SUCCEEDED}'" in source
    other = f'"{_COMPLETE}"' in source or f"'{_COMPLETE}'" in source
    if status.get("state") == _COMPLETE and said and not other:
        return status | {"state": _SUCCEEDED}
    return status
