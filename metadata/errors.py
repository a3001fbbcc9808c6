"""Every error Clew raises, in one tree. This file imports nothing of ours.

    ClewError                       code               HTTP  gRPC
      NotFound(LookupError)         NOT_FOUND          404   NOT_FOUND
        ArtifactNotFound            ARTIFACT_NOT_FOUND
        ExecutionNotFound           EXECUTION_NOT_FOUND
        ContextNotFound             CONTEXT_NOT_FOUND
        TypeNotFound                TYPE_NOT_FOUND
        ChangeNotFound              CHANGE_NOT_FOUND
        BlobNotFound                BLOB_NOT_FOUND
      Conflict                      CONFLICT           409
        AlreadyRecorded             ALREADY_RECORDED         ALREADY_EXISTS
        TypeConflict                TYPE_CONFLICT            ALREADY_EXISTS
        VersionConflict             VERSION_CONFLICT         FAILED_PRECONDITION
        KeyReused                   KEY_REUSED               ALREADY_EXISTS
      Invalid(ValueError)           INVALID            400   INVALID_ARGUMENT
        UnknownProperty             UNKNOWN_PROPERTY
        UnmatchedPropertyType       UNMATCHED_PROPERTY_TYPE
        InvalidFilter               INVALID_FILTER
        InvalidCursor               INVALID_CURSOR
        InvalidPipeline             INVALID_PIPELINE
        CycleIntroduced             CYCLE_INTRODUCED
        DigestMismatch              DIGEST_MISMATCH
        LimitExceeded               LIMIT_EXCEEDED
        UsageError                  USAGE
      Unsupported                   UNSUPPORTED        501   UNIMPLEMENTED
      Unavailable                   UNAVAILABLE        503   UNAVAILABLE      (retry may help)
        StoreUnavailable            STORE_UNAVAILABLE
        StoreReadOnly               STORE_READ_ONLY
        StoreFull                   STORE_FULL
        SpoolFull                   SPOOL_FULL
        SourceUnreachable           SOURCE_UNREACHABLE
        TimedOut                    TIMED_OUT          504   DEADLINE_EXCEEDED
      Corrupt                       CORRUPT            500   DATA_LOSS
        SchemaTooNew                SCHEMA_TOO_NEW     500   FAILED_PRECONDITION
      ExecutorError                 EXECUTOR_ERROR     500   INTERNAL
        SubmitFailed                SUBMIT_FAILED
        StepFailed                  STEP_FAILED
        ExecutionLost               EXECUTION_LOST
      PermissionDenied              PERMISSION_DENIED  403   PERMISSION_DENIED

``api/errors.py`` maps ``code`` to HTTP, GraphQL and gRPC; the CLI exits 2 for ``Invalid`` and 1 for the rest.
"""

from __future__ import annotations


class ClewError(Exception):
    """What failed, on which field and value, and what to do about it.

    ``field``, ``value`` and ``remedy`` are empty strings where they do not apply.
    """

    code = "ERROR"

    def __init__(self, message: str, *, field: str = "", value: object = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.value = value if isinstance(value, str) else repr(value)
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}" if self.remedy else self.message

    def as_dict(self) -> dict[str, str]:
        """The error as every face spells it: code, message, field, value, remedy."""
        return {
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "value": self.value[:200],
            "remedy": self.remedy,
        }


class NotFound(ClewError, LookupError):
    """Nothing is recorded under that id, name or address."""

    code = "NOT_FOUND"


class ArtifactNotFound(NotFound):
    """No such artifact."""

    code = "ARTIFACT_NOT_FOUND"


class ExecutionNotFound(NotFound):
    """No such execution."""

    code = "EXECUTION_NOT_FOUND"


class ContextNotFound(NotFound):
    """No such context."""

    code = "CONTEXT_NOT_FOUND"


class TypeNotFound(NotFound):
    """No such type of that kind."""

    code = "TYPE_NOT_FOUND"


class ChangeNotFound(NotFound):
    """The change log holds no such ``seq`` or time."""

    code = "CHANGE_NOT_FOUND"


class BlobNotFound(NotFound):
    """The artifact store holds no such bytes."""

    code = "BLOB_NOT_FOUND"


class Conflict(ClewError):
    """The request is sound, but what is recorded stands against it."""

    code = "CONFLICT"


class AlreadyRecorded(Conflict):
    """A unique name, external id or edge is recorded already."""

    code = "ALREADY_RECORDED"


class TypeConflict(Conflict):
    """A type may grow, never change what it promised."""

    code = "TYPE_CONFLICT"


class VersionConflict(Conflict):
    """The node was changed since it was read; read it again and retry."""

    code = "VERSION_CONFLICT"


class KeyReused(Conflict):
    """An idempotency key came back with another request body."""

    code = "KEY_REUSED"


class Invalid(ClewError, ValueError):
    """The request cannot be right, whatever is recorded."""

    code = "INVALID"


class UnknownProperty(Invalid):
    """The type declares no such property."""

    code = "UNKNOWN_PROPERTY"


class UnmatchedPropertyType(Invalid):
    """The value is not of the kind the type declares."""

    code = "UNMATCHED_PROPERTY_TYPE"


class InvalidFilter(Invalid):
    """The filter does not parse or names what does not exist."""

    code = "INVALID_FILTER"

    def __init__(
        self,
        message: str,
        *,
        field: str = "where",
        value: object = "",
        remedy: str = "",
        position: int = -1,
    ) -> None:
        super().__init__(message, field=field, value=value, remedy=remedy)
        self.position = position
        """0-based offset of the offending character in the filter text; -1 if unknown."""

    def as_dict(self) -> dict[str, str]:
        """As the base, with ``position``."""
        return super().as_dict() | {"position": str(self.position)}


class InvalidCursor(Invalid):
    """The page cursor was not made by Clew, or for another order."""

    code = "INVALID_CURSOR"


class InvalidPipeline(Invalid):
    """The pipeline IR is malformed or asks for what cannot be run."""

    code = "INVALID_PIPELINE"


class CycleIntroduced(Invalid):
    """A context would become its own ancestor."""

    code = "CYCLE_INTRODUCED"


class DigestMismatch(Invalid):
    """Bytes do not match the digest they were promised under."""

    code = "DIGEST_MISMATCH"


class LimitExceeded(Invalid):
    """The request is larger than a limit allows; the message names both."""

    code = "LIMIT_EXCEEDED"


class UsageError(Invalid):
    """The command line or call is malformed."""

    code = "USAGE"


class Unsupported(ClewError):
    """Well formed, but not something Clew does."""

    code = "UNSUPPORTED"


class Unavailable(ClewError):
    """It may work later: retry."""

    code = "UNAVAILABLE"


class StoreUnavailable(Unavailable):
    """The database cannot be reached or is locked."""

    code = "STORE_UNAVAILABLE"


class StoreReadOnly(Unavailable):
    """The database or its folder cannot be written."""

    code = "STORE_READ_ONLY"


class StoreFull(Unavailable):
    """The disk is full; nothing was written."""

    code = "STORE_FULL"


class SpoolFull(Unavailable):
    """What waits for a server that is away has no more room; the report was not kept."""

    code = "SPOOL_FULL"


class SourceUnreachable(Unavailable):
    """A server or source named by the user does not answer."""

    code = "SOURCE_UNREACHABLE"


class TimedOut(Unavailable):
    """The answer took longer than its limit."""

    code = "TIMED_OUT"


class Corrupt(ClewError):
    """The record or a blob is damaged; restore a backup."""

    code = "CORRUPT"


class SchemaTooNew(Corrupt):
    """The home was written by a newer Clew."""

    code = "SCHEMA_TOO_NEW"


class ExecutorError(ClewError):
    """Work could not be done."""

    code = "EXECUTOR_ERROR"


class SubmitFailed(ExecutorError):
    """Work could not be started."""

    code = "SUBMIT_FAILED"


class StepFailed(ExecutorError):
    """A step ended without doing what it declared."""

    code = "STEP_FAILED"


class ExecutionLost(ExecutorError):
    """The process that did the work is gone."""

    code = "EXECUTION_LOST"


class PermissionDenied(ClewError):
    """The caller may not do that."""

    code = "PERMISSION_DENIED"
