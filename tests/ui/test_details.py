"""The pages of artifacts, executions, contexts and types: tabs by address, exact values, history, what one does."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui.odd import odd_home
from tests.ui.screen import Served, Watched, axe, crowded, settled, shoot

Serve = Callable[..., Served]
Tabs = Callable[..., Watched]
TABS = {
    "artifacts": ("overview", "preview", "lineage", "events", "history", "json"),
    "executions": ("overview", "events", "lineage", "cache", "history", "json"),
    "contexts": ("overview", "executions", "artifacts", "contexts", "history", "json"),
    "types": ("overview", "nodes", "json"),
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("odd")
    ids = odd_home(folder)
    served = Served(folder / "home")
    yield served, ids
    served.stop()


@pytest.fixture
def own(serve: Serve, example_home: Path, tmp_path: Path) -> Served:
    """The example's home, to write into."""
    return serve(Path(shutil.copytree(example_home, tmp_path / "copy")))


def one(served: Served, query: str, **variables: Any) -> str:
    """The number of the first node that a listing answers."""
    (listing,) = served.ask(query, **variables).values()
    return str(listing["nodes"][0]["id"]).split(":")[1]


def numbers(served: Served) -> dict[str, str]:
    """A node of each kind that has something to say."""
    ran = "last_known_state = CACHED AND type = 'system.ContainerExecution'"
    return {
        "artifacts": one(served, "{artifacts(where: \"type = 'system.Model'\", first: 1) {nodes {id}}}"),
        "executions": one(served, "query($w: String) {executions(where: $w, first: 1) {nodes {id}}}", w=ran),
        "contexts": one(served, "{contexts(where: \"type = 'system.PipelineRun'\", first: 1) {nodes {id}}}"),
        "types": one(served, '{types(kind: ARTIFACT, name: "system.Model") {nodes {id}}}'),
    }


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def open_page(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("article h1").wait_for()
    settled(page)


@pytest.mark.parametrize("kind", list(TABS))
def test_every_tab_has_its_address_and_everybody_can_read_it(example: Served, tab: Watched, kind: str) -> None:
    page, number = tab.page, numbers(example)[kind]
    for name in TABS[kind]:
        open_page(page, f"{example.url}/{kind}/{number}?tab={name}")
        expect(page.get_by_role("tab", selected=True)).to_have_count(1)
        shoot(page, f"detail-{kind}-{name}")
        assert axe(page) == [], name
        assert crowded(page) == [], name
    page.get_by_role("tab").first.click()
    expect(page).not_to_have_url(re.compile("tab="))
    page.get_by_role("tab").nth(1).click()
    expect(page).to_have_url(re.compile(f"tab={TABS[kind][1]}"))


@pytest.mark.parametrize(("size", "scheme"), [("phone", "light"), ("phone", "dark"), ("desk", "dark")])
def test_details_fit_every_screen(example: Served, tabs: Tabs, size: str, scheme: str) -> None:
    page = tabs(size=size, scheme=scheme).page
    for kind, number in numbers(example).items():
        open_page(page, f"{example.url}/{kind}/{number}")
        shoot(page, f"detail-{kind}-{size}-{scheme}")
        assert axe(page) == [], kind
        assert crowded(page) == [], kind


@pytest.mark.parametrize("size", ["laptop", "phone"])
def test_hostile_names_run_nothing_and_break_nothing(odd: tuple[Served, dict[str, str]], tabs: Tabs, size: str) -> None:
    served, ids = odd
    page = tabs(size=size).page
    for name in ("hostile", "long", "rtl", "cjk", "sql", "scheme"):
        open_page(page, f"{served.url}/artifacts/{ids[name].split(':')[1]}")
        told = served.ask("query($id: ID!) {node(id: $id) {label}}", id=ids[name])["node"]["label"]
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(re.escape(told[:60])))
        shoot(page, f"detail-{name}-{size}")
        assert crowded(page) == [], name
        assert axe(page) == [], name


def test_a_node_that_is_not_recorded_is_said_to_be_none(example: Served, tab: Watched) -> None:
    for kind in ("artifacts", "executions", "contexts", "types"):
        tab.page.goto(f"{example.url}/{kind}/999999999")
        expect(tab.page.get_by_role("alert")).to_contain_text("_NOT_FOUND")
        expect(tab.page.get_by_role("alert")).not_to_contain_text("`clew ")


