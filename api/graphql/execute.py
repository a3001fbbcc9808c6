"""Run one GraphQL request: prepare (parse, validate, measure; remembered), execute in this thread, spell the errors.

graphql-core executes the Strawberry schema directly and without an event loop: resolvers are plain functions, batches
replace asynchronous data loaders, and an operation costs a third of what it costs through asyncio.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    parse,
    validate,
)

from clew.api.errors import SYNTAX, VALIDATION, RequestError, told
from clew.api.graphql.executor import LeanExecutor
from clew.api.graphql.limits import check_cost, check_shape, check_text
from clew.api.graphql.operation import Operation, Stream
from clew.api.graphql.schema import schema
from clew.api.service import Services
from clew.api.settings import ApiSettings
from clew.metadata.errors import ClewError, InvalidFilter, LimitExceeded

log = logging.getLogger("clew.api.graphql")
REMEMBERED = 512
"""Documents kept parsed and validated."""
REMEMBERED_CHARS = 20_000
MAX_ERRORS = 20


class Request(NamedTuple):
    """One GraphQL request."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


class Answer(NamedTuple):
    """What to send, and what it was about."""

    body: dict[str, Any]
    codes: list[str]
    """The codes of its errors."""
    kind: str
    """query, mutation, subscription; empty when the request did not get that far."""
    executed: bool


class Prepared(NamedTuple):
    """A document ready to run, or why it is not."""

    document: DocumentNode | None
    errors: tuple[Exception, ...] = ()


class GraphQLService:
    """Answers requests. Thread-safe; each request runs wholly in the thread that calls ``answer``."""

    def __init__(self, services: Services, settings: ApiSettings) -> None:
        self.services = services
        self.settings = settings
        self.schema: GraphQLSchema = schema()._schema
        self._prepare = lru_cache(maxsize=REMEMBERED)(self._prepared)

    def prepare(self, request: Request) -> tuple[DocumentNode, OperationDefinitionNode]:
        """The document and the operation to run, measured. Errors: GraphQLError, LimitExceeded, RequestError."""
        remember = len(request.query) <= REMEMBERED_CHARS
        document, errors = (self._prepare if remember else self._prepared)(request.query)
        if errors or document is None:
            raise _Refused(errors)
        operation = _chosen(document, request.operation_name)
        check_cost(self.schema, document, operation, request.variables or {}, self.settings.limits)
        return document, operation

    def answer(self, request: Request, request_id: str, *, streaming: bool = False) -> Answer:
        """Answer a query or mutation. Never raises.

        A subscription is an error, or where the caller is ``streaming`` an answer without a body: it may be streamed.
        """
        kind = ""
        try:
            document, chosen = self.prepare(request)
            kind = chosen.operation.value
            if chosen.operation is OperationType.SUBSCRIPTION:
                if streaming:
                    return Answer({}, [], kind, False)
                raise RequestError(
                    "a subscription needs a WebSocket", remedy="Connect to /graphql with graphql-transport-ws"
                )
        except _Refused as refused:
            return self._refusal(refused.errors, request_id, kind)
        except Exception as error:
            return self._refusal((error,), request_id, kind)
        return self._run(document, request, request_id, kind)

    def operation(self, request_id: str, stream: Stream | None = None) -> Operation:
        """The context of one operation."""
        return Operation(self.services, self.settings.limits, request_id, stream)

    def spelled(self, result: ExecutionResult, request_id: str, kind: str) -> Answer:
        """A result as JSON: data, and errors with their codes."""
        body: dict[str, Any] = {"data": result.data}
        errors = [self.spell(error, request_id) for error in (result.errors or ())[:MAX_ERRORS]]
        if errors:
            body["errors"] = errors
        return Answer(body, [error["extensions"]["code"] for error in errors], kind, True)

    def spell(self, error: Exception, request_id: str) -> dict[str, Any]:
        """One error as GraphQL tells it; a surprise is logged in full and told by its request id alone."""
        cause = _cause(error)
        if isinstance(cause, ClewError):
            extensions: dict[str, Any] = dict(told(cause, request_id))
            message = extensions.pop("message")
            if isinstance(cause, InvalidFilter):
                extensions["position"] = cause.position
        elif isinstance(cause, GraphQLSyntaxError):
            message, extensions = cause.message, {"code": SYNTAX}
        elif isinstance(cause, GraphQLError) and not (isinstance(error, GraphQLError) and error.path):
            message, extensions = cause.message, {"code": VALIDATION}
        elif isinstance(cause, RecursionError):
            message, extensions = "the request is nested too deeply", {"code": LimitExceeded.code, "field": "nesting"}
        else:
            log.error("request %s failed", request_id, exc_info=cause)
            extensions = dict(told(cause, request_id))
            message = extensions.pop("message")
        spelled: dict[str, Any] = {"message": message}
        if isinstance(error, GraphQLError):
            if error.locations:
                spelled["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
            if error.path:
                spelled["path"] = error.path
        return spelled | {"extensions": extensions}

    def _run(self, document: DocumentNode, request: Request, request_id: str, kind: str) -> Answer:
        operation = self.operation(request_id)
        try:
            result = execute_sync(
                self.schema,
                document,
                context_value=operation,
                variable_values=request.variables,
                operation_name=request.operation_name,
                executor_class=LeanExecutor,
            )
            if result.data is None and result.errors and not any(error.path for error in result.errors):
                return self._refusal(tuple(result.errors), request_id, kind)  # variables that do not fit
            return self.spelled(result, request_id, kind)
        except Exception as error:
            return self._refusal((error,), request_id, kind)
        finally:
            operation.close()

    def _refusal(self, errors: tuple[Exception, ...], request_id: str, kind: str) -> Answer:
        spelled = [self.spell(error, request_id) for error in errors[:MAX_ERRORS]]
        return Answer({"errors": spelled}, [error["extensions"]["code"] for error in spelled], kind, False)

    def _prepared(self, text: str) -> Prepared:
        try:
            check_text(text, self.settings.limits)
            document = parse(text)
            errors = validate(self.schema, document, max_errors=MAX_ERRORS)
            if errors:
                return Prepared(None, tuple(errors))
            check_shape(document, self.settings.limits)
            return Prepared(document)
        except (GraphQLError, ClewError, RecursionError) as error:
            return Prepared(None, (error,))


def read_request(body: object) -> Request:
    """A GraphQL request from its JSON. Errors: RequestError."""
    if not isinstance(body, dict):
        raise RequestError("the body is not a JSON object", field="body", remedy="Send one object with a query")
    query, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(query, str):
        raise RequestError("there is no query", field="query", value=query, remedy="Send the document as a string")
    if variables is not None and not isinstance(variables, dict):
        raise RequestError("variables are not a JSON object", field="variables", value=variables)
    if name is not None and not isinstance(name, str):
        raise RequestError("operationName is not a string", field="operationName", value=name)
    return Request(query, variables, name or None)


class _Refused(Exception):
    def __init__(self, errors: tuple[Exception, ...]) -> None:
        super().__init__()
        self.errors = errors


def _chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None and len(operations) == 1:
        return operations[0]
    for operation in operations:
        if name is not None and operation.name is not None and operation.name.value == name:
            return operation
    raise RequestError(
        f"the document has no operation {name!r:.80}" if name else "the document has several operations, or none",
        field="operationName",
        value=name or "",
        remedy="Name one of its operations",
    )


def _cause(error: Exception) -> BaseException:
    """What an error of graphql-core came from."""
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause
