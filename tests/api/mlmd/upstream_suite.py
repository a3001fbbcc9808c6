"""Run the test-suite that ships in the ml-metadata wheel against a server: upstream_suite.py HOST PORT.

Runs in the client's own Python. Prints one line of JSON: passed, failed (name -> message), skipped, and whether the C++
library of the wheel could be loaded; where it cannot, the four tests that use it are left out.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from typing import Any

import stand_in  # type: ignore[import-not-found]  # beside this script

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
LOCAL = "not MlmdTypesTest and not test_connection_config_with_retry_options and not test_unset_connection_config"


def main(host: str, port: str) -> None:
    source, library = stand_in.folder() / "metadata_store", stand_in.has_library()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for name in FILES:
            text = (source / name).read_text()
            for wrong, right in TYPOS:
                text = text.replace(wrong, right)
            (work / name).write_text(text)
        options = ["-q", "-p", "no:cacheprovider", "-p", "stand_in", "--tb=short", "--timeout=120"]
        server = ["--use_grpc_backend", "--grpc_host", host, "--grpc_port", port]
        chosen = [] if library else ["-k", LOCAL]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *chosen, *FILES[:2], *server, "--junitxml=result.xml"],
            cwd=work,
            env={**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parent)},
            capture_output=True,
            text=True,
        )
        if not (work / "result.xml").exists():
            sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
        told = _told(xml.etree.ElementTree.parse(work / "result.xml").getroot())
        print(json.dumps({**told, "library": library}))


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
