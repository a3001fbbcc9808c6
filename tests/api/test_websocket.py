"""Subscriptions over a real WebSocket by graphql-transport-ws: no gap, no repeat, also across processes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.typing import Subprotocol

from clew.api.app import create_app
from clew.api.service import Services
from clew.api.settings import ApiSettings, Limits
from clew.metadata.change import Receipt

Step = Callable[..., Receipt]
PROTOCOL = Subprotocol("graphql-transport-ws")
SUBSCRIBE = '{"type": "subscribe", "id": "1", "payload": {"query": "subscription { changes { seq } }"}}'
CHANGES = "subscription($after: String) { changes(after: $after) { seq touched } }"


class Line:
    """One connection that speaks the protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self, timeout_s: float = 20) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), timeout_s))
        return message

    async def begin(self, payload: dict[str, Any] | None = None) -> None:
        await self.say(type="connection_init", payload=payload or {})
        assert await self.hear() == {"type": "connection_ack"}

    async def ask(self, id: str, query: str, **variables: Any) -> None:
        await self.say(id=id, type="subscribe", payload={"query": query, "variables": variables})

    async def closed(self) -> int:
        with pytest.raises(websockets.ConnectionClosed) as info:
            await self.hear()
        assert info.value.rcvd is not None
        return info.value.rcvd.code


def talk(url: str, act: Callable[[Line], Awaitable[None]], protocol: str | None = PROTOCOL, **options: Any) -> None:
    """Open a connection and act on it."""

    async def run() -> None:
        subprotocols = [Subprotocol(protocol)] if protocol else None
        address = url.replace("http", "ws") + "/graphql"
        async with websockets.connect(address, subprotocols=subprotocols, **options) as socket:
            await act(Line(socket))

    asyncio.run(run())


def test_changes_arrive_as_they_are_committed(served: str, services: Services, step: Step) -> None:
    async def act(line: Line) -> None:
        await line.begin()
        await line.ask("1", CHANGES)
        await asyncio.sleep(0.3)
        receipt = await asyncio.to_thread(step, "live", [], 1)
        message = await line.hear()
        assert (message["id"], message["type"]) == ("1", "next")
        change = message["payload"]["data"]["changes"]
        assert change["seq"] == receipt.seq
        assert f"artifact:{receipt.node_ids[-1]}" in change["touched"]
        await line.say(id="1", type="complete")
        await asyncio.to_thread(step, "unheard", [], 1)
        await line.say(type="ping")
        assert await line.hear() == {"type": "pong"}

    talk(served, act)


def test_the_pulse_tells_the_newest_change_at_its_own_pace(served: str, services: Services, step: Step) -> None:
    async def act(line: Line) -> None:
        await line.begin()
        await line.ask("1", "subscription { seq(everyMs: 300) }")
        first = (await line.hear())["payload"]["data"]["seq"]
        assert first == services.record.seq()
        for number in range(5):
            last = await asyncio.to_thread(step, f"pulse{number}", [], 1)
        told = [(await line.hear())["payload"]["data"]["seq"]]
        while told[-1] < last.seq:
            told.append((await line.hear())["payload"]["data"]["seq"])
        assert len(told) < 5
        assert told == sorted(told)
        await line.ask("2", "subscription { seq(everyMs: 1) }")
        refused = await line.hear()
        assert refused["payload"][0]["extensions"]["field"] == "everyMs", refused

    talk(served, act)


def test_a_listener_resumes_behind_what_it_saw_without_gap_or_repeat(
    served: str, services: Services, step: Step
) -> None:
    start = int(services.record.seq())
    for number in range(40):
        step(f"resumed-{number}", [], 0)
    last = int(services.record.seq())
    heard: list[int] = []

    def until(stop: int) -> Callable[[Line], Awaitable[None]]:
        async def act(line: Line) -> None:
            await line.begin()
            await line.ask("1", CHANGES, after=str(heard[-1] if heard else start))
            while not heard or heard[-1] < stop:
                heard.append((await line.hear())["payload"]["data"]["changes"]["seq"])

        return act

    talk(served, until(start + 17), close_timeout=0.5)  # it hangs up with changes unread
    talk(served, until(last))
    assert heard == list(range(start + 1, last + 1))


def test_a_connection_that_ends_leaves_nothing_running(server: Any, services: Services) -> None:
    url = server(create_app(services))

    async def act(line: Line) -> None:
        await line.begin()
        for id in "abc":
            await line.ask(id, CHANGES)
        while "clew_graphql_subscriptions 3.0" not in await asyncio.to_thread(_metrics, url):
            await asyncio.sleep(0.02)

    talk(url, act)
    deadline = time.monotonic() + 10
    while "clew_graphql_subscriptions 0.0" not in _metrics(url):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _metrics(url: str) -> str:
    return httpx.get(f"{url}/metrics").text


