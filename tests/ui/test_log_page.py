"""The change log: what was recorded, by whom, newest first; what comes meanwhile moves no row."""

from __future__ import annotations

import csv
import hashlib  # noqa: TID251 (checks the digest as anybody would)
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from clew.metadata.record import Record
from clew.metadata.store.sqlite import connect
from tests.ui.screen import Served, Watched, axe, crowded, settled, shoot

Serve = Callable[..., Served]
Tabs = Callable[..., Watched]

RECORD = "mutation($change: ChangeInput!) { record(change: $change) { seq ids } }"
ROW = '[aria-label="Changes"] [role="row"]'
HOSTILE = ["<img src=x onerror=alert(1)>", "ق" * 400 + "\u202e" + "abc", "長い名前" * 160]


def record(served: Served, name: str, actor: str = "ann", kind: str = "artifacts", **more: Any) -> int:
    """Record one node; the seq of the change."""
    types = {"artifacts": "system.Model", "executions": "mlmd.Train", "contexts": "system.Pipeline"}
    node = {"type": types[kind], "name": name, **more}
    change = {"actor": actor, kind: [node]}
    return int(served.ask(RECORD, change=change)["record"]["seq"])


def types(served: Served) -> None:
    """The types that nodes of these tests are of."""
    kinds = {"ARTIFACT": "system.Model", "EXECUTION": "mlmd.Train", "CONTEXT": "system.Pipeline"}
    for kind, name in kinds.items():
        served.ask(
            "mutation($type: TypeInput!) { registerType(type: $type) { seq } }", type={"kind": kind, "name": name}
        )


def shown(page: Page) -> list[int]:
    """The changes whose rows are drawn."""
    return [int(text) for text in page.locator(f"{ROW} a[aria-label^='Change ']").all_inner_texts()]


def shows(page: Page, *seqs: int) -> None:
    """Wait until the rows of exactly these changes are drawn."""
    expect(page.locator(f"{ROW} a[aria-label^='Change ']")).to_have_text([str(seq) for seq in seqs])


def test_a_change_of_very_many_effects_is_legible_and_shows_more(serve: Serve, page: Page) -> None:
    served = serve()
    types(served)
    many = [{"type": "system.Model", "name": f"m{number}"} for number in range(300)]
    seq = served.ask(RECORD, change={"actor": "ann", "artifacts": many})["record"]["seq"]
    page.goto(f"{served.url}/log?seq={seq}")
    more = page.get_by_role("button", name=re.compile("^Show more"))
    more.wait_for()
    assert crowded(page) == []
    page.get_by_text("As stored", exact=True).click()
    page.get_by_text("Effects 300", exact=True).click()
    more.click()
    expect(page.get_by_role("link", name="m299")).to_be_visible()
    assert crowded(page) == []


@pytest.fixture
def served(serve: Serve) -> Served:
    started = serve()
    types(started)
    return started


def test_an_empty_log_says_what_will_stand_there(serve: Serve, tab: Watched) -> None:
    tab.page.goto(f"{serve().url}/log")
    expect(tab.page.get_by_role("heading", name="Nothing has been recorded yet")).to_be_visible()
    assert axe(tab.page) == []


def test_a_change_is_opened_in_words_and_as_stored_and_its_digest_holds(served: Served, tab: Watched) -> None:
    seq = record(served, "forest", state="LIVE", sizeBytes=1500)
    page = tab.page
    page.goto(f"{served.url}/log")
    page.get_by_role("link", name=f"Change {seq}", exact=True).click()
    panel = page.get_by_role("complementary", name=f"Change {seq}")
    expect(panel).to_contain_text("Created")
    expect(panel).to_contain_text("1.5 KB")
    page.reload()  # the address says which change is open
    panel.get_by_text("As stored").click()
    stored = panel.locator("pre").inner_text()
    told = served.ask(
        "query($a: String) { changes(after: $a, first: 1) { nodes { seq timeMs actor namespace digest log } } }",
        a=str(seq - 1),
    )["changes"]["nodes"][0]
    assert stored == told["log"]
    head = json.dumps([told["seq"], told["timeMs"], told["actor"], told["namespace"]], separators=(",", ":"))
    digest = f"sha256:{hashlib.sha256(head.encode() + stored.encode()).hexdigest()}"
    expect(panel).to_contain_text(digest)


def test_what_comes_meanwhile_waits_behind_a_pill(served: Served, tab: Watched) -> None:
    first = record(served, "one")
    page = tab.page
    page.goto(f"{served.url}/log")
    settled(page)
    assert shown(page)[0] == first
    record(served, "two")
    last = record(served, "three")
    pill = page.get_by_role("button", name="2 new changes")
    expect(pill).to_be_visible()
    assert shown(page)[0] == first
    pill.click()
    expect(page.get_by_role("link", name=f"Change {last}", exact=True)).to_be_visible()
    expect(pill).to_have_count(0)
    page.get_by_role("button", name="Pause").click()
    record(served, "four")
    page.wait_for_timeout(1500)
    expect(page.locator("[data-fresh]")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="1 new change")).to_be_visible()


