"""What ml-metadata 1.21 dropped from its server, asked for by its client: dropped_calls.py HOST PORT.

Runs in the client's own Python. Prints one line of JSON: the names found by a filter, and the ids along a lineage.
"""

import json
import sys
import warnings

import stand_in  # type: ignore[import-not-found]  # beside this script
from ml_metadata.metadata_store import ListOptions, MetadataStore
from ml_metadata.proto import metadata_store_pb2 as pb


def main(host: str, port: str) -> None:
    warnings.simplefilter("ignore", DeprecationWarning)  # "filter_query has been removed"
    store = MetadataStore(pb.MetadataStoreClientConfig(host=host, port=int(port)))
    data, train = (
        store.put_artifact_type(pb.ArtifactType(name="D")),
        store.put_execution_type(pb.ExecutionType(name="E")),
    )
    run = store.put_context_type(pb.ContextType(name="R"))
    artifacts = [pb.Artifact(type_id=data, name=f"a{i}", uri=f"s3://{i}") for i in range(3)]
    for artifact in artifacts:
        artifact.custom_properties["rows"].int_value = int(artifact.name[1])
    before, between, _ = ids = store.put_artifacts(artifacts)
    store.put_execution(
        pb.Execution(type_id=train),
        [(None, pb.Event(artifact_id=before, type=pb.Event.INPUT)), (None, pb.Event(artifact_id=between, type=4))],
        [pb.Context(type_id=run, name="r")],
    )
    found = store.get_artifacts(ListOptions(filter_query="custom_properties.rows.int_value > 0 AND uri LIKE 's3://%'"))
    options = pb.LineageSubgraphQueryOptions(direction=pb.LineageSubgraphQueryOptions.DOWNSTREAM, max_num_hops=9)
    options.starting_artifacts.filter_query = f"id = {ids[0]}"
    graph = store.get_lineage_subgraph(options)
    lineage = {"artifacts": [a.name for a in graph.artifacts], "contexts": [c.name for c in graph.contexts]}
    print(json.dumps({"found": [a.name for a in found], **lineage, "library": stand_in.has_library()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
