"""Resolvers: artifacts the record holds already become the outputs of a task.

    in_context("my-pipeline") AND artifact_type="system.Model" AND state=LIVE

Source: kubeflow/pipelines ``pipeline_spec.proto``, ArtifactQuerySpec: conditions joined by AND, the pipeline's own
context where none is named, one artifact where no limit is given. The newest come first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from clew.executors.pipeline import ir
from clew.executors.pipeline.document import Place
from clew.metadata.errors import StepFailed, TypeNotFound
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact
from clew.metadata.reader import Reader
from clew.metadata.states import ArtifactState

_CONDITION = re.compile(
    r"""\s*(?:(?P<function>in_context)\(\s*(?:"(?P<context>[^"]*)"|'(?P<context1>[^']*)')\s*\)"""
    r"""|(?P<name>artifact_type|uri|state|name)\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[\w.\-/:]+)))\s*"""
)
_FIELDS = {"artifact_type": "type"}
_HOW = 'Join in_context("NAME"), artifact_type="TYPE", uri="URI", state=LIVE and name="NAME" by AND'
_PAGE = 200


def query(place: Place) -> ir.Query:
    """A query in IR. Errors: InvalidPipeline where its filter is none."""
    place.only("filter", "limit")
    conditions = dict(_conditions(place.get("filter")))
    limit = int(place.get("limit").number())
    state = conditions.get("state", "")
    if state and state not in ArtifactState.__members__:
        raise place.get("filter").fail(f"{state!r} is not a state of artifacts", _HOW)
    return ir.Query(**conditions, limit=limit or 1)


def _conditions(place: Place) -> Iterator[tuple[str, str]]:
    if place.value is None or place.value == "":
        return
    for part in re.split(r"\s+AND\s+", place.text().strip()):
        match = _CONDITION.fullmatch(part)
        if match is None:
            raise place.fail(f"{part!r} is not a condition on artifacts", _HOW)
        if match["function"]:
            yield "context", match["context"] or match["context1"] or ""
        else:
            name = match["name"]
            yield _FIELDS.get(name, name), match["a"] or match["b"] or match["c"] or ""


def find(reader: Reader, wanted: ir.Query, pipeline: str, namespace: str, where: str) -> list[Artifact]:
    """The artifacts ``wanted``, newest first, at most as many as it allows.

    Errors: StepFailed when there is none.
    """
    context = _context(reader, wanted.context or pipeline, namespace, named=bool(wanted.context))
    found: list[Artifact] = []
    if context is not None:
        for artifact in _newest(reader, context, wanted.type, namespace):
            if _fits(artifact, wanted):
                found.append(artifact)
                if len(found) == wanted.limit:
                    break
    if not found:
        raise StepFailed(
            f"{where}: no artifact of {wanted.context or pipeline!r} is what the resolver asks for",
            field=where,
            value=str(wanted),
            remedy="Run the pipeline that makes it first, or ask for less",
        )
    return found


def _context(reader: Reader, name: str, namespace: str, *, named: bool) -> int | None:
    types = ["system.Pipeline"]
    if named:
        types += [t for t in (n.name for n in reader.types(Kind.CONTEXT)) if t not in types]
    for type in types:
        node = reader.find(Kind.CONTEXT, type, name, namespace)
        if node is not None:
            return node.id
    return None


def _newest(reader: Reader, context: int, type: str, namespace: str) -> Iterator[Artifact]:
    after = None
    with suppress(TypeNotFound):  # none of that type was ever made
        while True:
            page = reader.artifacts(
                context_id=context, type=type or None, namespace=namespace, descending=True, after=after, limit=_PAGE
            )
            yield from page.items
            after = page.next_cursor
            if after is None:
                return


def _fits(artifact: Artifact, wanted: ir.Query) -> bool:
    shown = artifact.custom_properties.get("display_name")
    return (
        wanted.uri in ("", artifact.uri)
        and wanted.name in ("", artifact.name, shown)
        and (not wanted.state or artifact.state is ArtifactState[wanted.state])
    )
