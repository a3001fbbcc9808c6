"""ls, show, trace, impact, paths, log: what they print for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Clew = Callable[..., Any]


def test_a_listing_shows_the_newest_first_and_says_how_many_more(clew: Clew) -> None:
    shown = clew("ls", "artifacts", "--limit", 2)
    assert shown.code == 0
    assert [line.split()[0] for line in shown.out.splitlines()] == ["ID", "artifact:9", "artifact:8"]
    assert shown.err == "7 more; --all shows them, --limit N some\n"


def test_a_listing_as_json_tells_items_total_and_rest(clew: Clew) -> None:
    said = clew("ls", "artifacts", "--type", "Model", "--limit", 3, "--json").json()
    assert [item["name"] for item in said["items"]] == ["best", "model-2", "model-1"]
    assert (said["total"], said["more"]) == (4, 1)


def test_all_pages_through_everything(clew: Clew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clew.cli.listing.PAGE", 2)
    said = clew("ls", "executions", "--all", "--asc", "--json").json()
    assert [item["id"] for item in said["items"]] == [f"execution:{n}" for n in range(1, 9)]
    assert (said["total"], said["more"]) == (8, 0)


def test_a_listing_is_ordered_as_told(clew: Clew) -> None:
    said = clew("ls", "artifacts", "--order", "name", "--asc", "--limit", 3, "--json").json()
    assert [item["name"] for item in said["items"]] == ["best", "clean", "model-0"]


def test_a_filter_selects(clew: Clew) -> None:
    said = clew("ls", "artifacts", "--where", "custom_properties.accuracy.double_value > 0.905", "--json").json()
    assert {item["name"] for item in said["items"]} == {"model-1", "model-2"}


def test_a_listing_as_of_an_earlier_change_shows_what_held_then(clew: Clew) -> None:
    then = clew("ls", "artifacts", "--as-of", 1, "--limit", 2, "--json").json()["items"][1]
    now = clew("ls", "artifacts", "--limit", 2, "--json").json()["items"][1]
    assert (then["state"], now["state"]) == ("LIVE", "DELETED")


def test_types_are_listed_with_how_many_nodes_they_have(clew: Clew) -> None:
    said = clew("ls", "types", "--json").json()["items"]
    assert {type["name"]: type["nodes"] for type in said if type["nodes"]} == {
        "Dataset": 4, "Model": 4, "Report": 1, "Step": 8, "Project": 1, "Run": 1,
    }  # fmt: skip


def test_runs_are_listed(clew: Clew) -> None:
    assert [run["name"] for run in clew("ls", "runs", "--json").json()["items"]] == ["first"]


def test_an_empty_listing_says_so_on_stderr(clew: Clew) -> None:
    shown = clew("ls", "artifacts", "--type", "mlmd.Model")
    assert (shown.code, shown.out, shown.err) == (0, "", "no artifacts match\n")


def test_show_tells_who_made_and_who_used_an_artifact(clew: Clew) -> None:
    said = clew("show", "artifact:8", "--json").json()
    made = {(event["execution"], event["type"]) for event in said["events"]}
    assert made == {("execution:6", "OUTPUT"), ("execution:7", "INPUT"), ("execution:8", "INPUT")}
    assert [context["name"] for context in said["contexts"]] == ["first"]


def test_show_takes_a_uri_however_it_is_spelled(clew: Clew) -> None:
    assert clew("show", "s3a://lake/raw/", "--json").json()["id"] == "artifact:1"


def test_show_history_tells_what_changed_when(clew: Clew) -> None:
    shown = clew("show", "artifact:8", "--history").out
    assert "state: LIVE -> DELETED" in shown
    assert "custom_properties.odd: Infinity -> 1.5" in shown


def test_show_as_of_a_time_before_the_record_finds_nothing(clew: Clew) -> None:
    shown = clew("show", "artifact:8", "--as-of", "2000-01-01")
    assert shown.code == 1
    assert "no artifact 8" in shown.err


def test_doubles_that_json_cannot_say_are_said_as_text(clew: Clew) -> None:
    said = clew("show", "artifact:8", "--as-of", 1, "--json").json()
    assert said["custom_properties"] == {"odd": "Infinity"}


def test_show_of_a_context_counts_what_it_holds(clew: Clew) -> None:
    said = clew("show", "context:2", "--json").json()
    assert (said["artifact_count"], said["execution_count"]) == (9, 8)
    assert [parent["name"] for parent in said["parents"]] == ["churn"]


def test_trace_draws_each_node_once_and_refers_to_it_elsewhere(clew: Clew) -> None:
    lines = clew("trace", "artifact:9").out.splitlines()
    assert lines[0] == "Report  report  artifact:9  s3://lake/report"
    full = [line for line in lines if "train  artifact:3  s3://lake/train" in line]
    references = [line for line in lines if "⤴ Dataset  train  artifact:3" in line]
    assert (len(full), len(references)) == (1, 2)
    assert lines[-1].startswith("16 nodes, 18 edges, depth 6")


def test_trace_down_to_a_type_keeps_only_the_branches_that_lead_there(clew: Clew) -> None:
    said = clew("trace", "artifact:1", "--down", "--to", "Report", "--json").json()
    assert [node["name"] for node in said["nodes"]] == ["raw", "clean", "clean", "split", "test", "evaluate", "report"]


def test_trace_both_ways_draws_two_trees(clew: Clew) -> None:
    shown = clew("trace", "artifact:3", "--both", "--depth", 1).out
    assert shown.splitlines()[0] == "made from"
    assert "made into" in shown.splitlines()


def test_a_trace_that_was_cut_says_so(clew: Clew) -> None:
    said = clew("trace", "artifact:9", "--max-nodes", 3, "--json").json()
    assert (len(said["nodes"]), said["total_nodes"], said["partial"]) == (3, 16, True)
    assert "3 fetched" in clew("trace", "artifact:9", "--max-nodes", 3).out


def test_trace_as_of_an_earlier_change_walks_what_was_there(clew: Clew) -> None:
    said = clew("trace", "artifact:9", "--as-of", 1, "--json").json()
    states = {node["id"]: node.get("state") for node in said["nodes"]}
    assert states["artifact:8"] == "LIVE"
    assert said["seq"] == 1


@pytest.mark.parametrize(("format", "first"), [("dot", "digraph lineage {"), ("mermaid", "flowchart LR")])
def test_trace_writes_pictures(clew: Clew, format: str, first: str) -> None:
    lines = clew("trace", "artifact:9", "--depth", 1, "--format", format).out.splitlines()
    assert lines[0] == first
    arrow = {"dot": '  "execution:7" -> "artifact:9";', "mermaid": "  e7 --> a9"}[format]
    assert arrow in lines


def test_impact_counts_what_was_made_without_what_was_asked_about(clew: Clew) -> None:
    said = clew("impact", "artifact:3", "--json").json()
    assert (said["artifacts"], said["executions"]) == (5, 6)
    assert said["by_type"] == {"Model": 4, "Report": 1, "Step": 6}
    assert set(said["leaves"]) == {"artifact:9", "execution:8"}


def test_paths_shows_every_shortest_way(clew: Clew) -> None:
    said = clew("paths", "artifact:3", "artifact:8", "--json").json()
    assert said["length"] == 4
    assert {path[2] for path in said["paths"]} == {"artifact:5", "artifact:6", "artifact:7"}


def test_no_path_is_exit_code_one(clew: Clew) -> None:
    shown = clew("paths", "artifact:9", "artifact:1")
    assert (shown.code, shown.out) == (1, "")
    assert "no data went from the one to the other" in shown.err


def test_log_tells_changes_oldest_first_one_json_object_a_line(clew: Clew) -> None:
    changes = [json.loads(line) for line in clew("log", "--json").out.splitlines()]
    assert [(change["seq"], change["actor"]) for change in changes] == [(1, "ann"), (2, "bob")]
    assert changes[1]["ops"][0][0] == "artifact"


def test_log_limits_from_either_end(clew: Clew) -> None:
    assert clew("log", "--limit", 1).out.split()[0] == "2"
    assert clew("log", "--after", 0, "--limit", 1).out.split()[0] == "1"
