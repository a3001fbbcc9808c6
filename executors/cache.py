"""Reuse of what earlier executions made: look up by fingerprint, verify the bytes, compute once, say why.

A hit is an execution with the same fingerprint that completed, is acceptable to the policy, and whose outputs are live
**and whose bytes still exist and match their digests**. Anything else is a miss with a reason, never an error.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clew.executors import marks
from clew.executors.claims import Claim, Claims, FileClaims
from clew.executors.fingerprint import Fingerprint, changes
from clew.executors.hashed import Hashed
from clew.executors.policy import AllOf, MaxAge
from clew.executors.protocol import CachePolicy
from clew.executors.rules import NONE, Rules, Scope
from clew.executors.sound import fault_of
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.blobs.tree import digest_of_path
from clew.metadata.digest import Digest
from clew.metadata.errors import TypeNotFound
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact, Execution
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState

COMPONENT_TYPE = "clew.Component"
"""Context type that holds the executions of one component, so that the nearest earlier one is found fast."""
PROJECT_TYPE = "Project"
"""Context type of projects: what runs lie in, and the steps of the SDK."""
DECISION = "clew.cache_decision"
PARTS = "clew.fingerprint_parts"
_CANDIDATES = 200
_NEAREST_OF = 50
_PAGES = 10


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a step is reused, from what, and why not."""

    outcome: str
    """hit, miss, off, or failed: known to fail."""
    reason: str
    origin: Execution | None = None
    """Of a hit: the execution that did the work."""
    outputs: dict[str, list[Artifact]] = field(default_factory=dict)
    """Of a hit: output name -> its artifacts, in order."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Of a hit: output parameters."""
    compared_with: int | None = None
    """Of a miss: the nearest earlier execution of the same component."""
    changed: list[dict[str, Any]] = field(default_factory=list)
    """What differs from it: part, before, after."""
    found: Execution | None = None
    """Of a hit: the execution whose outputs these are, the origin or one that reused it."""

    @property
    def hit(self) -> bool:
        """Whether nothing has to run."""
        return self.outcome == "hit"

    @property
    def saved(self) -> dict[str, int]:
        """Of a hit: the time the original took and the bytes it made, as they are kept on the execution."""
        if not self.hit or self.origin is None:
            return {}
        size = sum(a.size_bytes or 0 for items in self.outputs.values() for a in items)
        return {marks.SAVED_MS: took_ms(self.origin), marks.SAVED_BYTES: size}

    def as_struct(self) -> dict[str, Any]:
        """The decision as it is stored on the execution."""
        struct: dict[str, Any] = {"outcome": self.outcome, "reason": self.reason}
        if self.origin is not None:
            struct["origin"] = self.origin.id
        if self.compared_with is not None:
            struct |= {"compared_with": self.compared_with, "changed": self.changed}
        return struct


Adapt = Callable[[Decision], "Decision | str"]
"""Makes of a hit what its taker can use, or says why it cannot, in words that follow the execution's name."""


