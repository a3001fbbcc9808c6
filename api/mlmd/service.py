"""The 52 calls by name, from bytes to bytes: what gRPC and gRPC-web both serve."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError

from clew.api.errors import INTERNAL, spell
from clew.api.mlmd import lineage, read, write
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.read import Call
from clew.api.service import Services
from clew.metadata.brief import TooLong
from clew.metadata.errors import ClewError, InvalidFilter
from clew.metadata.ids import Kind

log = logging.getLogger("clew.api")
SERVICE = "ml_metadata.MetadataStoreService"
TEXT_LIMIT = 300
"""Characters of an error's text: it travels in trailers, which clients and proxies limit to 8 KiB."""
STATUS_NUMBERS = {
    "OK": 0, "CANCELLED": 1, "UNKNOWN": 2, "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7, "RESOURCE_EXHAUSTED": 8, "FAILED_PRECONDITION": 9, "ABORTED": 10,
    "OUT_OF_RANGE": 11, "UNIMPLEMENTED": 12, "INTERNAL": 13, "UNAVAILABLE": 14, "DATA_LOSS": 15, "UNAUTHENTICATED": 16,
}  # fmt: skip
"""gRPC's own, without its library: gRPC-web needs no more of it."""

_CALLS: dict[str, Call] = {
    "PutArtifactType": write.put_artifact_type,
    "PutExecutionType": write.put_execution_type,
    "PutContextType": write.put_context_type,
    "PutTypes": write.put_types,
    "PutArtifacts": write.put_artifacts,
    "PutExecutions": write.put_executions,
    "PutContexts": write.put_contexts,
    "PutEvents": write.put_events,
    "PutAttributionsAndAssociations": write.put_attributions_and_associations,
    "PutParentContexts": write.put_parent_contexts,
    "PutExecution": write.put_execution,
    "PutLineageSubgraph": write.put_lineage_subgraph,
    **read.calls_of(Kind.ARTIFACT),
    **read.calls_of(Kind.EXECUTION),
    **read.calls_of(Kind.CONTEXT),
    "GetArtifactsByURI": read.artifacts_by_uri,
    "GetEventsByArtifactIDs": read.events_by_artifact_ids,
    "GetEventsByExecutionIDs": read.events_by_execution_ids,
    "GetArtifactsByContext": read.artifacts_by_context,
    "GetExecutionsByContext": read.executions_by_context,
    "GetContextsByArtifact": read.contexts_by_artifact,
    "GetContextsByExecution": read.contexts_by_execution,
    "GetParentContextsByContext": read.parent_contexts,
    "GetChildrenContextsByContext": read.children_contexts,
    "GetParentContextsByContexts": read.parent_contexts_of_many,
    "GetChildrenContextsByContexts": read.children_contexts_of_many,
    "GetLineageGraph": lineage.lineage_graph,
    "GetLineageSubgraph": lineage.lineage_subgraph,
}


BRIEF_BYTES, BRIEF_ROWS = 1024, 250
"""A read is brief when its request is so short, it has no filter, and no query for it answers more rows."""
_BRIEF = frozenset(name for name in _CALLS if name.startswith("Get") and "Lineage" not in name)


class Refused(Exception):
    """What the client is told: a gRPC status by name, and a short text."""

    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class _Method(NamedTuple):
    request: type[Any]
    call: Call
    has_options: bool


class MetadataStoreService:
    """ML Metadata's service over the record. Thread-safe."""

    def __init__(self, services: Services) -> None:
        self._services = services
        # A database behind a network would be waited for, however little it has to say.
        is_near = services.record.store.dialect == "sqlite"
        self._brief = replace(services, most_rows=BRIEF_ROWS) if is_near else None
        methods = svc.DESCRIPTOR.services_by_name["MetadataStoreService"].methods
        self._methods = {
            m.name: _Method(getattr(svc, m.input_type.name), _CALLS[m.name], "options" in m.input_type.fields_by_name)
            for m in methods
        }

    @property
    def names(self) -> list[str]:
        """The calls, by name."""
        return list(self._methods)

    def call(self, name: str, request: bytes) -> bytes:
        """Answer one call. Errors: Refused, and nothing else."""
        return self._answer(self._services, name, request)

    def brief(self, name: str, request: bytes) -> bytes | None:
        """Answer one call if that takes no longer than handing it to another thread; None if it may.

        Errors: Refused.
        """
        if self._brief is None or name not in _BRIEF or len(request) > BRIEF_BYTES:
            return None
        try:
            return self._answer(self._brief, name, request)
        except TooLong:
            return None

    def _answer(self, services: Services, name: str, request: bytes) -> bytes:
        method = self._methods.get(name)
        if method is None:
            raise Refused("UNIMPLEMENTED", f"{SERVICE} has no call {name!r:.80}")
        try:
            asked = method.request.FromString(request)
            if services is self._brief and method.has_options and asked.options.filter_query:
                raise TooLong
            answer = method.call(services, asked)
            return answer if isinstance(answer, bytes) else bytes(answer.SerializeToString())
        except TooLong:
            raise
        except ClewError as error:
            raise refused_of(error) from error
        except (DecodeError, UnicodeDecodeError) as error:
            raise Refused("INVALID_ARGUMENT", f"the request is no {method.request.DESCRIPTOR.name}") from error
        except Exception as error:
            number = uuid.uuid4().hex
            log.exception("request %s: %s failed", number, name)
            raise Refused(INTERNAL, f"Something went wrong inside the server; request {number}") from error


def refused_of(error: Exception) -> Refused:
    """What the client is told of ``error``."""
    if not isinstance(error, ClewError):
        return Refused(INTERNAL, "Something went wrong inside the server")
    text = f"Invalid `filter_query`: {error}" if isinstance(error, InvalidFilter) else str(error)
    return Refused(spell(error.code).grpc, text[:TEXT_LIMIT].replace("\0", ""))
