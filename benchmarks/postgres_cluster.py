"""A throw-away PostgreSQL for tests and benchmarks: own folder, own port, 127.0.0.1 and a socket only, gone afterwards.

    python benchmarks/postgres_cluster.py -- COMMAND ARG...     run COMMAND with CLEW_TEST_POSTGRES_URL set

Needs the server's binaries (Debian's ``postgresql``) on PATH or under /usr/lib/postgresql; runs them as ``postgres`` or
``nobody`` when we are root, as the server refuses root. fsync stays on: what it acknowledges is durable.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

START_TIMEOUT_S = 60.0
USER = "clew"


class PostgresMissing(Exception):
    """PostgreSQL cannot be started here; the message names the missing piece."""


def find_binaries() -> Path:
    """The folder of ``initdb`` and ``postgres``: on PATH, else the newest of Debian's; raise PostgresMissing."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        return Path(on_path).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parent.parent.name))
    if not versions:
        raise PostgresMissing("no PostgreSQL server binaries (initdb, postgres): install the package 'postgresql'")
    return versions[-1].parent


def _server_user() -> str | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise PostgresMissing("we are root and there is no user 'postgres' or 'nobody' to run the server as")


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Cluster:
    """One PostgreSQL server and its folder. ``start`` after ``kill`` recovers from the write-ahead log."""

    def __init__(self, options: dict[str, str] | None = None) -> None:
        self.bin = find_binaries()
        self.user = _server_user()
        self.folder = Path(tempfile.mkdtemp(prefix="clew-postgres-"))
        self.password = secrets.token_hex(16)
        self.port = _free_port()
        self.options = {"max_connections": "200"} | (options or {})
        self.process: subprocess.Popen[bytes] | None = None
        if self.user:
            shutil.chown(self.folder, self.user)
        self._initdb()

    @property
    def environment(self) -> dict[str, str]:
        """What psql and pgbench need to connect."""
        return os.environ | {
            "PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": USER, "PGPASSWORD": self.password,
        }  # fmt: skip

    def url(self, database: str = "postgres") -> str:
        """The URL of ``database``."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str = "") -> str:
        """Create database ``name`` and return its URL."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as c:
            c.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return self.url(name)

    def start(self) -> None:
        """Start the server and wait until it answers; raise PostgresMissing with its log when it does not."""
        log = self.folder / "log"
        settings = {
            "port": str(self.port), "listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder),
            **self.options,
        }  # fmt: skip
        flags = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [str(self.bin / "postgres"), "-D", str(self.folder / "data"), *flags],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder, start_new_session=True,
                **self._as_user(),
            )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise PostgresMissing(f"the PostgreSQL server did not start: {log.read_text(errors='replace')[-600:]}")
            time.sleep(0.03)

    def kill(self) -> None:
        """Kill the server and each of its processes as a power cut would; SIGKILL, nothing flushed."""
        import psutil

        assert self.process is not None
        server = psutil.Process(self.process.pid)
        family = [server, *server.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=30)
        self.process.wait()

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)  # immediate: its folder goes too, so nothing need be flushed
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _initdb(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        if self.user:
            shutil.chown(secret, self.user)
        done = subprocess.run(
            [
                str(self.bin / "initdb"), "-D", str(self.folder / "data"), "-U", USER, "-E", "UTF8", "--locale=C",
                "--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions",
            ],
            capture_output=True, text=True, cwd=self.folder, check=False, **self._as_user(),
        )  # fmt: skip
        secret.unlink()
        if done.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise PostgresMissing(f"initdb failed: {done.stderr.strip()[-400:]}")

    def _as_user(self) -> dict[str, Any]:
        if not self.user:
            return {}
        account = pwd.getpwnam(self.user)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def _answers(self) -> bool:
        command = [str(self.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False, env=self.environment).returncode == 0


@contextlib.contextmanager
def running(options: dict[str, str] | None = None) -> Iterator[Cluster]:
    """A started cluster that is stopped and removed at the end."""
    cluster = Cluster(options)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def main(words: list[str]) -> int:
    """Run a command with CLEW_TEST_POSTGRES_URL set; exit as it does."""
    if len(words) < 2 or words[0] != "--":
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with running() as cluster:
            return subprocess.call(words[1:], env=os.environ | {"CLEW_TEST_POSTGRES_URL": cluster.url()})
    except PostgresMissing as error:
        print(f"PostgreSQL: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
