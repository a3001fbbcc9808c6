"""Many operations at once: nobody holds up another, and a server with too much to do says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from clew.api.graphql.operation import Operation, Snapshot
from clew.api.service import Services
from clew.api.settings import Limits

SEQ = {"query": "{ seq }"}


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Makes every operation take so many seconds in its thread."""
    snapshot = Operation.snapshot

    def make(seconds: float) -> None:
        def slowly(self: Operation, *arguments: Any) -> Snapshot:
            time.sleep(seconds)
            return snapshot(self, *arguments)

        monkeypatch.setattr(Operation, "snapshot", slowly)

    return make


def _at_once(asker: Any, bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    async def run() -> list[httpx.Response]:
        answers: list[httpx.Response] = await asyncio.gather(
            *(asker.client.post("/graphql", json=body) for body in bodies)
        )
        return answers

    answers: list[httpx.Response] = asker.runner.run(run())
    return answers


def test_a_slow_operation_holds_up_nobody(asker: Any, slow: Callable[[float], None]) -> None:
    slow(1.0)

    async def run() -> tuple[float, int]:
        began = time.perf_counter()
        query = asyncio.create_task(asker.client.post("/graphql", json=SEQ))
        await asyncio.sleep(0.1)
        assert (await asker.client.get("/healthz")).status_code == 200
        health_s = time.perf_counter() - began
        return health_s, (await query).status_code

    health_s, status = asker.runner.run(run())
    assert health_s < 0.9
    assert status == 200


def test_writers_at_once_each_get_a_place_in_the_log(asker: Any, services: Services) -> None:
    record = """mutation($n: String!) { record(change: {
        types: [{kind: CONTEXT, name: "Busy"}], contexts: [{type: "Busy", name: $n}]}) { seq } }"""
    before = int(services.record.seq())
    answers = _at_once(asker, [{"query": record, "variables": {"n": f"busy {n}"}} for n in range(40)])
    seqs = sorted(answer.json()["data"]["record"]["seq"] for answer in answers)
    assert seqs == list(range(before + 1, before + 41))


def test_a_client_is_told_when_time_is_over_though_the_thread_is_busy(
    asker_with: Any, slow: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clew.api.graphql.http.GRACE_S", 0.05)
    slow(1.0)
    asker = asker_with(limits=Limits(time_s=0.1))
    began = time.perf_counter()
    response = asker.post("{ seq }")
    assert time.perf_counter() - began < 0.9
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (504, "TIMED_OUT")


def test_a_server_with_too_much_to_do_says_so(asker_with: Any, slow: Callable[[float], None]) -> None:
    slow(0.05)
    answers = _at_once(asker_with(threads=1), [SEQ] * 20)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 503}
    refused = next(answer for answer in answers if answer.status_code == 503).json()["errors"][0]
    assert refused["extensions"]["code"] == "UNAVAILABLE"
    assert "data" in answers[statuses.index(200)].json()
