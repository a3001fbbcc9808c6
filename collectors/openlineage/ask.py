"""What OpenLineage told, asked back in its words: namespaces, jobs, datasets, runs, and the graph between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import cached_property

from clew.collectors.openlineage.event import located
from clew.collectors.openlineage.sayings import DATASET_TYPE, JOB_TYPE, named
from clew.metadata.errors import ContextNotFound, ExecutionNotFound, Invalid, TypeNotFound
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact, Context, Execution
from clew.metadata.reader import Reader
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS

PAGE = 1000
RUNS_OF_A_JOB = 50
"""Newest runs of a job that tell what it reads and writes."""
VERSIONS = 200
MOST_NODES = 2000


class Asked:
    """Answers from one snapshot."""

    def __init__(self, reader: Reader, namespace: str = "default") -> None:
        self.reader, self._namespace = reader, namespace

    def jobs(self, namespace: str | None = None) -> list[Context]:
        """Jobs, in the order they came up."""
        return [c for c in self._contexts(JOB_TYPE) if namespace in (None, c.custom_properties.get("namespace"))]

    def datasets(self, namespace: str | None = None) -> list[Context]:
        """Datasets, likewise."""
        return [c for c in self._contexts(DATASET_TYPE) if namespace in (None, c.custom_properties.get("namespace"))]

    def namespaces(self) -> dict[str, int]:
        """Namespace -> when it came up, UTC epoch milliseconds."""
        found: dict[str, int] = {}
        for context in (*self._contexts(JOB_TYPE), *self._contexts(DATASET_TYPE)):
            name = str(context.custom_properties.get("namespace"))
            found[name] = min(context.created_ms, found.get(name, context.created_ms))
        return dict(sorted(found.items()))

    def job(self, namespace: str, name: str) -> Context:
        """One job. Errors: ContextNotFound."""
        return self._one(JOB_TYPE, namespace, name)

    def dataset(self, namespace: str, name: str) -> Context:
        """One dataset. Errors: ContextNotFound."""
        return self._one(DATASET_TYPE, namespace, name)

    def run(self, run_id: str) -> Execution:
        """One run. Errors: ExecutionNotFound."""
        for node in self.reader.find_external(Kind.EXECUTION, [run_id.lower()], self._namespace):
            assert isinstance(node, Execution)
            return node
        raise ExecutionNotFound(f"no run {run_id!r}", field="id", value=run_id, remedy="Give the runId of its events")

    def runs(self, job: Context, limit: int = RUNS_OF_A_JOB) -> list[Execution]:
        """Runs of a job, newest first."""
        return self.reader.executions(context_id=job.id, descending=True, limit=limit).items

    def count_runs(self, job: Context) -> int:
        """How many there are."""
        return self.reader.count(Kind.EXECUTION, context_id=job.id)

    def versions(self, dataset: Context) -> list[Artifact]:
        """Versions of a dataset, newest first."""
        return self.reader.artifacts_at(str(dataset.custom_properties["location"]))[:VERSIONS]

    def job_of(self, execution: Execution) -> Context | None:
        """The job of a run."""
        groups = self.reader.contexts_of_executions([execution.id])[execution.id]
        return next((context for context in groups if context.type == JOB_TYPE), None)

    def touched(self, executions: list[Execution]) -> tuple[list[Artifact], list[Artifact]]:
        """What runs read, and what they wrote; one artifact a location."""
        events = self.reader.events_of_executions([execution.id for execution in executions])
        artifacts = self.reader.artifacts_by_id({event.artifact_id for event in events})
        sides = []
        for types in (INPUT_EVENTS, OUTPUT_EVENTS):
            mine = [artifacts[event.artifact_id] for event in events if event.type in types]
            sides.append(list({artifact.location: artifact for artifact in mine}.values()))
        return sides[0], sides[1]

    def named_at(self, locations: set[str]) -> dict[str, Context]:
        """Location -> the dataset of that location that came up first."""
        return {location: self._places[location] for location in locations if location in self._places}

    def node(self, node_id: str) -> Context:
        """Of ``job:NAMESPACE:NAME`` or ``dataset:NAMESPACE:NAME``; both may hold colons.

        Errors: Invalid when it is spelled otherwise; ContextNotFound.
        """
        kind, _, rest = node_id.partition(":")
        type = {"job": JOB_TYPE, "dataset": DATASET_TYPE, "datasetField": DATASET_TYPE}.get(kind)
        if type is None or ":" not in rest:
            raise Invalid(
                f"{node_id[:200]!r} is no node", field="nodeId", value=node_id,
                remedy="Write job:NAMESPACE:NAME or dataset:NAMESPACE:NAME",
            )  # fmt: skip
        for namespace, name in _splits(rest):
            found = self._find(type, namespace, name)
            if found is not None:
                return found
        raise ContextNotFound(f"no {kind} {rest[:200]!r}", field="nodeId", value=node_id, remedy="List them first")

    def graph(self, start: Context, depth: int) -> tuple[dict[int, Context], set[tuple[int, int]]]:
        """Jobs and datasets around one, ``depth`` steps each way, and the edges (from, to) between them, by id."""
        nodes: dict[int, Context] = {int(start.id): start}
        edges: set[tuple[int, int]] = set()
        queue = deque([(start, 0)])
        while queue:
            at, steps = queue.popleft()
            if steps >= depth or len(nodes) >= MOST_NODES:
                continue
            for near, incoming in self._beside(at):
                edges.add((int(near.id), int(at.id)) if incoming else (int(at.id), int(near.id)))
                if int(near.id) not in nodes:
                    nodes[int(near.id)] = near
                    queue.append((near, steps + 1))
        return nodes, {edge for edge in edges if set(edge) <= set(nodes)}

    def _beside(self, at: Context) -> Iterator[tuple[Context, bool]]:
        """Neighbours, and whether what they are flows in."""
        if at.type == JOB_TYPE:
            read, written = self.touched(self.runs(at))
            for artifacts, incoming in ((read, True), (written, False)):
                for context in self.named_at({artifact.location or "" for artifact in artifacts}).values():
                    yield context, incoming
            return
        ids = [artifact.id for artifact in self.versions(at)]
        events = self.reader.events_of_artifacts(ids)
        groups = self.reader.contexts_of_executions({event.execution_id for event in events})
        for event in events:
            for context in groups[event.execution_id]:
                if context.type == JOB_TYPE:
                    yield context, event.type in OUTPUT_EVENTS

    @cached_property
    def _places(self) -> dict[str, Context]:
        found: dict[str, Context] = {}
        for context in self._contexts(DATASET_TYPE):
            found.setdefault(str(context.custom_properties.get("location")), context)
        return found

    def _contexts(self, type: str) -> Iterator[Context]:
        after = None
        while True:
            try:
                page = self.reader.contexts(type=type, namespace=self._namespace, after=after, limit=PAGE)
            except TypeNotFound:  # nothing was ever sent
                return
            yield from page.items
            after = page.next_cursor
            if after is None:
                return

    def _one(self, type: str, namespace: str, name: str) -> Context:
        found = self._find(type, namespace, name)
        if found is None:
            kind = "job" if type == JOB_TYPE else "dataset"
            raise ContextNotFound(
                f"no {kind} {name[:200]!r} in {namespace[:200]!r}", field=kind, value=name, remedy="List them first"
            )
        return found

    def _find(self, type: str, namespace: str, name: str) -> Context | None:
        try:
            found = self.reader.find(Kind.CONTEXT, type, named(namespace, name), self._namespace)
        except TypeNotFound:
            return None
        if found is None and type == DATASET_TYPE and namespace and name:
            found = next(iter(self.named_at({located(namespace, name)}).values()), None)
        return found if isinstance(found, Context) else None


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """Every way to read NAMESPACE:NAME, the longest namespace last."""
    at = text.find(":")
    while at >= 0:
        yield text[:at], text[at + 1 :]
        at = text.find(":", at + 1)
