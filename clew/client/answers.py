"""What both clients make of what they fetched, in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from clew.client.protocol import Client, Impacted, Lineage
from clew.metadata.errors import ArtifactNotFound, Invalid
from clew.metadata.ids import Kind, NodeRef

if TYPE_CHECKING:
    from clew.metadata.reader import Reader


def not_recorded(text: str) -> ArtifactNotFound:
    """No artifact has that address or digest."""
    return ArtifactNotFound(
        f"no artifact is recorded at {text[:200]!r}",
        field="id",
        value=text,
        remedy="Write artifact:N, execution:N, context:N, a recorded URI or a digest; see `clew ls artifacts`",
    )


def impacted(
    lineage: Lineage, artifacts: int, executions: int, by_type: dict[str, int], leaves: list[NodeRef]
) -> Impacted:
    """An impact without what was asked about: people ask what else is touched."""
    for seed in lineage.seeds:
        if seed in lineage.nodes:
            type = lineage.nodes[seed].type
            by_type[type] = by_type.get(type, 1) - 1
        artifacts -= seed.kind is Kind.ARTIFACT
        executions -= seed.kind is Kind.EXECUTION
    ends = [ref for ref in leaves if ref not in lineage.seeds]
    return Impacted(artifacts, executions, {name: n for name, n in by_type.items() if n > 0}, lineage, ends)


def why(client: Client, ref: NodeRef) -> dict[str, Any]:
    """The stored decision of the cache about an execution, as one JSON object.

    Errors: Invalid for what is no execution; ExecutionNotFound; NotFound when no decision was stored.
    """
    from clew.client.reader import ClientReader
    from clew.executors.explain import explain

    if ref.kind is not Kind.EXECUTION:
        raise Invalid(f"{ref} is no execution", field="execution", value=str(ref), remedy="Name one: execution:N")
    return explain(cast("Reader", ClientReader(client)), ref.id).as_dict()


def address(text: str) -> str:
    """``text`` as an address: the path of a file that exists as its ``file://`` URI, anything else as it is."""
    if "://" in text or not text or "\0" in text or len(text) > 4096:
        return text
    from pathlib import Path

    path = Path(text).expanduser()
    return path.absolute().as_uri() if path.exists() else text