def test_values_are_exact_typed_and_copied_to_the_letter(serve: Serve, tabs: Tabs) -> None:
    served = serve()
    values = [
        {"name": "big", "kind": "INT", "value": "9223372036854775807"},
        {"name": "endless", "kind": "DOUBLE", "value": "-Infinity"},
        {"name": "third", "kind": "DOUBLE", "value": 0.3333333333333333},
        {"name": "flag", "kind": "BOOLEAN", "value": False},
        {"name": "nested", "kind": "STRUCT", "value": {"a": [1, {"b": "x"}]}},
    ]
    change = {
        "types": [{"kind": "ARTIFACT", "name": "T"}],
        "artifacts": [{"type": "T", "name": "exact", "customProperties": values}],
    }
    served.ask("mutation($c: ChangeInput!) {record(change: $c) {seq}}", c=change)
    page = tabs(permissions=["clipboard-read", "clipboard-write"]).page
    open_page(page, f"{served.url}/artifacts/1")
    own = part(page, "Properties of its own")
    for text in ("9223372036854775807", "-Infinity", "0.33333", "false"):
        expect(own).to_contain_text(text)
    own.get_by_role("button", name="Copy third").click()
    assert page.evaluate("navigator.clipboard.readText()") == "0.3333333333333333"
    for at in range(3):  # each opens the next
        own.locator("summary").nth(at).click()
    expect(own).to_contain_text('"x"')
    page.get_by_role("button", name="Copy the id").click()
    assert page.evaluate("navigator.clipboard.readText()") == "artifact:1"


def test_history_tells_what_every_change_made_of_a_node(serve: Serve, tab: Watched) -> None:
    served, page = serve(), tab.page
    record = "mutation($c: ChangeInput!) {record(change: $c) {seq}}"
    model = {"type": "T", "name": "m", "state": "PENDING"}
    served.ask(record, c={"types": [{"kind": "ARTIFACT", "name": "T"}], "artifacts": [model]})
    later = {"id": "artifact:1", "state": "LIVE", "customProperties": [{"name": "accuracy", "value": 0.9}]}
    served.ask(record, c={"artifacts": [later]})
    open_page(page, f"{served.url}/artifacts/1?tab=history")
    versions = part(page, "Versions").get_by_role("listitem")
    expect(versions).to_have_count(2)
    newest = versions.first
    expect(newest.get_by_role("row", name="state")).to_contain_text("PENDING")
    expect(newest.get_by_role("row", name="state")).to_contain_text("LIVE")
    expect(newest.get_by_role("row", name="customProperties.accuracy")).to_contain_text("0.9")
    served.ask(record, c={"artifacts": [{"id": "artifact:1", "state": "DELETED"}]})
    expect(versions).to_have_count(3)  # the page follows the record
    newest.get_by_role("link", name=re.compile("^Change ")).click()
    expect(page).to_have_url(re.compile(r"/log\?seq=3"))


def test_lineage_is_counted_and_drawn_and_leads_on(example: Served, tab: Watched) -> None:
    page, number = tab.page, numbers(example)["artifacts"]
    open_page(page, f"{example.url}/artifacts/{number}")
    told = example.ask(
        "query($id: ID!) {lineage(of: [$id], direction: UP, depth: 1, maxNodes: 1) {upstream {artifacts executions}}}",
        id=f"artifact:{number}",
    )["lineage"]["upstream"]
    expect(part(page, "How it was made")).to_contain_text(f"From {told['artifacts']} artifact")
    expect(part(page, "How it was made")).to_contain_text(f"{told['executions']} execution")
    expect(part(page, "Lineage").get_by_text("train").first).to_be_visible()
    page.get_by_role("link", name="Explore", exact=True).first.click()
    expect(page).to_have_url(re.compile(rf"/explorer\?focus=artifact(:|%3A){number}"))


def test_events_tell_how_and_where_an_artifact_was_used(odd: tuple[Served, dict[str, str]], tab: Watched) -> None:
    served, ids = odd
    page = tab.page
    open_page(page, f"{served.url}/artifacts/{ids['table.csv'].split(':')[1]}?tab=events")
    expect(page.get_by_role("row", name=re.compile("Output table.csv .*make"))).to_be_visible()
    page.get_by_role("row", name=re.compile("Input data .*read")).get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/executions/\d+"))
    page.get_by_role("tab", name="Inputs and outputs").click()
    expect(page.get_by_role("row", name=re.compile("Output result .*result"))).to_be_visible()