def test_the_log_is_narrowed_by_who_what_and_which_and_stays_live(served: Served, tab: Watched) -> None:
    mine = record(served, "a", actor="ann")
    his = record(served, "b", actor="bob")
    run = record(served, "c", actor="bob", kind="executions")
    page = tab.page
    page.goto(f"{served.url}/log")
    page.get_by_label("Actor").fill("bob")
    page.keyboard.press("Enter")
    shows(page, run, his)
    page.get_by_text("Executions", exact=True).last.click()
    shows(page, run)
    record(served, "d", actor="ann")
    again = record(served, "e", actor="bob", kind="executions")
    page.get_by_role("button", name="1 new change").click()
    expect(page.get_by_role("link", name=f"Change {again}", exact=True)).to_be_visible()
    page.reload()
    shows(page, again, run)
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_role("link", name=f"Change {mine}", exact=True)).to_be_visible()
    page.get_by_label("Touching").fill("nonsense")
    page.keyboard.press("Enter")
    expect(page.get_by_text("An id: artifact:42")).to_be_visible()
    page.get_by_label("Touching").fill("artifact:1")
    page.keyboard.press("Enter")
    shows(page, mine)


def test_the_keyboard_walks_the_log(served: Served, tab: Watched) -> None:
    seqs = [record(served, name) for name in ("one", "two", "three")]
    page = tab.page
    page.goto(f"{served.url}/log")
    settled(page)
    page.keyboard.press("j")
    page.wait_for_url(f"**seq={seqs[2]}*")
    page.keyboard.press("j")
    page.wait_for_url(f"**seq={seqs[1]}*")
    page.keyboard.press("k")
    page.wait_for_url(f"**seq={seqs[2]}*")
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary", name="Change")).to_have_count(0)


def test_names_are_text_whatever_they_hold(served: Served, tab: Watched) -> None:
    for name in HOSTILE:
        own = [{"name": "display_name", "value": name * 20}]
        last = record(served, name, actor=name[:200], namespace=HOSTILE[0], customProperties=own)
    page = tab.page
    page.goto(f"{served.url}/log?seq={last - 2}")
    settled(page)
    expect(page.get_by_role("complementary").get_by_role("link", name=HOSTILE[0])).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    assert crowded(page) == []


def test_all_that_is_listed_is_exported(served: Served, tab: Watched) -> None:
    seqs = [record(served, f"m{n}", actor="zoe") for n in range(3)]
    page = tab.page
    page.goto(f"{served.url}/log?actor=zoe")
    settled(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as found:
        page.get_by_role("menuitem", name="CSV").click()
    rows = list(csv.DictReader(Path(found.value.path()).read_text().splitlines()))
    assert [int(row["seq"]) for row in rows] == seqs[::-1]
    assert all(row["digest"].startswith("sha256:") and json.loads(row["log"]) for row in rows)


def test_a_hundred_thousand_changes_are_scrolled_from_end_to_end(tmp_path: Path, serve: Serve, tab: Watched) -> None:
    home, many = tmp_path / "many", 100_000
    Record.open(home).close()
    with connect(home / "record.db") as connection:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO change(seq, time_ms, actor, namespace, ops, digest) VALUES(?, ?, 'ann', 'default', ?, ?)",
            ((seq, seq, f'[["c",{seq},9,"default","c{seq}"]]'.encode(), bytes(32)) for seq in range(1, many + 1)),
        )
        connection.execute("UPDATE head SET seq = ?", (many,))
        connection.execute("COMMIT")
    page = tab.page
    page.goto(f"{serve(home).url}/log")
    settled(page)
    assert shown(page)[0] == many
    page.get_by_role("table", name="Changes").evaluate("(table) => { table.scrollTop = table.scrollHeight }")
    expect(page.get_by_role("link", name="Change 1", exact=True)).to_be_visible()
    page.goto(f"{page.url}?seq=40321")
    expect(page.get_by_role("complementary", name="Change 40321")).to_contain_text("c40321")
    expect(page.locator(f"{ROW}[data-open]")).to_contain_text("c40321")


@pytest.mark.parametrize("size", ["laptop", "desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_log_is_legible_and_open_to_all(example: Served, tabs: Tabs, size: str, scheme: str) -> None:
    page = tabs(size=size, scheme=scheme).page
    for name, path in (("log", "/log"), ("log-change", "/log?seq=4")):
        page.goto(example.url + path)
        settled(page)
        shoot(page, f"{name}-{size}-{scheme}")
        assert axe(page) == []
        assert crowded(page) == []
