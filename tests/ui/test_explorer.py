"""The explorer: the lineage around a node, from its neighbours on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.ui.screen import Served, Watched, axe, crowded, settled, shoot
from tests.ui.woven import HARM, weave

Tabs = Callable[..., Watched]


class Woven:
    """The woven record, served."""

    def __init__(self, folder: Path) -> None:
        self.served = Served(folder)
        self.ids = weave(self.served)

    def at(self, focus: str, **search: str) -> str:
        """The address of the explorer at a node."""
        more = "".join(f"&{name}={value}" for name, value in search.items())
        return f"{self.served.url}/explorer?focus={self.ids[focus]}{more}"


@pytest.fixture(scope="module")
def woven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Woven]:
    made = Woven(tmp_path_factory.mktemp("woven") / "home")
    yield made
    made.served.stop()


def opened(page: Page, url: str) -> None:
    page.goto(url)
    page.locator(".react-flow__node").first.wait_for()
    settled(page)


def cards(page: Page) -> list[str]:
    ids = page.locator(".react-flow__node").evaluate_all("nodes => nodes.map((node) => node.dataset.id).sort()")
    return list(ids)


def card(page: Page, id_: str) -> Locator:
    return page.locator(f'.react-flow__node[data-id="{id_}"]')


def asked(page: Page) -> list[Request]:
    """Questions asked from now on."""
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request) if request.url.endswith("/graphql") else None)
    return seen


def test_it_starts_with_the_neighbours_and_says_of_how_many_in_one_question(woven: Woven, page: Page) -> None:
    questions = asked(page)
    opened(page, woven.at("best"))
    ids = woven.ids
    assert cards(page) == sorted([ids["best"], ids["select-1"], ids["evaluate"]])
    expect(page.get_by_text("1 of 45 upstream")).to_be_visible()
    assert len([one for one in questions if "Explorer" in (one.post_data or "")]) == 1


def test_a_node_with_many_neighbours_starts_with_sixty_and_shows_the_next_twenty(woven: Woven, page: Page) -> None:
    opened(page, woven.at("hub"))
    expect(page.get_by_text("59 of 130 downstream")).to_be_visible()
    expect(page.get_by_text("the nearest 60 of 131")).to_be_visible()
    questions = asked(page)
    page.get_by_role("button", name="Show 20 of 71 more downstream").click()
    expect(page.get_by_text("79 of 130 downstream")).to_be_visible()
    expect(page.get_by_text("79 × Read")).to_be_visible()
    assert len(questions) == 1


def test_expanding_moves_nothing_and_contracting_and_undo_take_it_back(woven: Woven, page: Page) -> None:
    opened(page, woven.at("best"))
    places = "nodes => Object.fromEntries(nodes.map((node) => [node.dataset.id, node.style.transform.split(',')[1]]))"
    before = page.locator(".react-flow__node").evaluate_all(places)
    card(page, woven.ids["evaluate"]).get_by_label("Show 4 of 4 more downstream").click()
    card(page, woven.ids["harm"]).wait_for()
    after = page.locator(".react-flow__node").evaluate_all(places)
    assert {id_: after[id_] for id_ in before} == before
    assert len(after) == 7
    card(page, woven.ids["evaluate"]).get_by_label("Take away what is downstream").click()
    expect(page.locator(".react-flow__node")).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".react-flow__node")).to_have_count(7)
    page.keyboard.press("Control+z")
    expect(page.locator(".react-flow__node")).to_have_count(3)
    page.get_by_role("button", name="Redo").click()
    expect(page.locator(".react-flow__node")).to_have_count(7)


def test_a_link_reproduces_the_screen(woven: Woven, page: Page, tabs: Tabs) -> None:
    opened(page, woven.at("clean", hops="2"))
    page.locator("[data-cluster]").last.click()
    page.get_by_role("button", name="Draw each").click()
    expect(page.locator(".react-flow__node")).to_have_count(47 - 19 + 19 - 19 + 19)
    page.keyboard.press("o")
    settled(page)
    shown, url = cards(page), page.url
    other = tabs().page
    opened(other, url)
    expect(other.locator(".react-flow__node")).to_have_count(len(shown))
    assert cards(other) == shown
    expect(other.locator('[data-orientation="TB"]')).to_be_visible()
    expect(other.get_by_label("Details").get_by_role("heading", name="model 1")).to_be_visible()


def scene(page: Page) -> dict[str, object]:
    """What is on the screen, but for how long an answer took."""
    settled(page)
    page.wait_for_timeout(1500)  # cards in view are told after the drawing has been fitted
    places = """nodes => {
        const at = nodes.map((node) => [node.dataset.id, ...node.style.transform.match(/-?[\\d.]+/g).map(Number)]);
        const left = Math.min(...at.map((one) => one[1])), top = Math.min(...at.map((one) => one[2]));
        return Object.fromEntries(at.map(([id, x, y]) => [id, [x - left, y - top]]));
    }"""
    marks = "nodes => nodes.map((one) => `${one.closest('.react-flow__node')?.dataset.id} ${one.dataset.mark}`).sort()"
    return {
        "cards": page.locator(".react-flow__node").evaluate_all(places),
        "marks": page.locator("[data-mark]").evaluate_all(marks),
        "words": re.sub(r"[\d.,]+ ?ms|\d+ s ago|just now", "", page.locator("#page").inner_text()),
    }


@pytest.mark.parametrize(
    "search",
    [
        {"hops": "5", "path": "{best}~{raw}"},
        {"hops": "5", "kinds": '["ARTIFACT"]'},
        {"hops": "5", "states": '["FAILED"]', "types": '["Train"]'},
        {"hops": "5", "since": "0"},
        {"diff": "{second}"},
        {"hops": "3", "lock": "1", "sel": "{harm}", "dir": "TB"},
        {"hops": "5", "single": "1", "sel": "{raw}"},
        {"hops": "5", "mode": "table"},
    ],
    ids=lambda search: "-".join(search),
)
def test_every_state_is_the_same_after_a_reload(woven: Woven, page: Page, search: dict[str, str]) -> None:
    given = {name: re.sub(r"\{(\w+)\}", lambda found: woven.ids[found[1]], value) for name, value in search.items()}
    page.goto(woven.at("best", **given))
    page.locator(".react-flow__node, [role=tree], [role=treegrid], [role=grid], [role=table], table").first.wait_for()
    before, address = scene(page), page.url
    page.reload()
    page.locator(".react-flow__node, [role=tree], [role=treegrid], [role=grid], [role=table], table").first.wait_for()
    assert scene(page) == before
    assert page.url == address


def test_a_link_with_a_chosen_node_begins_where_it_is(woven: Woven, page: Page) -> None:
    opened(page, woven.at("best", hops="5", single="1", sel=woven.ids["clean"]))
    expect(card(page, woven.ids["clean"])).to_be_in_viewport()
    details = page.get_by_role("complementary", name="Details")
    box, panel = card(page, woven.ids["clean"]).bounding_box(), details.bounding_box()
    assert box
    assert panel
    assert box["x"] + box["width"] <= panel["x"]


def test_siblings_are_one_with_a_histogram_and_a_table(woven: Woven, page: Page) -> None:
    opened(page, woven.at("clean", hops="2"))
    expect(page.get_by_text("20 × Train")).to_be_visible()
    page.get_by_text("20 × Model").click()
    details = page.get_by_role("complementary", name="Details")
    details.get_by_role("combobox", name="How this number is spread").click()
    page.get_by_role("option", name="accuracy").click()
    expect(details.get_by_role("img", name=re.compile("accuracy"))).to_be_visible()
    assert "metric=accuracy" in page.url
    details.get_by_role("button", name="model 17", exact=True).click()
    expect(details.get_by_role("heading", name="model 17")).to_be_visible()
    shoot(page, "explorer-siblings")


def test_the_ways_between_two_nodes_are_found_and_shown(woven: Woven, page: Page) -> None:
    opened(page, woven.at("second"))
    card(page, woven.ids["second"]).click()
    page.keyboard.press("p")
    expect(page.get_by_text("Choose the node to find the way to")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("raw.csv")
    page.get_by_role("option", name="raw.csv").click()
    expect(page.get_by_text("1 way of 4 hops")).to_be_visible()
    expect(card(page, woven.ids["raw"])).to_be_visible()
    assert set(cards(page)) == {woven.ids[name] for name in ("raw", "clean-2", "clean2", "train-2", "second")}


def test_what_is_far_away_is_dimmed_and_told(woven: Woven, page: Page) -> None:
    opened(page, woven.at("evaluate", hops="2"))
    card(page, woven.ids["harm"]).click()
    page.keyboard.press("l")
    expect(page.get_by_text("3 dimmed")).to_be_visible()
    expect(card(page, woven.ids["arabic"])).to_have_css("filter", "grayscale(1)")
    assert axe(page) == []  # what steps back is still legible
    page.get_by_role("button", name="Show all").click()
    expect(card(page, woven.ids["arabic"])).to_have_css("filter", "none")


def test_what_filters_hide_leaves_dashed_lines(woven: Woven, page: Page) -> None:
    opened(page, woven.at("best", hops="5"))
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name="Kind").click()
    page.get_by_role("option", name=re.compile("Artifact")).click()
    expect(page.get_by_text("23 hidden by filters")).to_be_visible()
    expect(page.get_by_role("button", name="via 1 hidden").first).to_be_visible()
    page.keyboard.press("Escape")
    shoot(page, "explorer-filtered")
    page.get_by_role("button", name="via 1 hidden").first.click()
    expect(page.get_by_text("hidden by filters")).to_have_count(0)


def test_the_record_as_it_was_and_what_came_since(woven: Woven, page: Page) -> None:
    then = woven.served.ask("query($id: ID!) { node(id: $id) { createdMs } }", id=woven.ids["best"])["node"][
        "createdMs"
    ]
    opened(page, woven.at("best", hops="5", at=str(then)))
    expect(card(page, woven.ids["best"])).to_be_visible()
    expect(card(page, woven.ids["evaluate"])).to_have_count(0)
    opened(page, woven.at("best", hops="2", since=str(then)))
    expect(card(page, woven.ids["evaluate"]).locator('[data-mark="added"]')).to_be_visible()
    expect(card(page, woven.ids["best"]).locator('[data-mark="added"]')).to_have_count(0)
    shoot(page, "explorer-since")
    page.get_by_role("button", name="Play what happened").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play what happened")).to_be_visible(timeout=20_000)
    expect(card(page, woven.ids["evaluate"])).to_be_visible()


def test_two_lineages_lie_over_each_other(woven: Woven, page: Page) -> None:
    opened(page, woven.at("best", hops="2"))
    page.goto(woven.at("best", diff=woven.ids["second"]))
    expect(page.get_by_text("44 only here")).to_be_visible()
    expect(card(page, woven.ids["second"]).locator('[data-mark="b"]')).to_be_visible()
    expect(card(page, woven.ids["raw"]).locator("[data-mark]")).to_have_count(0)
    expect(
        page.get_by_role("complementary", name="Details").get_by_role("row", name="accuracy 0.97 0.98")
    ).to_be_visible()
    shoot(page, "explorer-diff")


def test_the_keyboard_walks_expands_and_opens(woven: Woven, page: Page) -> None:
    ids = woven.ids
    opened(page, woven.at("best"))
    page.get_by_role("group", name="Lineage graph").focus()
    page.keyboard.press("ArrowRight")
    expect(card(page, ids["select-1"]).get_by_role("group")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(card(page, ids["evaluate"]).get_by_role("group")).to_be_focused()
    page.keyboard.press("e")
    card(page, ids["chinese"]).wait_for()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    expect(page.locator('[data-selected] [dir="auto"]')).not_to_have_text("evaluate")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Expand upstream")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="evaluate", exact=True)).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.press("Escape")
    page.get_by_role("group", name="Lineage graph").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(executions|artifacts)/\d+"))


def test_the_whole_lineage_is_drawn_as_dots(woven: Woven, tab: Watched) -> None:
    page = tab.page
    page.goto(woven.at("best", mode="whole"))
    expect(page.get_by_text("51 of 51 nodes")).to_be_visible()
    expect(page.locator("[data-renderer=webgl] canvas").first).to_be_visible()
    page.wait_for_timeout(400)
    shoot(page, "explorer-whole")
    tab.complaints = [words for words in tab.complaints if "GL Driver Message" not in words]  # of the software renderer


def test_without_webgl_a_plain_canvas_draws_the_dots(woven: Woven, page: Page) -> None:
    page.add_init_script(
        """const get = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
            return kind === "webgl2" ? null : get.call(this, kind, ...more);
        };"""
    )
    page.goto(woven.at("best", mode="whole"))
    expect(page.get_by_text("51 of 51 nodes")).to_be_visible()
    canvas = page.locator("[data-renderer=canvas] canvas").first
    expect(canvas).to_be_visible()
    drawn = "node => node.getContext('2d').getImageData(0, 0, node.width, node.height).data.some((value) => value > 0)"
    page.wait_for_function(drawn, arg=canvas.element_handle())


def test_it_can_be_taken_along(woven: Woven, page: Page, tmp_path: Path) -> None:
    opened(page, woven.at("evaluate", hops="2"))
    for label, ending in (
        ("JSON", "json"),
        ("Mermaid", "mmd"),
        ("Drawing (SVG)", "svg"),
        ("Picture (PNG)", "png"),
        ("Table (CSV)", "csv"),
    ):
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=label).click()
        assert download.value.suggested_filename == f"lineage-{woven.ids['evaluate'].replace(':', '-')}.{ending}"
        download.value.save_as(tmp_path / ending)
    told = json.loads((tmp_path / "json").read_text())
    assert (len(told["nodes"]), len(told["edges"])) == (7, 6)
    assert "<img" not in (tmp_path / "svg").read_text()
    assert (tmp_path / "png").read_bytes().startswith(b"\x89PNG")
    assert "-->" in (tmp_path / "mmd").read_text()


def test_a_question_can_be_given_up(woven: Woven, tab: Watched) -> None:
    page = tab.page
    opened(page, woven.at("hub"))
    page.route("**/graphql", lambda route: None)  # an answer that never comes
    page.get_by_role("button", name="Show 20 of 71 more downstream").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Given up.")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Show 20 of 71 more downstream").click()
    expect(page.get_by_text("79 of 130 downstream")).to_be_visible()


def test_the_panel_shifts_nothing_and_takes_another_width(woven: Woven, page: Page) -> None:
    opened(page, woven.at("best"))
    before = page.get_by_role("group", name="Lineage graph").bounding_box()
    card(page, woven.ids["best"]).click()
    details = page.get_by_role("complementary", name="Details")
    for tab in ("In and out", "Properties", "Events", "History", "Summary"):
        details.get_by_role("tab", name=tab).click()
        settled(page)
    assert page.get_by_role("group", name="Lineage graph").bounding_box() == before
    details.get_by_role("separator").focus()
    width = details.bounding_box()
    page.keyboard.press("ArrowLeft")
    assert width
    expect(details).to_have_css("width", f"{width['width'] + 24:g}px")


def test_without_a_focus_it_offers_where_to_begin(woven: Woven, page: Page) -> None:
    page.goto(f"{woven.served.url}/explorer")
    expect(page.get_by_role("heading", name="Newest models")).to_be_visible()
    page.get_by_label("Find a node to begin with").fill("raw")
    page.get_by_role("option", name="raw.csv").click()
    expect(card(page, woven.ids["raw"])).to_be_visible()


def test_a_node_that_is_not_there_says_so(woven: Woven, page: Page) -> None:
    page.goto(f"{woven.served.url}/explorer?focus=artifact:999999")
    expect(page.get_by_role("alert")).to_contain_text("artifact 999999")


def test_an_empty_record_says_what_would_fill_it(serve: Callable[..., Served], page: Page) -> None:
    page.goto(f"{serve().url}/explorer")
    expect(page.get_by_text("Nothing was recorded yet")).to_be_visible()


def test_it_grows_with_the_record(woven: Woven, page: Page) -> None:
    opened(page, woven.at("chinese"))
    change = {
        "types": [{"kind": "EXECUTION", "name": "Read"}],
        "executions": [{"type": "Read", "name": "late", "inputs": [{"artifact": woven.ids["chinese"]}]}],
    }
    woven.served.ask("mutation($c: ChangeInput!) { record(change: $c) { seq } }", c=change)
    expect(page.locator(".react-flow__node", has_text="late")).to_be_visible()


def test_a_server_that_goes_away_leaves_what_was_drawn_and_is_asked_again(
    serve: Callable[..., Served], tab: Watched
) -> None:
    served = serve()
    ids = weave(served)
    page = tab.page
    opened(page, f"{served.url}/explorer?focus={ids['hub']}")
    served.kill()
    page.get_by_role("button", name="Show 20 of 71 more downstream").click()
    expect(page.get_by_text("The server cannot be reached").first).to_be_visible()
    expect(page.get_by_text("59 × Read")).to_be_visible()
    served.start()
    page.get_by_role("button", name="Show 20 of 71 more downstream").click()
    expect(page.get_by_text("79 × Read")).to_be_visible()
    tab.complaints.clear()  # of the browser, about a server that was gone


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["laptop", "desk", "phone"])
def test_it_is_legible_for_all_at_every_size(woven: Woven, tabs: Tabs, size: str, scheme: str) -> None:
    page = tabs(size=size, scheme=scheme).page
    page.goto(f"{woven.served.url}/explorer")
    settled(page)
    shoot(page, f"explorer-start-{size}-{scheme}")
    assert (axe(page), crowded(page)) == ([], [])
    opened(page, woven.at("evaluate", hops="2"))
    expect(page.get_by_text(HARM[:8]).first).to_be_attached()
    shoot(page, f"explorer-{size}-{scheme}")
    assert (axe(page), crowded(page)) == ([], [])
    page.goto(woven.at("clean", hops="2", sel=woven.ids["clean"]))
    page.get_by_role("complementary", name="Details").get_by_text("artifact:").first.wait_for()
    settled(page)
    shoot(page, f"explorer-details-{size}-{scheme}")
    assert (axe(page), crowded(page)) == ([], [])
    page.goto(woven.at("clean", hops="2", mode="table"))
    settled(page)
    shoot(page, f"explorer-table-{size}-{scheme}")
    assert (axe(page), crowded(page)) == ([], [])
