"""Environments of steps: built once, kept by what they hold, never removed while they are used."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from clew.executors.pipeline.bootstrap import PackageSet
from clew.executors.pipeline.build import find_python
from clew.executors.pipeline.built import listed, named, remove
from clew.executors.pipeline.environment import PYTHON_VERSION, Environments
from clew.executors.pipeline.imaged import python_of
from clew.metadata.errors import InvalidPipeline, NotFound, SubmitFailed


def make_wheel(folder: Path, name: str, version: str = "1.0", source: str = "value = 1\n") -> Path:
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}.py", source)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    make_wheel(folder, "kfp", "99.0")
    make_wheel(folder, "tiny")
    return folder


@pytest.fixture
def tiny(wheels: Path) -> PackageSet:
    return PackageSet("kfp==99.0", ("tiny",), ("--no-index", "--find-links", str(wheels)))


def _says(python: Path, code: str) -> str:
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_an_environment_is_built_once_and_has_what_was_asked_for(tmp_path: Path, tiny: PackageSet) -> None:
    told: list[str] = []
    first = Environments(tmp_path / "envs").provide(tiny, told.append)
    again = Environments(tmp_path / "envs").provide(tiny, told.append)
    assert (told, first, first.installed) == (["installing tiny, kfp==99.0"], again, {"tiny": "1.0"})
    assert _says(first.python, "import tiny; print(tiny.value)") == "1"


def test_many_that_want_one_at_once_build_it_once(tmp_path: Path, tiny: PackageSet) -> None:
    told: list[str] = []
    threads = [
        threading.Thread(target=Environments(tmp_path / "envs").provide, args=(tiny, told.append)) for _ in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1


def test_a_package_on_this_machine_counts_by_its_bytes(tmp_path: Path, wheels: Path) -> None:
    local = make_wheel(tmp_path / "mine", "mine")
    wanted = PackageSet("kfp==99.0", (str(local),), ("--no-index", "--find-links", str(wheels)))
    first = Environments(tmp_path / "envs").provide(wanted)
    make_wheel(tmp_path / "mine", "mine", source="value = 2\n")
    second = Environments(tmp_path / "envs").provide(wanted)
    assert [_says(e.python, "import mine; print(mine.value)") for e in (first, second)] == ["1", "2"]


def test_a_package_that_is_not_where_it_was_said_to_be_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SubmitFailed, match=r"/nowhere/x\.whl.*nothing is there"):
        Environments(tmp_path / "envs").provide(PackageSet("kfp", ("x @ file:///nowhere/x.whl",)))


def test_the_credentials_of_an_index_are_kept_nowhere(tmp_path: Path, wheels: Path) -> None:
    options = ("--extra-index-url", "http://me:hidden@127.0.0.1:9/simple", "--no-index", "--find-links", str(wheels))
    Environments(tmp_path / "envs").provide(PackageSet("kfp==99.0", ("tiny",), options))
    (one,) = listed(tmp_path / "envs")
    assert "hidden" not in json.dumps(one.as_dict())
    with pytest.raises(SubmitFailed) as failed:
        Environments(tmp_path / "envs").provide(PackageSet("kfp==99.0", ("no-such",), options))
    assert "no-such" in failed.value.message
    assert "hidden" not in str(failed.value.as_dict())


def test_an_environment_in_use_cannot_be_removed(tmp_path: Path, tiny: PackageSet) -> None:
    environments = Environments(tmp_path / "envs")
    environments.provide(tiny)
    (one,) = listed(tmp_path / "envs")
    assert (one.in_use, remove(one), one.path.exists()) == (True, False, True)
    environments.close()
    (one,) = listed(tmp_path / "envs")
    assert (one.in_use, remove(one), one.path.exists()) == (False, True, False)
    assert listed(tmp_path / "envs") == []
    Environments(tmp_path / "envs").provide(tiny)


def test_an_environment_is_found_by_how_its_key_begins(tmp_path: Path, tiny: PackageSet) -> None:
    Environments(tmp_path / "envs").provide(tiny)
    (one,) = listed(tmp_path / "envs")
    assert named(tmp_path / "envs", one.key[:4]).key == one.key
    assert one.built is not None
    assert (one.built.packages, one.built.kfp, one.built.python) == (("tiny",), "kfp==99.0", PYTHON_VERSION)
    assert one.size_bytes > 1000
    with pytest.raises(NotFound):
        named(tmp_path / "envs", "zz")


def test_one_that_could_not_be_built_is_tried_once_a_run(tmp_path: Path, wheels: Path) -> None:
    told: list[str] = []
    environments = Environments(tmp_path / "envs")
    wanted = PackageSet("kfp==99.0", ("absent",), ("--no-index", "--find-links", str(wheels)))
    for _ in range(3):
        with pytest.raises(SubmitFailed, match="absent"):
            environments.provide(wanted, told.append)
    assert (len(told), listed(tmp_path / "envs")) == (1, [])


class _Hanging:
    """A package index that never answers, until it is closed."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/simple"
        self.asked = threading.Event()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self._open.append(self._server.accept()[0])
            except OSError:
                return
            self.asked.set()

    def close(self) -> None:
        with suppress(OSError):  # closed already
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._open:
            connection.close()


