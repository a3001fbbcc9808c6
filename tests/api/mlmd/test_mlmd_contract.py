"""The contract on the wire: its code is what the .proto files generate, and all of its calls are answered."""

from __future__ import annotations

from clew.api.mlmd.generate import drifted
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.service import _CALLS


def test_the_committed_code_is_what_the_contract_generates() -> None:
    assert drifted() == []


def test_every_call_of_the_contract_is_answered() -> None:
    methods = svc.DESCRIPTOR.services_by_name["MetadataStoreService"].methods
    assert len(methods) == 52
    assert {method.name for method in methods} == set(_CALLS)
