"""Requests bent at random: each is answered or refused, none is INTERNAL, none leaves a half-written change.

``CLEW_MLMD_MUTATIONS`` sets how many are tried (100,000 take some minutes).
"""

from __future__ import annotations

import os
import random
from typing import Any

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.service import Refused
from clew.metadata.replay import differences

MUTATIONS = int(os.environ.get("CLEW_MLMD_MUTATIONS", "4000"))
NUMBERS = (0, 1, 2, 3, -1, 7, 10, 11, 12, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63))
TEXTS = ("", "a", "Dataset", "id = 1", "x\0y", "é", "n" * 3000, "type = 'T' OR", "properties.a", "9" * 40)


def bend(message: Any, rng: random.Random, depth: int = 0) -> Any:
    """Set some fields of ``message``, at any depth, to what nobody expects."""
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.45 or depth > 4:
            continue
        if field.message_type is None:
            value = scalar(field, rng)
            if field.is_repeated:
                getattr(message, field.name).extend(scalar(field, rng) for _ in range(rng.randrange(3)))
            else:
                setattr(message, field.name, value)
        elif field.message_type.GetOptions().map_entry:
            into, item = getattr(message, field.name), field.message_type.fields_by_name["value"]
            key = scalar(field.message_type.fields_by_name["key"], rng)
            if item.message_type is None:
                into[key] = scalar(item, rng)
            else:
                bend(into[key], rng, depth + 1)
        elif field.is_repeated:
            for _ in range(rng.randrange(3)):
                bend(getattr(message, field.name).add(), rng, depth + 1)
        else:
            getattr(message, field.name).SetInParent()
            bend(getattr(message, field.name), rng, depth + 1)
    return message


def scalar(field: Any, rng: random.Random) -> Any:
    if field.enum_type is not None:
        return rng.choice(field.enum_type.values).number
    if field.cpp_type == field.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if field.cpp_type in (field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT):
        return rng.choice((0.0, -1.5, float("inf"), float("nan"), 1e308))
    if field.type == field.TYPE_BYTES:
        return rng.randbytes(4)
    if field.cpp_type == field.CPPTYPE_STRING:
        return rng.choice(TEXTS)
    number = rng.choice(NUMBERS)
    return number if field.cpp_type == field.CPPTYPE_INT64 or abs(number) < 2**31 else 5


def corrupt(body: bytes, rng: random.Random) -> bytes:
    """Some bytes of the wire changed, cut off or doubled."""
    wire = bytearray(body)
    for _ in range(rng.randrange(3) if wire else 0):
        at = rng.randrange(len(wire) or 1)
        wire[at : at + 1] = rng.choice((b"", rng.randbytes(1), rng.randbytes(3)))
    return bytes(wire)


def test_no_request_is_internal_or_half_written(sqlite_store: Any) -> None:
    rng = random.Random(20)
    sqlite_store.artifact_type("Dataset", a=pb.INT)
    sqlite_store.execution_type("Train", a=pb.STRING)
    sqlite_store.context_type("Run")
    methods = svc.DESCRIPTOR.services_by_name["MetadataStoreService"].methods
    statuses, surprises = set(), []
    for _ in range(MUTATIONS):
        method = rng.choice(methods)
        body = bend(getattr(svc, method.input_type.name)(), rng).SerializeToString()
        try:
            sqlite_store.service.call(method.name, corrupt(body, rng) if rng.random() < 0.3 else body)
            statuses.add("OK")
        except Refused as refused:
            statuses.add(refused.status)
            if refused.status == "INTERNAL":
                surprises.append((method.name, body, refused.__cause__))
    assert surprises == []
    assert statuses >= {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS"}
    with sqlite_store.record.read() as reader:
        assert differences(reader) == []