def test_of_very_many_events_the_first_are_shown_and_that_is_said(serve: Serve, tab: Watched) -> None:
    served = serve()
    types = [{"kind": "ARTIFACT", "name": "Data"}, {"kind": "EXECUTION", "name": "Read"}]
    record = "mutation($change: ChangeInput!) { record(change: $change) { nodes { ref id } } }"
    raw = {"ref": "raw", "type": "Data", "name": "raw.csv", "state": "LIVE"}
    made = served.ask(record, change={"actor": "tests", "types": types, "artifacts": [raw]})["record"]["nodes"]
    for _ in range(2):
        reads = [{"type": "Read", "inputs": [{"artifact": made[0]["id"], "path": ["data"]}]} for _ in range(501)]
        served.ask(record, change={"actor": "tests", "executions": reads})
    open_page(tab.page, f"{served.url}/artifacts/{made[0]['id'].split(':')[1]}?tab=events")
    expect(tab.page.get_by_text("The first 1,000 events")).to_be_visible()
    expect(tab.page.get_by_text("1,000 rows", exact=True)).to_be_visible()


def test_a_context_lists_its_members_and_the_way_to_filter_them(example: Served, tab: Watched) -> None:
    page, number = tab.page, numbers(example)["contexts"]
    total = example.ask(
        "query($id: ID!) {node(id: $id) {... on Context {executions(first: 0) {totalCount}}}}", id=f"context:{number}"
    )["node"]["executions"]["totalCount"]
    open_page(page, f"{example.url}/contexts/{number}")
    page.get_by_role("tab", name=f"Executions {total}").click()
    expect(page.get_by_text(f"{total} rows", exact=True)).to_be_visible()
    page.get_by_role("link", name="Filter them").click()
    expect(page.get_by_role("textbox", name="Filter", exact=True)).to_have_value(f"contexts_c.id = {number}")
    expect(page.get_by_text(f"{total} rows", exact=True)).to_be_visible()


def test_a_decision_of_the_cache_is_explained(example: Served, tab: Watched) -> None:
    page, number = tab.page, numbers(example)["executions"]
    open_page(page, f"{example.url}/executions/{number}")
    told = part(page, "The cache's decision")
    expect(told).to_contain_text("It was reused.")
    expect(told.get_by_role("link")).to_be_visible()
    page.get_by_role("tab", name="Cache").click()
    expect(part(page, "What its fingerprint was made of")).to_contain_text("code")
    page.get_by_role("link", name="Run", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}\?task="))


def test_a_node_is_pinned_with_a_reason_and_let_go_again(own: Served, tab: Watched) -> None:
    page, number = tab.page, numbers(own)["artifacts"]
    open_page(page, f"{own.url}/artifacts/{number}")
    page.get_by_role("button", name="Pin", exact=True).click()
    dialog = page.get_by_role("dialog", name="Pin")
    dialog.get_by_role("textbox").fill("it is in production")
    assert axe(page) == []
    dialog.get_by_role("button", name="Pin", exact=True).click()
    expect(page.get_by_role("button", name="Unpin")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Unpin").click()
    expect(page.get_by_role("button", name="Pin", exact=True)).to_be_visible()


def test_a_result_is_taken_out_of_the_cache_with_a_reason(own: Served, tab: Watched) -> None:
    page = tab.page
    ran = "last_known_state = COMPLETE AND type = 'system.ContainerExecution'"
    number = one(own, "query($w: String) {executions(where: $w, first: 1) {nodes {id}}}", w=ran)
    open_page(page, f"{own.url}/executions/{number}")
    page.get_by_role("button", name="Invalidate").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("its data was wrong")
    page.get_by_role("dialog").get_by_role("checkbox").check()
    page.get_by_role("dialog").get_by_role("button", name="Invalidate").click()
    expect(page.get_by_text(re.compile("will not be reused again"))).to_be_visible()
    entries = own.ask("{cache {entries(first: 100) {nodes {state why execution {id}}}}}")["cache"]["entries"]["nodes"]
    (entry,) = [entry for entry in entries if entry["execution"]["id"] == f"execution:{number}"]
    assert (entry["state"], entry["why"]) == ("invalidated", "its data was wrong")
