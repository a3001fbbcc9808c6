"""gRPC-web clients from npm, under node, against `clew up`: they read and write as browsers do.

``grpc-web`` is what Kubeflow Pipelines' own pages use; ``@improbable-eng/grpc-web`` parses frames and trailers by other
code. Their versions are pinned in ``web_client/``; they are installed once into ``.bench/``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[3]
SOURCE = Path(__file__).with_name("web_client")
CLIENTS = [("google", "binary"), ("google", "text"), ("improbable", "binary")]
Call = tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], dict[str, str]]


@pytest.fixture(scope="session")
def web_client() -> Path:
    """The script that makes calls through the npm packages, beside them."""
    folder = ROOT / ".bench" / "mlmd-web"
    try:
        install(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
        reason = f"no gRPC-web client from npm can be installed: {told}"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder / "client.cjs"


def install(folder: Path) -> None:
    """Install what the lock pins, unless that is there. Errors: OSError without node; CalledProcessError of npm."""
    lock, installed = (SOURCE / "package-lock.json").read_bytes(), folder / "installed.json"
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise OSError(f"{program} is missing")
    is_there = installed.exists() and installed.read_bytes() == lock
    shutil.copytree(SOURCE, folder, dirs_exist_ok=True)
    if not is_there:
        subprocess.run(["npm", "ci", "--silent"], cwd=folder, check=True, capture_output=True, text=True)
        installed.write_bytes(lock)


Make = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def make(web_client: Path) -> Make:
    """Makes calls: make(url, client, format, *calls) gives their {code, message, answer}."""

    def run(url: str, client: str, format: str, *calls: Call) -> list[dict[str, Any]]:
        told = {"proto": str(ROOT / "api/mlmd/proto"), "calls": calls}
        command = ["node", str(web_client), url, client, format]
        done = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


VALUES = {
    "long": {"int_value": -(2**53) + 1}, "number": {"double_value": 0.1}, "text": {"string_value": "größer\n"},
    "struct": {"struct_value": {"fields": {"a": {"listValue": {"values": [{"numberValue": 1.5}]}}}}},
    "yes": {"bool_value": True}, "proto": {"proto_value": {"type_url": "t/x", "value": "AAH/"}},
}  # fmt: skip


@pytest.mark.parametrize(("client", "format"), CLIENTS)
def test_what_a_browser_writes_it_reads_again(clew_up: Any, make: Make, client: str, format: str) -> None:
    name = f"Page-{client}-{format}"
    (put,) = make(clew_up.url, client, format, ("PutArtifactType", {"artifact_type": {"name": name}}))
    type_id = put["answer"]["type_id"]
    artifact = {"type_id": type_id, "uri": f"s3://{name}/ü", "state": "LIVE", "custom_properties": VALUES}
    written, by_uri, by_type, nothing = make(
        clew_up.url, client, format,
        ("PutArtifacts", {"artifacts": [artifact]}),
        ("GetArtifactsByURI", {"uris": [artifact["uri"]]}),
        ("GetArtifactsByType", {"type_name": name}),
        ("GetArtifactsByURI", {"uris": ["s3://nowhere"]}),
    )  # fmt: skip
    (found,) = by_uri["answer"]["artifacts"]
    assert by_type == by_uri
    assert nothing == {"code": 0, "message": "", "answer": {}}
    assert [found["id"]] == written["answer"]["artifact_ids"]
    assert {key: found[key] for key in artifact} == artifact


@pytest.mark.parametrize(("client", "format"), CLIENTS)
def test_a_refusal_reaches_the_page_with_its_code_and_text(clew_up: Any, make: Make, client: str, format: str) -> None:
    refused = make(
        clew_up.url, client, format,
        ("GetArtifactType", {"type_name": "nirgendwo: ü %"}),
        ("PutArtifacts", {"artifacts": [{}]}),
        ("GetArtifacts", {"options": {"filter_query": "id = "}}),
    )  # fmt: skip
    assert [answer["code"] for answer in refused] == [5, 3, 3]
    assert "nirgendwo: ü %" in refused[0]["message"]
    assert refused[2]["message"].startswith("Invalid `filter_query`")


@pytest.mark.parametrize(("client", "format"), CLIENTS)
def test_an_answer_of_megabytes_arrives_whole(clew_up: Any, make: Make, client: str, format: str) -> None:
    (put,) = make(clew_up.url, client, format, ("PutContextType", {"context_type": {"name": f"Big{client}{format}"}}))
    type_id, text = put["answer"]["type_id"], {"t": {"string_value": "x" * 10_000}}
    many = [{"type_id": type_id, "name": str(i), "custom_properties": text} for i in range(200)]
    written, read = make(
        clew_up.url, client, format,
        ("PutContexts", {"contexts": many}),
        ("GetContextsByType", {"type_name": f"Big{client}{format}"}),
    )  # fmt: skip
    assert [c["id"] for c in read["answer"]["contexts"]] == written["answer"]["context_ids"]
    assert {c["custom_properties"]["t"]["string_value"] for c in read["answer"]["contexts"]} == {"x" * 10_000}


@pytest.mark.parametrize(("client", "format"), CLIENTS)
def test_a_page_needs_the_token_where_there_is_one(
    start_clew: Callable[..., Any], make: Make, client: str, format: str
) -> None:
    url = start_clew(CLEW_TOKEN="secret").url
    without, allowed = make(
        url, client, format, ("GetArtifacts", {}), ("GetArtifacts", {}, {"authorization": "Bearer secret"})
    )
    assert (without["code"], allowed["code"]) == (16, 0)
