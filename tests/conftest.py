"""Fixtures every part shares: a fake clock, a fresh record on SQLite and on PostgreSQL, ML Metadata's own clients.

``CLEW_TEST_POSTGRES_URL`` names a server to use (its user must be allowed to create databases); without it a throw-away
one is started. Where neither is possible the PostgreSQL tests are skipped with the reason, and fail when ``CI=true``.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from clew.metadata.record import Record

# Shipped in the package, yet their assertions are to be explained as those of tests are.
pytest.register_assert_rewrite("clew.graph.contract", "clew.graph.loom")

# A shell starts what runs in the background with Ctrl-C ignored, and so would be every process the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]
START_MS = 1_700_000_000_000
BESIDE_CLIENT = ("pytest", "pytest-timeout", "absl-py")
NEWER_LINUX = ("--python-platform", f"{platform.machine()}-manylinux_2_40")
_database = itertools.count(1)


class FakeClock:
    """A clock that stands still until told: milliseconds since the epoch."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, ms: int) -> None:
        self.now_ms += ms


def load_script(name: str) -> ModuleType:
    """A module of benchmarks/, which is no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server's administrative database, for the whole session."""
    given = os.environ.get("CLEW_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    module = load_script("postgres_cluster")
    try:
        cluster = module.Cluster()
        cluster.start()
    except module.PostgresMissing as error:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(f"CI must test PostgreSQL: {error}")
        pytest.skip(f"PostgreSQL not tested: {error}")
    try:
        yield cluster.url()
    finally:
        cluster.stop()


def _execute(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def _database_url(admin_url: str, name: str) -> str:
    return admin_url.rpartition("/")[0] + "/" + name


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """Name of a database that holds an empty record, to copy fresh ones from."""
    name = f"clew_template_{os.getpid()}"
    _execute(postgres_url, f'CREATE DATABASE "{name}"')
    Record.open(_database_url(postgres_url, name)).close()
    yield name
    _execute(postgres_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgres_databases(postgres_url: str) -> Iterator[Callable[[str], str]]:
    """Makes databases from a template; a call gives the URL of one nobody else uses."""
    made: list[str] = []

    def make(template: str) -> str:
        made.append(f"clew_test_{os.getpid()}_{next(_database)}")
        _execute(postgres_url, f'CREATE DATABASE "{made[-1]}" TEMPLATE "{template}"')
        return _database_url(postgres_url, made[-1])

    yield make
    if "CLEW_TEST_POSTGRES_URL" in os.environ:  # a throw-away server goes as a whole; dropping costs half a second each
        for name in made:
            _execute(postgres_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def empty_postgres_url(postgres_databases: Callable[[str], str]) -> str:
    """URL of a fresh database without any table."""
    return postgres_databases("template0")


@pytest.fixture
def fresh_postgres_url(postgres_databases: Callable[[str], str], postgres_template: str) -> str:
    """URL of a fresh database holding an empty record."""
    return postgres_databases(postgres_template)


@pytest.fixture
def clock() -> FakeClock:
    """A clock the test moves."""
    return FakeClock()


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BOTH)
def shared_record_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a fresh record that the tests of one module share: for those that leave it as it was."""
    if request.param == "postgres":
        make = request.getfixturevalue("postgres_databases")
        return str(make(request.getfixturevalue("postgres_template")))
    return f"sqlite:///{tmp_path_factory.mktemp('shared')}/record.db"


@pytest.fixture(params=BOTH)
def record_url(request: pytest.FixtureRequest) -> str:
    """URL of a fresh record, once on SQLite and once on PostgreSQL."""
    if request.param == "postgres":
        return str(request.getfixturevalue("fresh_postgres_url"))
    return f"sqlite:///{request.getfixturevalue('tmp_path')}/record.db"


@pytest.fixture
def record(record_url: str, clock: FakeClock) -> Iterator[Record]:
    """A fresh record, once on SQLite and once on PostgreSQL, under the fake clock."""
    record = Record.open(record_url, clock_ms=clock)
    yield record
    record.close()


@pytest.fixture(scope="session")
def run_sql() -> Callable[[str, str], None]:
    """Runs a statement behind the record's back: run_sql(url, statement)."""
    return _run_sql


def _run_sql(url: str, statement: str) -> None:
    if not url.startswith("sqlite:"):
        _execute(url, statement)
        return
    from pysqlite3 import dbapi2

    connection = dbapi2.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute(statement)
    connection.close()


def _dump(url: str) -> dict[str, list[str]]:
    """Every row of every table, as the database itself spells it."""
    if url.startswith("sqlite:"):
        from pysqlite3 import dbapi2

        connection = dbapi2.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        rows = "SELECT * FROM {}"
    else:
        import psycopg

        connection = psycopg.connect(url, autocommit=True)
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        rows = "SELECT {}::text FROM {}"
    try:
        names = [row[0] for row in connection.execute(tables).fetchall()]
        return {name: sorted(map(repr, connection.execute(rows.format(f'"{name}"', f'"{name}"')))) for name in names}
    finally:
        connection.close()


@pytest.fixture(scope="session")
def dump_database() -> Callable[[str], dict[str, list[str]]]:
    """Everything in the database of a URL, to show that it did not change."""
    return _dump


@pytest.fixture
def sqlite_record(tmp_path: Path, clock: FakeClock) -> Iterator[Record]:
    """A fresh record on SQLite under the fake clock."""
    record = Record.open(f"sqlite:///{tmp_path}/record.db", clock_ms=clock)
    yield record
    record.close()


@pytest.fixture(scope="session")
def client_python() -> Path:
    """A Python 3.11 that holds the original client: it needs an older protobuf than ours."""
    return _client("mlmd", "ml-metadata==1.17.1", "import ml_metadata")


@pytest.fixture(scope="session")
def client_of() -> Callable[[str, str, str], Path]:
    """Makes a Python 3.11 that holds a client: ``client_of(folder, package==version ..., statement that shows it)``."""
    return _client


@pytest.fixture(scope="session")
def spark_python(client_of: Callable[[str, str, str], Path]) -> Path:
    """A Python that holds pyspark, on a machine that has Java."""
    if shutil.which("java") is None:
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail("CI must test Spark: java is missing")
        pytest.skip("java is missing: Spark is not tested")
    return client_of("spark", "pyspark==4.0.1", "import pyspark")


@pytest.fixture(scope="session")
def newest_python() -> Path:
    """A Python 3.11 that holds the newest client."""
    return _client("mlmd-newest", "ml-metadata==1.21.0", "import ml_metadata.proto.metadata_store_service_pb2_grpc")


def _client(name: str, client: str, probe: str) -> Path:
    venv = ROOT / ".bench" / name
    try:
        _make_client(venv, client, probe)
    except (OSError, subprocess.CalledProcessError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
        reason = f"{client} cannot be installed into a Python 3.11: {told}"
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    return venv / "bin" / "python"


def _make_client(venv: Path, client: str, probe: str) -> None:
    python = venv / "bin" / "python"
    imports: list[str | Path] = [python, "-c", f"import pytest, pytest_timeout, absl; {probe}"]
    if python.exists() and not subprocess.run(imports, capture_output=True).returncode:
        return
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if uv is None:
        raise OSError("uv is missing")
    if not python.exists():
        subprocess.run([uv, "venv", "--quiet", "--python", "3.11", venv], check=True, capture_output=True, text=True)
    install = [uv, "pip", "install", "--quiet", "--python", str(python), *client.split(), *BESIDE_CLIENT]
    if subprocess.run(install, capture_output=True).returncode:
        # Its wheel may be for a newer Linux than this one. The Python code in it, which makes wire calls, runs here.
        subprocess.run([*install, *NEWER_LINUX], check=True, capture_output=True, text=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly what was not run, and why."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    terminalreporter.section("not run")
    for reason, tests in sorted(reasons.items()):
        terminalreporter.write_line(f"{tests} tests: {reason}")
    terminalreporter.write_line(
        "crashes under load (make torture) and measurements (make bench) are not part of the tests"
    )


@pytest.fixture(scope="session")
def s3_server() -> Iterator[dict[str, str]]:
    """An S3 on the loopback with a bucket ``clew-test``; the variables with which clients find it."""
    import httpx

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.put(f"{url}/clew-test", trust_env=False).raise_for_status()
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, "the S3 server does not answer"
                assert server.poll() is None, "the S3 server ended"
                time.sleep(0.1)
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.fixture
def s3(s3_server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a bucket that can be used now."""
    for name, value in s3_server.items():
        monkeypatch.setenv(name, value)
    return "s3://clew-test"