class Cache:
    """Look-ups and single flight over one home. Safe for several threads."""

    def __init__(
        self,
        store: ArtifactStore,
        locks: Path,
        *,
        namespace: str = "default",
        hashed: Hashed | None = None,
        claims: Claims | None = None,
        pipeline: str = "",
        project: str = "",
    ) -> None:
        self.store = store
        self._claims = claims or FileClaims(locks)
        self._namespace = namespace
        self._pipeline = pipeline
        self._project = project
        self._digest_of = hashed.digest_of if hashed else digest_of_path
        self._nondeterministic: frozenset[str] | None = None
        self._earlier: dict[tuple[str, int | None], list[Execution]] = {}

    def lookup(
        self,
        reader: Reader,
        wanted: Fingerprint,
        policy: CachePolicy,
        component: str = "",
        *,
        rules: Rules = NONE,
        adapt: Adapt | None = None,
        before: int | None = None,
        now_ms: int | None = None,
    ) -> Decision:
        """The decision for ``wanted``: the newest earlier execution that may be reused, or why there is none.

        ``component`` names the context in which a nearest earlier execution is looked for on a miss; of those, only
        ids below ``before`` count: the others belong to the same run.
        """
        if wanted.unknown:
            return Decision("miss", wanted.unknown)
        if rules.unread:
            return self.miss(reader, wanted, component, rules.unread, before=before)
        if rules.max_age_s is not None:
            policy = AllOf(policy, MaxAge(rules.max_age_s))
        reason = ""
        failed: Decision | None = None
        now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        for earlier in _candidates(reader, wanted.digest):
            if not self._is_in_scope(reader, earlier, rules):
                continue
            found = self._examine(reader, earlier, policy, now_ms, adapt)
            if isinstance(found, Decision):
                return found
            failed = failed or _known_failure(earlier, rules, now_ms)
            reason = reason or f"execution:{earlier.id} cannot be reused: {found}"
            if marks.REFRESHED in earlier.custom_properties and earlier.state is ExecutionState.COMPLETE:
                break  # it was made so that what is older would not count any more
        return failed or self.miss(reader, wanted, component, reason, before=before)

    def miss(
        self, reader: Reader, wanted: Fingerprint, component: str, reason: str = "", *, before: int | None = None
    ) -> Decision:
        """A miss, explained against the nearest earlier execution of ``component``."""
        nearest, changed = self._nearest(reader, wanted, component, before)
        if nearest is None:
            return Decision("miss", reason or "this component has not run before")
        if not reason:
            parts = ", ".join(change["part"] for change in changed)
            reason = f"changed since execution:{nearest.id}: {parts}" if parts else "no earlier execution completed"
        return Decision("miss", reason, compared_with=nearest.id, changed=changed)

    def nondeterministic(self, record: Record) -> frozenset[str]:
        """Names of the components the audit found to be non-deterministic; asked for once."""
        if self._nondeterministic is None:
            from clew.executors.cached.stats import nondeterministic  # few runs ask

            with record.read() as reader:
                self._nondeterministic = frozenset(nondeterministic(reader).values())
        return self._nondeterministic

    def claim(self, digest: Digest) -> Claim | None:
        """The right to compute ``digest``; None while another thread, process or host has it."""
        return self._claims.claim(digest)

    @contextmanager
    def claimed(self, digest: Digest, poll_s: float = 0.02) -> Iterator[None]:
        """Hold the right to compute ``digest``, waiting for it: look up once more inside."""
        while (claim := self.claim(digest)) is None:
            time.sleep(poll_s)
        try:
            yield
        finally:
            claim.release()

    def _is_in_scope(self, reader: Reader, earlier: Execution, rules: Rules) -> bool:
        """Whether an entry may be seen from here: the narrower of what it allows and what is asked for decides."""
        scope = min(Scope.NAMESPACE if rules.scope is None else rules.scope, scope_of(earlier))
        if scope is Scope.GLOBAL or (scope is Scope.NAMESPACE and earlier.namespace == self._namespace):
            return True
        named = self._pipeline if scope is Scope.PIPELINE else self._project
        if earlier.namespace != self._namespace or not named or scope is Scope.NAMESPACE:
            return False
        contexts = reader.contexts_of_executions([earlier.id])[earlier.id]
        if scope is Scope.PIPELINE:
            return any(c.type == "system.Pipeline" and c.name == named for c in contexts)
        parents = reader.parents_of(c.id for c in contexts)
        contexts += [parent for several in parents.values() for parent in several]
        return any(c.type == PROJECT_TYPE and c.name == named for c in contexts)

    def _examine(
        self, reader: Reader, earlier: Execution, policy: CachePolicy, now_ms: int, adapt: Adapt | None
    ) -> Decision | str:
        if earlier.state not in (ExecutionState.COMPLETE, ExecutionState.CACHED):
            return f"it is {earlier.state.name if earlier.state else 'UNKNOWN'}"
        origin = origin_of(reader, earlier)
        if refusal := marks.barred(earlier) or marks.barred(origin) or policy.refuses(origin, now_ms):
            return refusal
        outputs = outputs_of(reader, earlier.id)
        for name, artifacts in outputs.items():
            for artifact in artifacts:
                if fault := self._fault(artifact):
                    return f"its output {name!r} (artifact:{artifact.id}) {fault}"
        parameters = earlier.custom_properties.get("outputs", {})
        assert isinstance(parameters, dict)
        reason = f"the same as execution:{origin.id}"
        found = Decision("hit", reason, origin, outputs, parameters, found=earlier)
        return found if adapt is None else adapt(found)

    def _fault(self, artifact: Artifact) -> str:
        if artifact.state is not ArtifactState.LIVE:
            return f"is {artifact.state.name if artifact.state else 'UNKNOWN'}"
        return fault_of(artifact, self.store, self._digest_of)

    def _nearest(
        self, reader: Reader, wanted: Fingerprint, component: str, before: int | None
    ) -> tuple[Execution | None, list[dict[str, Any]]]:
        best: tuple[Execution | None, list[dict[str, Any]]] = (None, [])
        for earlier in self._earlier_of(reader, component, before) if component else ():
            parts = earlier.custom_properties.get(PARTS)
            if isinstance(parts, dict):
                changed = changes(parts, wanted.parts)
                if best[0] is None or len(changed) < len(best[1]):
                    best = (earlier, changed)
        return best

    def _earlier_of(self, reader: Reader, component: str, before: int | None) -> list[Execution]:
        """The newest executions of a component with ids below ``before``: read once for all tasks of a run."""
        known = self._earlier.get((component, before))
        if known is None:
            context = None
            with suppress(TypeNotFound):  # nothing has run at all
                context = reader.find(Kind.CONTEXT, COMPONENT_TYPE, component, self._namespace)
            known = _newest(reader, context.id, before) if context else []
            if before is not None:  # else they are others the next time
                self._earlier[component, before] = known
        return known


