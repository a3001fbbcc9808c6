"""What a task makes of a decision of the cache: the outputs of a plain function as its own, and what is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace

from clew.executors import marks
from clew.executors.cache import Adapt, Decision
from clew.executors.marks import FORMAT, SHAPE
from clew.executors.pipeline import ir
from clew.executors.pipeline.key import SINGLE_OUTPUT
from clew.executors.pipeline.values import Mismatch, cast
from clew.executors.rules import Rules, Scope
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.digest import Digest
from clew.metadata.errors import BlobNotFound
from clew.metadata.value import Value


def usable_by(component: ir.Component, store: ArtifactStore) -> Adapt:
    """Makes of a hit what ``component`` promises to give."""
    declared = component.outputs

    def adapt(found: Decision) -> Decision | str:
        assert found.found is not None
        if SHAPE in found.found.custom_properties:
            return _of_function(found, declared, store)
        missing = [n for n, s in declared.artifacts.items() if n not in found.outputs and not (s.optional or s.is_list)]
        missing += [n for n, p in declared.parameters.items() if n not in found.parameters and not p.optional]
        return f"it gave no {missing[0]!r}" if missing else found

    return adapt


def _of_function(found: Decision, declared: ir.Interface, store: ArtifactStore) -> Decision | str:
    """The value a function returned, as the one parameter a component of it has."""
    if not declared.parameters and not declared.artifacts:
        return replace(found, outputs={})
    result = found.outputs.get("result", [])
    if declared.artifacts or set(declared.parameters) != {SINGLE_OUTPUT} or len(result) != 1:
        return "it returned what the task does not declare"
    if result[0].custom_properties.get(FORMAT) != "json" or result[0].digest is None:
        return "it returned a value that is no parameter"
    try:
        with store.open(Digest(result[0].digest)) as stream:
            value = json.load(stream)
    except BlobNotFound:
        return "its bytes are not in this artifact store"
    spec = declared.parameters[SINGLE_OUTPUT]
    try:
        return replace(found, outputs={}, parameters={SINGLE_OUTPUT: cast(value, spec.type)})
    except Mismatch as error:
        return f"it returned another kind of value: {error}"


def rules_kept(rules: Rules, decision: Decision) -> dict[str, Value]:
    """What later look-ups must know of how this one was allowed."""
    kept: dict[str, Value] = {}
    if rules.scope not in (None, Scope.NAMESPACE):
        kept[marks.SCOPE] = rules.scope.word
    if rules.refreshes:
        kept[marks.REFRESHED] = True
    if decision.outcome == "failed" and decision.origin is not None:
        kept["clew.error"] = decision.reason
    return kept
