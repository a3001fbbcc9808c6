"""What the server tells of itself, and its workspaces, which are the record's namespaces."""

from __future__ import annotations

from typing import Any

from clew.api.mlflow.call import Answer, Call, Endpoint
from clew.api.mlflow.errors import NOT_THERE, Refused
from clew.api.mlflow.wire import need


def server_info(call: Call) -> Answer:
    """``server-info``, by which a client decides what it may ask."""
    return {
        "store_type": "SqlStore",
        "workspaces_enabled": True,
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": True,
        "multipart_downloads_enabled": True,
        "presigned_upload_run_id_supported": False,
        "presigned_upload_model_id_supported": False,
        "features_enabled": {},
    }


def _names(call: Call) -> list[str]:
    with call.store.read() as session:
        made = {row[0] for row in session.fetch("SELECT DISTINCT namespace FROM ml_experiment")}
    with call.services.read() as reader:
        made |= set(call.services.namespaces.of(reader))
    return sorted({"default", *made})


def _told(name: str) -> dict[str, Any]:
    return {"name": name, "description": ""}


def list_workspaces(call: Call) -> Answer:
    """``workspaces``: every namespace of the record."""
    return {"workspaces": [_told(name) for name in _names(call)]}


def create_workspace(call: Call) -> Answer:
    """``workspaces``: a namespace is there as soon as something is in it."""
    return {"workspace": _told(call.text("name"))}


def get_workspace(call: Call) -> Answer:
    """``workspaces/NAME``."""
    name = call.path["name"]
    if name not in _names(call):
        raise Refused(f"Workspace '{name}' not found", NOT_THERE)
    return {"workspace": _told(name)}


ENDPOINTS = (
    Endpoint("server-info", ("GET",), server_info, versions=("3.0",)),
    Endpoint("workspaces", ("GET",), list_workspaces, versions=("3.0",)),
    Endpoint("workspaces", ("POST",), create_workspace, (need("name"),), versions=("3.0",)),
    Endpoint("workspaces/{name}", ("GET",), get_workspace, versions=("3.0",)),
)
