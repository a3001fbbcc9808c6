"""Start a script of pyspark so that what it reads and writes is told: by OpenLineage's jar, or by our own listener."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import clew
from clew.metadata.change import Change
from clew.metadata.errors import Invalid, SubmitFailed
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ExecutionState

TYPE = "spark.Submit"
PACKAGE = "io.openlineage:openlineage-spark_2.13:1.53.0"
"""Of Maven; Spark fetches it, where no jar is named."""
LISTENERS = ("python", "jar")


@dataclass(frozen=True, slots=True)
class SparkJob:
    """What to run, and how."""

    script: Path
    bootstrap: Path
    """What starts a script so that our own listener hears its sessions."""
    arguments: tuple[str, ...] = ()
    listener: str = "python"
    jar: str = ""
    """OpenLineage's jar; empty: fetched by Spark."""
    python: str = "python3"
    """A Python that holds pyspark."""
    master: str = ""
    """Spark's master; empty: the script's, or ``local[*]``."""
    namespace: str = "default"
    actor: str = ""


def submit(job: SparkJob, url: str, token: str = "", record: Record | None = None) -> int:
    """Run ``job`` to its end; its exit code. With ``record``, it is an execution there.

    Errors: Invalid for a script that is none; SubmitFailed when it cannot be started.
    """
    if not job.script.is_file():
        raise Invalid(
            f"there is no script {job.script}", field="script", value=str(job.script), remedy="Name a file of Python"
        )
    if job.listener not in LISTENERS:
        raise Invalid(
            f"there is no listener {job.listener!r}", field="listener", value=job.listener, remedy="Use python or jar"
        )
    id = None if record is None else _begin(record, job)
    parent = "" if id is None else f"clew/{NodeRef(Kind.EXECUTION, id)}/{uuid.uuid4()}"
    code = -1
    try:
        code = _run(job, url, token, parent)
        return code
    finally:
        if record is not None and id is not None:
            _end(record, id, code)


def _run(job: SparkJob, url: str, token: str, parent: str) -> int:
    with tempfile.TemporaryDirectory(prefix="clew-spark-") as folder:
        environ = dict(os.environ)
        command = [job.python, str(job.script), *job.arguments]
        arguments = ["--master", job.master] if job.master else []
        if job.listener == "jar":
            arguments += _of_jar(job, url, token, parent, Path(folder))
        else:
            command.insert(1, str(job.bootstrap))
            told = {"URL": url, "TOKEN": token, "PARENT": parent, "PATH": str(Path(clew.__file__).parents[1])}
            environ |= {f"CLEW_SPARK_{name}": value for name, value in told.items()}
        if arguments:
            given = environ.get("PYSPARK_SUBMIT_ARGS", "").strip().removesuffix("pyspark-shell")
            environ["PYSPARK_SUBMIT_ARGS"] = f"{shlex.join(arguments)} {given} pyspark-shell"
        try:
            return subprocess.run(command, env=environ).returncode
        except OSError as error:
            raise SubmitFailed(
                f"cannot start {job.python!r}: {error}", field="python", value=job.python,
                remedy="Name a Python that holds pyspark with --python",
            ) from error  # fmt: skip


def _of_jar(job: SparkJob, url: str, token: str, parent: str, folder: Path) -> list[str]:
    settings = {
        "spark.extraListeners": "io.openlineage.spark.agent.OpenLineageSparkListener",
        "spark.openlineage.transport.type": "http",
        "spark.openlineage.transport.url": url,
        "spark.openlineage.namespace": "spark",
    }
    if parent:
        namespace, name, run_id = parent.split("/")
        settings |= {
            "spark.openlineage.parentJobNamespace": namespace,
            "spark.openlineage.parentJobName": name,
            "spark.openlineage.parentRunId": run_id,
        }
    settings |= {"spark.jars": job.jar} if job.jar else {"spark.jars.packages": PACKAGE}
    arguments = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    if token:  # command lines are seen by everybody on the machine
        secret = folder / "spark.properties"
        secret.touch(mode=0o600)
        lines = ("spark.openlineage.transport.auth.type api_key", f"spark.openlineage.transport.auth.apiKey {token}")
        secret.write_text("\n".join(lines) + "\n")
        arguments += ["--properties-file", str(secret)]
    return arguments


def _begin(record: Record, job: SparkJob) -> int:
    change = Change(actor=job.actor, namespace=job.namespace)
    change.type(NodeType(Kind.EXECUTION, TYPE))
    told = {"display_name": job.script.name, "script": str(job.script), "listener": job.listener}
    if job.arguments:
        told["arguments"] = shlex.join(job.arguments)
    put = change.execution(
        TYPE, state=ExecutionState.RUNNING, started_ms=_now_ms(), custom_properties={**told},
    )  # fmt: skip
    return record.commit(change).id(put)


def _end(record: Record, id: int, code: int) -> None:
    state = ExecutionState.COMPLETE if code == 0 else ExecutionState.FAILED
    change = Change(actor="spark")
    change.execution(id=id, state=state, ended_ms=_now_ms(), custom_properties={"exit_code": code})
    record.commit(change)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
