"""One table: error code -> HTTP status, GraphQL ``extensions.code``, gRPC status; and what each face tells the client.

A client never sees a traceback: what is not a ClewError becomes INTERNAL with the request id under which it is logged.
"""

from __future__ import annotations

from typing import NamedTuple

from clew.metadata.errors import ClewError


class Spelling(NamedTuple):
    """How one code is spelled on every face. GraphQL's ``extensions.code`` is the code itself."""

    http: int
    grpc: str


INTERNAL = "INTERNAL"
SYNTAX = "GRAPHQL_PARSE_FAILED"
VALIDATION = "GRAPHQL_VALIDATION_FAILED"
BAD_REQUEST = "BAD_REQUEST"
UNAUTHENTICATED = "UNAUTHENTICATED"
OUT_OF_RANGE = "OUT_OF_RANGE"

SPELLINGS: dict[str, Spelling] = {
    # -- the tree of metadata/errors.py
    "ERROR": Spelling(500, "UNKNOWN"),
    "NOT_FOUND": Spelling(404, "NOT_FOUND"),
    "ARTIFACT_NOT_FOUND": Spelling(404, "NOT_FOUND"),
    "EXECUTION_NOT_FOUND": Spelling(404, "NOT_FOUND"),
    "CONTEXT_NOT_FOUND": Spelling(404, "NOT_FOUND"),
    "TYPE_NOT_FOUND": Spelling(404, "NOT_FOUND"),
    "CHANGE_NOT_FOUND": Spelling(404, "NOT_FOUND"),
    "BLOB_NOT_FOUND": Spelling(404, "NOT_FOUND"),
    "CONFLICT": Spelling(409, "ABORTED"),
    "ALREADY_RECORDED": Spelling(409, "ALREADY_EXISTS"),
    "TYPE_CONFLICT": Spelling(409, "ALREADY_EXISTS"),
    "VERSION_CONFLICT": Spelling(409, "FAILED_PRECONDITION"),
    "KEY_REUSED": Spelling(409, "ALREADY_EXISTS"),
    "INVALID": Spelling(400, "INVALID_ARGUMENT"),
    "UNKNOWN_PROPERTY": Spelling(400, "INVALID_ARGUMENT"),
    "UNMATCHED_PROPERTY_TYPE": Spelling(400, "INVALID_ARGUMENT"),
    "INVALID_FILTER": Spelling(400, "INVALID_ARGUMENT"),
    "INVALID_CURSOR": Spelling(400, "INVALID_ARGUMENT"),
    "INVALID_PIPELINE": Spelling(400, "INVALID_ARGUMENT"),
    "CYCLE_INTRODUCED": Spelling(400, "INVALID_ARGUMENT"),
    "DIGEST_MISMATCH": Spelling(400, "INVALID_ARGUMENT"),
    "LIMIT_EXCEEDED": Spelling(400, "INVALID_ARGUMENT"),
    "USAGE": Spelling(400, "INVALID_ARGUMENT"),
    "UNSUPPORTED": Spelling(501, "UNIMPLEMENTED"),
    "UNAVAILABLE": Spelling(503, "UNAVAILABLE"),
    "STORE_UNAVAILABLE": Spelling(503, "UNAVAILABLE"),
    "STORE_READ_ONLY": Spelling(503, "UNAVAILABLE"),
    "STORE_FULL": Spelling(503, "UNAVAILABLE"),
    "SPOOL_FULL": Spelling(503, "UNAVAILABLE"),
    "SOURCE_UNREACHABLE": Spelling(503, "UNAVAILABLE"),
    "TIMED_OUT": Spelling(504, "DEADLINE_EXCEEDED"),
    "CORRUPT": Spelling(500, "DATA_LOSS"),
    "SCHEMA_TOO_NEW": Spelling(500, "FAILED_PRECONDITION"),
    "EXECUTOR_ERROR": Spelling(500, "INTERNAL"),
    "SUBMIT_FAILED": Spelling(500, "INTERNAL"),
    "STEP_FAILED": Spelling(500, "INTERNAL"),
    "EXECUTION_LOST": Spelling(500, "INTERNAL"),
    "PERMISSION_DENIED": Spelling(403, "PERMISSION_DENIED"),
    # -- only faces raise these: about the request itself
    INTERNAL: Spelling(500, "INTERNAL"),
    SYNTAX: Spelling(400, "INVALID_ARGUMENT"),
    VALIDATION: Spelling(400, "INVALID_ARGUMENT"),
    BAD_REQUEST: Spelling(400, "INVALID_ARGUMENT"),
    UNAUTHENTICATED: Spelling(401, "UNAUTHENTICATED"),
    OUT_OF_RANGE: Spelling(400, "OUT_OF_RANGE"),
}


class RequestError(ClewError):
    """The request did not get as far as the record: bad JSON, wrong media type, a strange origin, no token."""

    code = BAD_REQUEST

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str = BAD_REQUEST,
        field: str = "",
        value: object = "",
        remedy: str = "",
    ) -> None:
        super().__init__(message, field=field, value=value, remedy=remedy)
        self.status = status
        self.code = code


def spell(code: str) -> Spelling:
    """The spelling of ``code``; that of INTERNAL for a code nobody knows."""
    return SPELLINGS.get(code, SPELLINGS[INTERNAL])


def http_status(error: BaseException) -> int:
    """The HTTP status that tells of ``error``."""
    if isinstance(error, RequestError):
        return error.status
    return spell(error.code).http if isinstance(error, ClewError) else 500


def told(error: BaseException, request_id: str = "") -> dict[str, str]:
    """What a client is told of ``error``: code, message, field, value, remedy; of a surprise only its request id."""
    if isinstance(error, ClewError):
        return {key: text for key, text in error.as_dict().items() if text or key in ("code", "message")}
    return {
        "code": INTERNAL,
        "message": "Something went wrong inside the server",
        "remedy": f"Look for request {request_id} in the server's log",
        "requestId": request_id,
    }
