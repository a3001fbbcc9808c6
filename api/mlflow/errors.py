"""MLflow's own form of an error: ``{"error_code", "message"}`` with the status its client expects.

Source: mlflow/exceptions.py (codes and statuses are the wire contract).
"""

from __future__ import annotations

import orjson
from starlette.responses import Response

from clew.api.errors import http_status
from clew.metadata.errors import ClewError, Conflict, Invalid, NotFound, PermissionDenied, Unavailable, Unsupported

INVALID = "INVALID_PARAMETER_VALUE"
NOT_THERE = "RESOURCE_DOES_NOT_EXIST"
EXISTS = "RESOURCE_ALREADY_EXISTS"
INVALID_STATE = "INVALID_STATE"
BAD_REQUEST = "BAD_REQUEST"
NO_ENDPOINT = "ENDPOINT_NOT_FOUND"
INTERNAL = "INTERNAL_ERROR"

STATUSES = {
    INTERNAL: 500,
    INVALID_STATE: 500,
    "DATA_LOSS": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
    "REQUEST_LIMIT_EXCEEDED": 429,
    "RESOURCE_EXHAUSTED": 429,
    "RESOURCE_CONFLICT": 409,
    "NOT_FOUND": 404,
    NO_ENDPOINT: 404,
    NOT_THERE: 404,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    BAD_REQUEST: 400,
    EXISTS: 400,
    INVALID: 400,
}
_CLASSES = {NOT_THERE: "RESOURCE_NOT_FOUND", INVALID_STATE: "CLIENT_INTERNAL_ERROR", BAD_REQUEST: INVALID}
_OF_TREE: tuple[tuple[type[ClewError], str], ...] = (
    (NotFound, NOT_THERE),
    (Conflict, "RESOURCE_CONFLICT"),
    (Invalid, INVALID),
    (Unsupported, "NOT_IMPLEMENTED"),
    (Unavailable, "TEMPORARILY_UNAVAILABLE"),
    (PermissionDenied, "PERMISSION_DENIED"),
)
PREFIXES = ("/api/2.0/mlflow", "/api/3.0/mlflow", "/ajax-api/2.0/mlflow", "/ajax-api/3.0/mlflow")
"""Paths under which MLflow's form is spoken."""


class Refused(Exception):
    """A call that is answered in MLflow's error form."""

    def __init__(self, message: str, code: str = INVALID) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def missing(run_id: str) -> Refused:
    """There is no run of that id."""
    return Refused(f"Run with id={run_id} not found", NOT_THERE)


def refusal(error: Exception, request_id: str = "") -> Response:
    """The answer that tells of ``error``; of a surprise only its request id."""
    status = 500
    if isinstance(error, Refused):
        code, message, status = error.code, error.message, STATUSES.get(error.code, 500)
    elif isinstance(error, ClewError):
        status = http_status(error)
        code = next((code for kind, code in _OF_TREE if isinstance(error, kind)), _of_status(status))
        message = str(error)
    else:
        code, message = INTERNAL, f"Something went wrong inside the server; its log tells of request {request_id}"
    fault = "XXM00" if status >= 500 else "KAM00"
    body = {"error_code": code, "message": message, "sqlstate": fault, "error_class": _CLASSES.get(code, code)}
    headers = {"www-authenticate": "Basic, Bearer"} if status == 401 else None
    return Response(orjson.dumps(body), status, headers, "application/json")


def mlflow_refusal(path: str, error: Exception, request_id: str) -> Response | None:
    """How a client is told that its call did not get as far as an endpoint; None where the path is not MLflow's."""
    return refusal(error, request_id) if path.startswith(PREFIXES) else None


def _of_status(status: int) -> str:
    return {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 400: BAD_REQUEST}.get(status, INTERNAL)
