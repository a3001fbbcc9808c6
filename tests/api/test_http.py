"""GraphQL over HTTP, and who may call: statuses, media types, hosts, origins, tokens, and no tracebacks."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from clew.api.graphql.operation import Operation
from clew.api.service import Services
from clew.api.settings import ApiSettings, check_bind
from clew.metadata.errors import StoreUnavailable, UsageError
from clew.metadata.ids import Seq
from clew.metadata.record import Record

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BAD_REQUEST"),
        (b"{", "BAD_REQUEST"),
        (b"\xff\xfe", "BAD_REQUEST"),
        (b'{"query": "\\ud800"}', "BAD_REQUEST"),
        (b"[]", "BAD_REQUEST"),
        (b"null", "BAD_REQUEST"),
        (b"{}", "BAD_REQUEST"),
        (b'{"query": 1}', "BAD_REQUEST"),
        (b'{"query": "{ seq }", "variables": []}', "BAD_REQUEST"),
        (b'{"query": "{ seq }", "operationName": 7}', "BAD_REQUEST"),
        (b"[" * 100_000, "BAD_REQUEST"),
    ],
    ids=lambda v: repr(v)[:25],
)
def test_a_body_that_is_no_request_is_400_with_a_code(asker: Any, body: bytes, code: str) -> None:
    response = asker.request("POST", "/graphql", content=body, headers=JSON)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ node { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { artifacts(first: $n) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { seq } query B { seq }", "BAD_REQUEST"),
        ("fragment F on Artifact { id }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { changes { seq } }", "BAD_REQUEST"),
    ],
)
def test_a_document_that_cannot_run_tells_why(asker: Any, query: str, code: str) -> None:
    plain = asker.post(query)
    assert (plain.status_code, plain.json()["errors"][0]["extensions"]["code"]) == (200, code)
    assert "data" not in plain.json()
    strict = asker.post(query, headers={"accept": "application/graphql-response+json"})
    assert strict.status_code == 400
    assert strict.headers["content-type"] == "application/graphql-response+json"


def test_one_of_several_operations_runs_by_its_name(asker: Any) -> None:
    body = {"query": "query A { seq } query B { __typename }", "operationName": "B"}
    assert asker.request("POST", "/graphql", json=body).json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_only_json_is_taken_so_that_no_form_of_a_foreign_page_can_post(asker: Any, media: str) -> None:
    response = asker.request("POST", "/graphql", content=b'{"query": "{ seq }"}', headers={"content-type": media})
    assert response.status_code == 415
    assert response.json()["errors"][0]["extensions"]["field"] == "Content-Type"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8420", "", "localhost.evil.example", "127.0.0.1.nip.example"]
)
def test_a_name_that_is_not_ours_is_refused_against_dns_rebinding(asker: Any, host: str) -> None:
    response = asker.post("{ seq }", headers={"host": host})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (403, "PERMISSION_DENIED")
    assert asker.request("GET", "/healthz", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8420", "127.0.0.1:1", "[::1]:8420", "LOCALHOST"])
def test_every_name_of_the_loopback_is_ours(asker: Any, host: str) -> None:
    assert asker.post("{ seq }", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:9999", "file://"])
def test_pages_of_other_origins_may_not_call(asker: Any, origin: str) -> None:
    assert asker.post("{ seq }", headers={"origin": origin}).status_code == 403


def test_our_own_pages_and_allowed_origins_may_call(asker: Any, asker_with: Any) -> None:
    assert asker.post("{ seq }", headers={"origin": "http://localhost"}).status_code == 200
    allowing = asker_with(allowed_origins=("https://lineage.example",), allowed_hosts=("clew.example",))
    headers = {"origin": "https://lineage.example", "host": "clew.example"}
    answer = allowing.post("{ seq }", headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, headers["origin"])


def test_an_allowed_origin_may_ask_before_it_sends_and_no_other(asker_with: Any) -> None:
    asker = asker_with(allowed_origins=("https://lineage.example",), token="t")
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,authorization"}
    yes = asker.request("OPTIONS", "/graphql", headers={**asked, "origin": "https://lineage.example"})
    no = asker.request("OPTIONS", "/graphql", headers={**asked, "origin": "https://evil.example"})
    assert (yes.status_code, yes.headers["access-control-allow-origin"]) == (200, "https://lineage.example")
    assert no.status_code == 400
    assert "access-control-allow-origin" not in no.headers


def test_behind_a_token_only_pages_and_health_are_open(asker_with: Any) -> None:
    asker = asker_with(token="s3cret")
    for headers in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "s3cret"},
        {"authorization": "Basic s3cret"},
    ):
        response = asker.post("{ seq }", headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert asker.request("GET", "/metrics").status_code == 401
    assert asker.post("{ seq }", headers={"authorization": "bearer s3cret"}).status_code == 200
    assert [asker.request("GET", path).status_code for path in ("/", "/graphql", "/healthz", "/readyz")] == [200] * 4


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "clew.example", ""])
def test_listening_beyond_the_loopback_without_a_token_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="without authentication"):
        check_bind(host, ApiSettings())
    check_bind(host, ApiSettings(token="t"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"])
def test_listening_on_the_loopback_needs_no_token(host: str) -> None:
    check_bind(host, ApiSettings())


def test_health_readiness_and_metrics(asker: Any, services: Services) -> None:
    assert asker.request("GET", "/healthz").json() == {"status": "ok", "version": "1.2.3"}
    ready = asker.request("GET", "/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["checks"]["record"]["seq"] == services.record.seq()
    asker.ask("{ seq }")
    asker.refused('{ node(id: "artifact:999999") { id } }')
    text = asker.request("GET", "/metrics").text
    assert f"clew_record_seq {float(services.record.seq())}" in text
    assert 'clew_errors_total{code="ARTIFACT_NOT_FOUND"}' in text
    assert 'clew_graphql_operations_total{kind="query",outcome="ok"}' in text
    assert 'clew_http_request_seconds_bucket{le="0.005",path="/graphql"}' in text


def test_a_server_whose_record_does_not_answer_is_not_ready(asker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(self: Record) -> Seq:
        raise StoreUnavailable("the database does not answer", remedy="Start it")

    monkeypatch.setattr(Record, "seq", down)
    response = asker.request("GET", "/readyz")
    assert (response.status_code, response.json()["ready"]) == (503, False)
    assert response.json()["checks"]["record"]["code"] == "STORE_UNAVAILABLE"
    assert asker.request("GET", "/healthz").status_code == 200


def test_a_surprise_is_logged_in_full_and_told_by_its_request_id(
    asker: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Operation, *_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(Operation, "snapshot", broken)
    with caplog.at_level(logging.ERROR):
        response = asker.post("{ seq }", headers={"x-request-id": "req-7"})
    assert response.headers["x-request-id"] == "req-7"
    assert response.json()["errors"][0]["extensions"] == {
        "code": "INTERNAL",
        "remedy": "Look for request req-7 in the server's log",
        "requestId": "req-7",
    }
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert "req-7" in caplog.text
    assert "secret detail" in caplog.text


def test_a_request_id_that_could_forge_a_log_line_is_replaced(asker: Any) -> None:
    given = asker.post("{ seq }", headers={"x-request-id": "a b\tERROR"}).headers["x-request-id"]
    assert given != "a b\tERROR"
    assert len(given) == 16


WRONG = [
    ("GET", "/none", 404), ("PUT", "/graphql", 405), ("POST", "/healthz", 405), ("GET", "/graphiql/../app.py", 404),
    ("GET", "/docs", 404),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status"), WRONG)
def test_wrong_paths_and_methods_are_told_as_json(asker: Any, method: str, path: str, status: int) -> None:
    response = asker.request(method, path)
    assert response.status_code == status
    assert set(response.json()["error"]) >= {"code", "message"}


def test_pages_allow_the_server_itself_only(asker: Any) -> None:
    for path in ("/", "/graphql"):
        response = asker.request("GET", path)
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "http" not in policy
        assert response.headers["x-frame-options"] == "DENY"
        assert "//" not in response.text.replace("<!doctype", "")
