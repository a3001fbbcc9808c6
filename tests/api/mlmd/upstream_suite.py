"""Run the test-suite that ships in the ml-metadata wheel against a server: upstream_suite.py HOST PORT.

Runs in the client's own Python. Prints one line of JSON: passed, failed (name -> message), skipped.
"""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from typing import Any

FILES = ("metadata_store_test.py", "mlmd_types_test.py", "conftest.py")
MAKE, ARGUMENTS = "_get_metadata_store(", "self.cli_args, "
TYPOS = (
    # Four tests that run over gRPC only forget an argument, and one returns before it tests anything.
    *((MAKE + word, MAKE + ARGUMENTS + word) for word in ("grpc_max_receive", "grpc_http2_max", "grpc_client_timeout")),
    (f"{MAKE}self.self.cli_args,", f"{MAKE}self.cli_args,"),
    (
        '  def test_get_context_types(self):\n    if self.cli_args["use_grpc_backend"]:\n      return\n',
        "  def test_get_context_types(self):\n",
    ),
)


def main(host: str, port: str) -> None:
    spec = importlib.util.find_spec("ml_metadata")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    source = pathlib.Path(spec.submodule_search_locations[0]) / "metadata_store"
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for name in FILES:
            text = (source / name).read_text()
            for wrong, right in TYPOS:
                text = text.replace(wrong, right)
            (work / name).write_text(text)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "--tb=short",
                "--timeout=120",
                *FILES[:2],
                "--use_grpc_backend",
                "--grpc_host",
                host,
                "--grpc_port",
                port,
                "--junitxml=result.xml",
            ],
            cwd=work,
            capture_output=True,
            text=True,
        )
        if not (work / "result.xml").exists():
            sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
        print(json.dumps(_told(xml.etree.ElementTree.parse(work / "result.xml").getroot())))


def _told(root: xml.etree.ElementTree.Element) -> dict[str, Any]:
    told: dict[str, Any] = {"passed": 0, "failed": {}, "skipped": 0}
    for case in root.iter("testcase"):
        outcome = {child.tag: child for child in case}
        bad = outcome.get("failure", outcome.get("error"))
        if bad is not None:
            told["failed"][case.get("name")] = (bad.get("message") or "").split("\n")[0][:160]
        else:
            told["skipped" if "skipped" in outcome else "passed"] += 1
    return told


if __name__ == "__main__":
    main(*sys.argv[1:])