@pytest.fixture
def hanging() -> Iterator[_Hanging]:
    server = _Hanging()
    yield server
    server.close()


def test_a_build_that_is_given_up_ends_soon_and_leaves_nothing(tmp_path: Path, hanging: _Hanging) -> None:
    environments = Environments(tmp_path / "envs")
    failed: list[SubmitFailed] = []

    def provide() -> None:
        try:
            environments.provide(PackageSet("kfp==99.0", ("tiny",), ("--index-url", hanging.url)))
        except SubmitFailed as error:
            failed.append(error)

    thread = threading.Thread(target=provide)
    thread.start()
    assert hanging.asked.wait(30)
    began = time.monotonic()
    environments.stop()
    thread.join(10)
    assert (len(failed), time.monotonic() - began < 3, listed(tmp_path / "envs")) == (1, True, [])


def test_a_build_whose_builder_was_killed_is_begun_anew_when_nothing_of_it_runs(
    tmp_path: Path, hanging: _Hanging, wheels: Path
) -> None:
    options = ("--index-url", hanging.url, "--find-links", str(wheels))
    script = (
        "import sys; from pathlib import Path; from clew.executors.pipeline.bootstrap import PackageSet\n"
        "from clew.executors.pipeline.environment import Environments\n"
        "Environments(Path(sys.argv[1])).provide(PackageSet('kfp==99.0', ('tiny',), tuple(sys.argv[2:])))\n"
    )
    builder = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "envs"), *options])
    assert hanging.asked.wait(30)
    builder.send_signal(signal.SIGKILL)
    builder.wait()
    (half,) = listed(tmp_path / "envs")
    assert (half.built, half.in_use, remove(half)) == (None, True, False)  # uv goes on without its builder
    hanging.close()
    deadline = time.monotonic() + 60
    while listed(tmp_path / "envs")[0].in_use:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert remove(listed(tmp_path / "envs")[0])


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("python:3.12-slim", "3.12"),
        ("registry.example/ubi9/python-311:latest", "3.11"),
        ("python:3.9@sha256:" + "0" * 64, "3.9"),
        ("python:latest", ""),
        ("alpine:3.9", ""),
    ],
)
def test_an_image_tells_its_python(image: str, version: str) -> None:
    assert python_of(image) == version


def test_a_python_that_is_not_here_is_refused_before_anything_starts_when_it_is_asked_for(
    bench: Any, tmp_path: Path
) -> None:
    text = (bench.compiled / "sums.yaml").read_text().replace("image: python:3.11", "image: python:3.99")
    bench.compiled = tmp_path
    (tmp_path / "sums.yaml").write_text(text)
    with pytest.raises(InvalidPipeline, match=r"Python 3\.99 \(python:3\.99\)"):
        bench.run("sums", options={"python": "image"})
    assert bench.record.seq() == 0
    assert bench.run("sums").state == "COMPLETE"


def test_the_python_that_runs_this_is_found_and_no_other_is_downloaded() -> None:
    assert find_python(PYTHON_VERSION)
    assert find_python("3.99") == ""