def scope_of(execution: Execution) -> Scope:
    """How far an entry is shared."""
    word = execution.custom_properties.get(marks.SCOPE)
    return Scope[word.upper()] if isinstance(word, str) and word.upper() in Scope.__members__ else Scope.NAMESPACE


def origin_of(reader: Reader, execution: Execution) -> Execution:
    """The execution that did the work: of a reused one, the one it names."""
    cached = execution.custom_properties.get("cached_execution_id")
    if execution.state is ExecutionState.CACHED and isinstance(cached, str) and cached.isdigit():
        return reader.executions_by_id([int(cached)]).get(int(cached), execution)
    return execution


def took_ms(execution: Execution) -> int:
    """How long an execution took; 0 where that is not known."""
    if execution.started_ms is None or execution.ended_ms is None:
        return 0
    return max(0, execution.ended_ms - execution.started_ms)


def _known_failure(earlier: Execution, rules: Rules, now_ms: int) -> Decision | None:
    """A failure that is remembered: the step itself failed, not long ago."""
    if rules.failures_s is None or earlier.state is not ExecutionState.FAILED or marks.barred(earlier):
        return None
    if marks.FAILURE not in earlier.custom_properties:  # it was canceled, killed or lost: it may well succeed
        return None
    age_s = (now_ms - (earlier.ended_ms or earlier.created_ms)) / 1000
    if age_s > rules.failures_s:
        return None
    told = str(earlier.custom_properties.get("clew.error", ""))
    return Decision("failed", f"it failed as execution:{earlier.id} {age_s:.0f} s ago: {told}", earlier)


def _candidates(reader: Reader, digest: Digest) -> Iterator[Execution]:
    """Executions with a fingerprint, newest first; the newest is nearly always the one, so it is read alone."""
    newest = reader.executions_with_fingerprint(digest, limit=1)
    yield from newest
    if newest:
        yield from reader.executions_with_fingerprint(digest, limit=_CANDIDATES)[1:]


def _newest(reader: Reader, context_id: int, before: int | None) -> list[Execution]:
    """The newest executions in a context with ids below ``before``, one page of them."""
    after = None
    for _ in range(_PAGES):
        page = reader.executions(context_id=context_id, order="id", descending=True, after=after, limit=_NEAREST_OF)
        found = [e for e in page.items if before is None or e.id < before]
        after = page.next_cursor
        if found or after is None:
            return found
    return []


def outputs_of(reader: Reader, execution_id: int) -> dict[str, list[Artifact]]:
    """Output name -> artifacts of an execution, in the order of their events' list positions."""
    events = [e for e in reader.events_of_executions([execution_id]) if e.type is EventType.OUTPUT]
    artifacts = reader.artifacts_by_id([e.artifact_id for e in events])
    named: dict[str, list[tuple[int, Artifact]]] = {}
    for event in events:
        name = str(event.path[0]) if event.path else ""
        place = event.path[1] if len(event.path) > 1 and isinstance(event.path[1], int) else 0
        named.setdefault(name, []).append((place, artifacts[event.artifact_id]))
    return {name: [a for _, a in sorted(items, key=lambda item: item[0])] for name, items in named.items()}
