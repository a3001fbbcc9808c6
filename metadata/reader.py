"""Read the record at one snapshot: every answer of one Reader is of the same moment.

(signatures first; bodies follow)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from clew.metadata.ids import Kind, NodeRef, Seq
from clew.metadata.node import Artifact, Committed, Context, Event, Execution, Node, NodeType, Page, ParentContext

Order = Literal["id", "created", "updated", "name"]


class Reader:
    """A snapshot of the record at ``seq``; made by ``record.read()``; not shared between threads."""

    seq: Seq
    """The change this snapshot includes last (for as-of readers: the moment asked for)."""

    # -- one node, or many by id ------------------------------------------------------------------
    def node(self, ref: NodeRef) -> Node: ...                     # raises ArtifactNotFound / ExecutionNotFound / ContextNotFound
    def artifact(self, id: int) -> Artifact: ...                  # raises
    def execution(self, id: int) -> Execution: ...                # raises
    def context(self, id: int) -> Context: ...                    # raises
    def artifacts_by_id(self, ids: Iterable[int]) -> dict[int, Artifact]: ...    # missing ids are absent
    def executions_by_id(self, ids: Iterable[int]) -> dict[int, Execution]: ...
    def contexts_by_id(self, ids: Iterable[int]) -> dict[int, Context]: ...

    # -- listings ----------------------------------------------------------------------------------
    def artifacts(self, *, where: str | None = None, type: str | None = None, namespace: str | None = None,
                  context_id: int | None = None, order: Order = "id", descending: bool = False,
                  after: str | None = None, limit: int = 100) -> Page[Artifact]: ...
    def executions(self, *, where: str | None = None, type: str | None = None, namespace: str | None = None,
                   context_id: int | None = None, order: Order = "id", descending: bool = False,
                   after: str | None = None, limit: int = 100) -> Page[Execution]: ...
    def contexts(self, *, where: str | None = None, type: str | None = None, namespace: str | None = None,
                 order: Order = "id", descending: bool = False, after: str | None = None, limit: int = 100) -> Page[Context]: ...
    def count(self, kind: Kind, *, where: str | None = None, type: str | None = None, namespace: str | None = None,
              context_id: int | None = None) -> int: ...
    def count_by_type(self, kind: Kind, *, namespace: str | None = None) -> dict[int, int]: ...   # type_id -> nodes

    # -- look-ups ------------------------------------------------------------------------------------
    def find(self, kind: Kind, type: str, name: str, namespace: str = "default", version: str = "") -> Node | None: ...
    def find_external(self, kind: Kind, external_ids: Iterable[str], namespace: str = "default") -> list[Node]: ...
    def artifacts_at(self, uri: str) -> list[Artifact]: ...                 # by canonical location, newest first
    def artifacts_with_digest(self, digest: str) -> list[Artifact]: ...     # newest first
    def executions_with_fingerprint(self, fingerprint: str, limit: int = 20) -> list[Execution]: ...   # newest first

    # -- edges ----------------------------------------------------------------------------------------
    def events_of_artifacts(self, ids: Iterable[int]) -> list[Event]: ...
    def events_of_executions(self, ids: Iterable[int]) -> list[Event]: ...
    def contexts_of_artifacts(self, ids: Iterable[int]) -> dict[int, list[Context]]: ...
    def contexts_of_executions(self, ids: Iterable[int]) -> dict[int, list[Context]]: ...
    def parents_of(self, context_ids: Iterable[int]) -> dict[int, list[Context]]: ...
    def children_of(self, context_ids: Iterable[int]) -> dict[int, list[Context]]: ...

    # -- types -------------------------------------------------------------------------------------------
    def types(self, kind: Kind | None = None) -> list[NodeType]: ...        # by id; the 9 simple types (ids 1-9, names mlmd.*) included
    def type(self, kind: Kind, name: str, version: str = "") -> NodeType: ...   # raises TypeNotFound
    def types_by_id(self, ids: Iterable[int]) -> dict[int, NodeType]: ...

    # -- log and history --------------------------------------------------------------------------------
    def changes(self, after: int = 0, limit: int = 1000, *, namespace: str | None = None) -> list[Committed]: ...
    def history(self, ref: NodeRef) -> list[Node]: ...          # every state of one node, oldest first, the current one last
    def seq_at(self, time_ms: int) -> Seq: ...                  # last change not later than time_ms; 0 when none

    # -- bulk, for projections (rows straight from the tables, ascending; constant memory) ----------------------
    def edge_rows(self) -> Iterator[Sequence[tuple[int, int, int]]]: ...
    """Chunks of (execution_id, event type, artifact_id)."""
    def node_rows(self, kind: Kind) -> Iterator[Sequence[tuple[int, int, int | None, str, int, int, int]]]: ...
    """Chunks of (id, type_id, state (None for contexts), namespace, created_ms, created_seq, updated_seq)."""
