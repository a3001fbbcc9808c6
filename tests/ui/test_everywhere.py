"""Every page over no rows, one, many, and rows with hostile names: legible, open to all, and nothing executes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType
from tests.conftest import load_script
from tests.ui.screen import SIZES, Served, Watched, axe, crowded, settled, shoot

Homes = dict[str, tuple[Served, dict[str, str]]]
Tabs = Callable[..., Watched]
PAGES = (
    "", "explorer", "runs", "schedules", "compare", "cache", "artifacts", "executions", "contexts", "types", "log",
    "settings",
)  # fmt: skip
DETAILS = (
    "explorer?focus=artifact:{artifact}", "artifacts/{artifact}", "executions/{execution}", "contexts/{context}",
    "types/{type}", "compare?of={compared}",
)  # fmt: skip
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(2)</script>",
    "x" * 2000,  # the longest there may be; longer texts are properties
    "נתונים عربي بيانات " * 3,
    "訓練資料集模型" * 12,
    "javascript:alert(3)",
    "a\u202ebc\nd\te",
    "{{7*7}} ${7*7} %s %n ../../etc/passwd",
)


def _record(home: Path, names: tuple[str, ...]) -> dict[str, str]:
    """A home with a chain of steps, each called by one of ``names``; what its pages are called by."""
    record = Record.open(home)
    try:
        change = Change(actor="<b>ann</b>")
        text = {"note": PropertyType.STRING, "accuracy": PropertyType.DOUBLE}
        data = change.type(NodeType(Kind.ARTIFACT, f"Model{names[0][:40]}", properties=text))
        work = change.type(NodeType(Kind.EXECUTION, "Train", properties=text))
        group = change.type(NodeType(Kind.CONTEXT, "Experiment"))
        last = None
        for number, name in enumerate(names):
            context = change.context(group, name=name)
            run = change.execution(
                work, name=name, state=ExecutionState.FAILED, properties={"note": name}, started_ms=1000, ended_ms=3000
            )
            if last is not None:
                change.event(last, run, EventType.INPUT, path=(name[:200], number))
            last = change.artifact(
                data,
                name=name,
                uri=f"s3://lake/{name[:300]}",
                state=ArtifactState.LIVE,
                properties={"note": name, "accuracy": number / 7},
                custom_properties={name[:200]: name, "display_name": name * 5},
            )
            change.event(last, run, EventType.OUTPUT, path=(name[:200],))
            change.associate(context, run)
            change.attribute(context, last)
        record.commit(change)
    finally:
        record.close()
    ids = ",".join(json.dumps(f"artifact:{1 + number}") for number in range(min(3, len(names))))
    middle = str(1 + len(names) // 2)
    return {"artifact": middle, "execution": middle, "context": middle, "type": "1", "compared": f"[{ids}]"}


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homes]:
    """Served homes with no rows, one row of each kind, hostile rows, and many."""
    folder = tmp_path_factory.mktemp("homes")
    ids = {
        "empty": {},
        "one": _record(folder / "one", ("plain",)),
        "hostile": _record(folder / "hostile", HOSTILE),
        "many": {
            "artifact": "500", "execution": "50000", "context": "1", "type": "1",
            "compared": '["artifact:1","artifact:2"]',
        },
    }  # fmt: skip
    load_script("lineage")  # which the next imports
    made = load_script("lineage_home").home_of(folder, 200_000)
    made.rename(folder / "many")
    served = {name: (Served(folder / name), these) for name, these in ids.items()}
    yield served
    for one, _ in served.values():
        one.stop()


LOOKS = (("laptop", "light"), ("desk", "dark"), ("phone", "light"), ("laptop", "dark"))


def _check(tabs: Tabs, served: Served, path: str, name: str) -> None:
    """Load once, then look at it in every size and both schemes."""
    page = tabs().page
    page.goto(f"{served.url}/{path}")
    wrong: dict[str, list[str]] = {}
    for size, scheme in LOOKS:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        settled(page)
        page.wait_for_timeout(150)  # what follows a resize by an observer
        shoot(page, f"{name}-{size}-{scheme}")
        wrong[f"{size} {scheme}"] = [*crowded(page), *(axe(page) if size != "desk" else [])]
    assert {look: found for look, found in wrong.items() if found} == {}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("home", ["empty", "one", "hostile", "many"])
def test_every_page_is_whole(homes: Homes, tabs: Tabs, home: str, page: str) -> None:
    _check(tabs, homes[home][0], page, f"{page or 'home'}-{home}")


@pytest.mark.parametrize("page", DETAILS)
@pytest.mark.parametrize("home", ["one", "hostile", "many"])
def test_every_detail_page_is_whole(homes: Homes, tabs: Tabs, home: str, page: str) -> None:
    served, ids = homes[home]
    if home == "many" and page.startswith("contexts"):
        page = "executions/{execution}"  # the generated record has no contexts
    name = page.partition("?")[0].partition("/")[0] + ("-one" if "/" in page else "-of") + f"-{home}"
    _check(tabs, served, page.format(**ids), name)


NOWHERE = (
    "artifacts/99999", "executions/99999", "contexts/99999", "types/999", "runs/nonesuch",
    "explorer?focus=artifact:99999",
)  # fmt: skip


@pytest.mark.parametrize("page", NOWHERE)
def test_what_is_not_there_is_said_to_be_not_there(homes: Homes, tabs: Tabs, page: str) -> None:
    tab = tabs()
    tab.page.goto(f"{homes['one'][0].url}/{page}")
    settled(tab.page)
    alert = tab.page.get_by_role("alert").first
    alert.wait_for()
    assert re.search(r"\bno (such |artifact|execution|context|type|run)", alert.inner_text().lower()), (
        alert.inner_text()
    )
    assert axe(tab.page) == []