def test_changes_of_another_process_are_heard(served: str, home: Path) -> None:
    code = f"""
from clew.metadata.change import Change
from clew.metadata.node import NodeType
from clew.metadata.ids import Kind
from clew.metadata.record import Record
record = Record.open({str(home)!r})
change = Change(actor="another process")
change.context(change.type(NodeType(Kind.CONTEXT, "Other")), name="from afar")
record.commit(change)
record.close()
"""

    async def act(line: Line) -> None:
        await line.begin()
        await line.ask("1", "subscription { changes { actor } }")
        await asyncio.sleep(0.3)
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], check=True)
        assert (await line.hear())["payload"]["data"]["changes"] == {"actor": "another process"}

    talk(served, act)


def test_queries_and_mutations_are_answered_too(served: str) -> None:
    async def act(line: Line) -> None:
        await line.begin()
        await line.ask("q", "{ __typename }")
        assert await line.hear() == {"id": "q", "type": "next", "payload": {"data": {"__typename": "Query"}}}
        assert await line.hear() == {"id": "q", "type": "complete"}
        await line.ask("m", 'mutation { registerType(type: {kind: CONTEXT, name: "Wired"}) { types { name } } }')
        message = await line.hear()
        assert message["payload"]["data"]["registerType"]["types"] == [{"name": "Wired"}]

    talk(served, act)


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("subscription { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", {}, "GRAPHQL_PARSE_FAILED"),
        (CHANGES, {"after": "x"}, "INVALID_CURSOR"),
        (CHANGES, {"after": 1.5}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ node(id: 1, x: 2) { id } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_a_bad_operation_is_one_error_and_the_connection_lives(
    served: str, query: str, variables: dict[str, Any], code: str
) -> None:
    async def act(line: Line) -> None:
        await line.begin()
        await line.ask("1", query, **variables)
        message = await line.hear()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert errors[0]["extensions"]["code"] == code
        await line.say(type="ping")
        while (await line.hear())["type"] != "pong":
            pass

    talk(served, act)


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["{"], 4400),
        (["[]"], 4400),
        (['{"type": "mystery"}'], 4400),
        ([b"\x00"], 4400),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{ seq }"}}'], 4401),
        (['{"type": "connection_init"}', '{"type": "connection_init"}'], 4429),
        (['{"type": "connection_init"}', '{"type": "subscribe", "payload": {"query": "{ seq }"}}'], 4400),
        (['{"type": "connection_init"}', SUBSCRIBE, SUBSCRIBE], 4409),
    ],
)  # fmt: skip
def test_a_breach_of_protocol_closes_with_its_code(served: str, messages: list[str | bytes], code: int) -> None:
    async def act(line: Line) -> None:
        for message in messages:
            await line.socket.send(message)
        await asyncio.wait_for(line.socket.wait_closed(), 20)
        assert line.socket.close_code == code

    talk(served, act)


@pytest.mark.parametrize("protocol", ["graphql-ws", None])
def test_no_other_protocol_is_spoken(served: str, protocol: str | None) -> None:
    async def act(line: Line) -> None:
        assert await line.closed() == 4406

    talk(served, act, protocol)


def test_pages_of_other_origins_may_not_connect(served: str) -> None:
    async def act(line: Line) -> None:
        raise AssertionError("connected")

    with pytest.raises(websockets.InvalidStatus) as info:
        talk(served, act, origin="http://evil.example")
    assert info.value.response.status_code == 403


@pytest.fixture
def guarded(services: Services, server: Any) -> str:
    """A server with a token that allows two subscriptions a connection."""
    url: str = server(create_app(services, ApiSettings(token="s3cret", limits=Limits(subscriptions=2))))
    return url


def test_a_token_comes_with_the_first_message_or_the_handshake(guarded: str) -> None:
    async def right(line: Line) -> None:
        await line.begin({"Authorization": "Bearer s3cret"})

    async def by_header(line: Line) -> None:
        await line.begin()

    async def wrong(line: Line) -> None:
        await line.say(type="connection_init", payload={"Authorization": "Bearer no"})
        assert await line.closed() == 4403

    talk(guarded, right)
    talk(guarded, by_header, additional_headers={"Authorization": "Bearer s3cret"})
    talk(guarded, wrong)


def test_subscriptions_on_one_connection_are_limited(guarded: str) -> None:
    async def act(line: Line) -> None:
        await line.begin({"Authorization": "Bearer s3cret"})
        for id in ("1", "2", "3"):
            await line.ask(id, CHANGES)
        message = await line.hear()
        assert (message["id"], message["type"]) == ("3", "error")
        assert message["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"

    talk(guarded, act)
