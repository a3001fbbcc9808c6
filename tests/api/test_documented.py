"""What the documents say of the API is so: every query runs against the schema, every name is there."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from graphql import parse, validate

from clew.api.errors import SPELLINGS
from clew.api.graphql.schema import schema
from clew.api.metrics import Metrics
from clew.api.settings import Limits

DOCS = Path(__file__).parents[2] / "docs"
GRAPHQL = (DOCS / "graphql.md").read_text()
OPERATIONS = (DOCS / "operations.md").read_text()
QUERIES = re.findall(r"```graphql\n(.*?)```", GRAPHQL, re.DOTALL)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.partition("(")[0].split("{")[0].strip())
def test_every_query_of_the_documents_fits_the_schema(query: str) -> None:
    assert validate(schema()._schema, parse(query)) == []


def test_every_root_field_is_documented() -> None:
    roots = (schema()._schema.query_type, schema()._schema.mutation_type, schema()._schema.subscription_type)
    names = [name for root in roots if root is not None for name in root.fields]
    assert [name for name in names if f"`{name}" not in GRAPHQL and f"{name}(" not in GRAPHQL] == []


def test_every_error_code_is_documented_with_its_http_status() -> None:
    rows = [line.split("|") for line in GRAPHQL.splitlines() if line.startswith("| `") and line.count("|") == 4]
    told = {code: row[2] for row in rows for code in re.findall(r"`([A-Z_]+)`", row[1])}
    assert {code for code, spelling in SPELLINGS.items() if str(spelling.http) not in told.get(code, "")} == set()


def test_every_limit_is_documented_with_its_default() -> None:
    for name, default in asdict(Limits()).items():
        row = re.search(rf"^\| `{name}` \| ([\d,]+)", GRAPHQL, re.MULTILINE)
        assert row is not None, name
        told = int(row[1].replace(",", ""))
        assert told == (default >> 20 if name == "body_bytes" else default), name


def test_every_metric_is_documented() -> None:
    names = {metric.name + ("_total" if metric.type == "counter" else "") for metric in Metrics().registry.collect()}
    assert {name for name in names if f"`{name}`" not in OPERATIONS} == set()


def test_every_value_kind_and_path_of_the_server_is_documented() -> None:
    assert all(f"`{kind}`" in GRAPHQL for kind in ("INT", "DOUBLE", "STRING", "STRUCT", "PROTO", "BOOLEAN"))
    assert all(f"`{path}`" in OPERATIONS for path in ("/graphql", "/healthz", "/readyz", "/metrics"))
