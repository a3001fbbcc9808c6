"""Tasks that need their image run in it, through a real podman where one can run; else they are refused."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.executors.engine import Bind, Engine, Limits, find_engine
from clew.executors.protocol import Work
from clew.metadata.errors import InvalidPipeline

IMAGE = "localhost/clew-test/tools:1"
TOOLS = ("sh", "cat", "tr", "id", "mkdir", "dirname", "printf", "test", "wc", "sleep", "true")


@pytest.fixture(scope="module")
def compiled_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("containers")
    script = Path(__file__).with_name("container_pipelines.py")
    subprocess.run([sys.executable, "-W", "ignore", str(script), str(folder)], check=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables under which podman has an image of busybox, in a storage of its own."""
    podman, busybox = shutil.which("podman"), shutil.which("busybox")
    if podman is None or busybox is None:
        pytest.skip("needs podman and a static busybox (apt-get install podman runc busybox-static)")
    folder = tmp_path_factory.mktemp("podman")
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/graph"\nrunroot = "{folder}/run"\n'
    )
    environ = {"CONTAINERS_STORAGE_CONF": str(folder / "storage.conf")}
    _make_image(Path(busybox), folder)
    imported = [podman, "import", "-q", "--change", 'ENTRYPOINT ["/bin/sh"]', str(folder / "image.tar"), IMAGE]
    subprocess.run(imported, env=os.environ | environ, check=True, capture_output=True, timeout=120)
    said = _try(podman, environ)
    if said:  # old cgroups, or limits that may not be raised: another runtime, and lower limits
        limits = 'default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]'
        (folder / "containers.conf").write_text(f'[containers]\n{limits}\n[engine]\nruntime = "runc"\n')
        environ["CONTAINERS_CONF"] = str(folder / "containers.conf")
        said = _try(podman, environ)
    if said:
        pytest.skip(f"podman is here but cannot run a container: {said}")
    yield environ
    subprocess.run([podman, "rmi", "--all", "--force"], env=os.environ | environ, capture_output=True, timeout=60)


def _make_image(busybox: Path, folder: Path) -> None:
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    (root / "tmp").mkdir()
    (root / "only-in-the-image").touch()
    shutil.copy(busybox, root / "bin" / "busybox")
    for tool in TOOLS:
        (root / "bin" / tool).symlink_to("busybox")
    with tarfile.open(folder / "image.tar", "w") as tar:
        tar.add(root, ".")


def _try(podman: str, environ: dict[str, str]) -> str:
    done = subprocess.run(
        [podman, "run", "--rm", "--entrypoint", "/bin/true", IMAGE],
        env=os.environ | environ, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stderr.strip()[-300:]


@pytest.fixture
def images(bench: Any, compiled_here: Path, podman: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    bench.compiled = compiled_here
    for key, value in podman.items():
        monkeypatch.setenv(key, value)
    return bench


def _run(bench: Any, pipeline: str, **options: Any) -> Any:
    return bench.run(pipeline, options={"containers": "podman"} | options)


def _containers() -> str:
    return subprocess.run(["podman", "ps", "--all", "--quiet"], capture_output=True, text=True, check=True).stdout


def test_a_program_runs_in_its_image_with_its_inputs_outputs_and_variables(images: Any) -> None:
    result = _run(images, "shouts")
    assert result.outputs == {"Output": f'it\'s $HOME; "q"|{os.geteuid()}|one\ntwo'}
    loud = next(t for t in result.tasks if t.name == "shout").outputs["out"]["uri"].removeprefix("file://")
    assert Path(loud).read_text() == "HELLO WORLD"
    assert Path(loud).stat().st_uid == os.geteuid()
    assert all(task.cached for task in _run(images, "shouts").tasks)
    assert _containers() == ""


def test_another_image_under_the_same_tag_is_a_miss(images: Any) -> None:
    assert [task.cached for _ in range(2) for task in _run(images, "entry").tasks] == [False, True]
    subprocess.run(["podman", "tag", IMAGE, "localhost/clew-test/kept"], check=True)
    try:
        change = ["podman", "import", "-q", "--change", 'ENTRYPOINT ["/bin/sh"]', "--message", "another"]
        tar = Path(os.environ["CONTAINERS_STORAGE_CONF"]).with_name("image.tar")
        subprocess.run([*change, str(tar), IMAGE], check=True, capture_output=True)
        assert not any(task.cached for task in _run(images, "entry").tasks)
    finally:
        subprocess.run(["podman", "tag", "localhost/clew-test/kept", IMAGE], check=True)


def test_arguments_alone_go_to_the_entry_point_of_the_image(images: Any) -> None:
    uri = _run(images, "entry").outputs["Output"]["uri"]
    assert Path(uri.removeprefix("file://")).read_text() == "entry\n"


def test_a_container_cannot_change_its_inputs(images: Any) -> None:
    result = _run(images, "spoils")
    assert (result.state, "ended with exit code" in result.error) == ("FAILED", True)
    assert "Read-only file system" in result.error


def test_a_failed_container_tells_its_exit_code_and_last_words(images: Any) -> None:
    error = _run(images, "fails").error
    assert "ended with exit code 7" in error
    assert "last words" in error


def test_secrets_reach_a_container_and_stay_nowhere(images: Any, tmp_path: Path) -> None:
    value = "pass-" + "x9" * 6
    (tmp_path / "s.env").write_text(f"token={value}")
    seen = set(Path("/dev/shm").glob("clew-*"))
    result = _run(images, "secrets", secrets={"s": tmp_path / "s.env"})
    assert result.outputs == {"Output": f"{2 * len(value) + 1}\n"}
    assert [p for p in images.home.rglob("*") if p.is_file() and value.encode() in p.read_bytes()] == []
    assert set(Path("/dev/shm").glob("clew-*")) == seen


def test_a_container_past_its_timeout_is_gone(images: Any) -> None:
    result = _run(images, "hangs", step_timeout_s=1.0)
    assert "longer than 1 s" in result.error
    assert _containers() == ""


def test_what_a_dead_runner_left_behind_is_stopped_by_the_next_run(images: Any) -> None:
    script = (
        "import sys; from pathlib import Path; from clew.executors.pipeline.run import RunOptions, run_pipeline\n"
        "from clew.metadata.blobs.local import LocalStore; from clew.metadata.record import Record\n"
        "home = Path(sys.argv[1])\n"
        "with Record.open(home) as record:\n"
        "    run_pipeline(record, LocalStore(home / 'blobs'), Path(sys.argv[2]), {},\n"
        "                 options=RunOptions(home=home, containers='podman'))\n"
    )
    runner = subprocess.Popen([sys.executable, "-c", script, str(images.home), str(images.compiled / "hangs.yaml")])
    _until(lambda: _containers() != "")
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    assert _containers() != ""
    _run(images, "entry")
    _until(lambda: _containers() == "")


def test_a_canceled_container_is_gone(images: Any) -> None:
    seen: list[str] = []

    def watch() -> None:
        _until(lambda: _containers() != "")
        seen.append(_containers())
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = _run(images, "hangs")
    watcher.join()
    assert (result.state, bool(seen), _containers()) == ("CANCELED", True, "")


def test_an_image_that_is_not_to_be_had_fails_its_task_by_name(images: Any) -> None:
    result = _run(images, "missing-image")
    assert result.state == "FAILED"
    assert "no image localhost/clew-test/no-such-image:1" in result.error


def test_a_python_component_on_another_image_runs_in_it(images: Any) -> None:
    result = _run(images, "custom-image")
    assert "python3" in result.error  # the image has none: it was the image that was asked


def _until(holds: Any) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


@pytest.mark.parametrize(("choice", "words"), [("refuse", "not run here"), ("podman", "podman is not installed")])
def test_without_an_engine_the_task_and_its_image_are_refused_before_anything_starts(
    bench: Any, compiled_here: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, choice: str, words: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    bench.compiled = compiled_here
    with pytest.raises(InvalidPipeline) as refused:
        bench.run("shouts", options={"containers": choice})
    assert all(word in str(refused.value) for word in ("'shout'", IMAGE, words, "--containers host"))
    assert bench.record.seq() == 0


def test_an_engine_that_does_not_answer_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("docker", "podman"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'no daemon' >&2; exit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    engine, why = find_engine("auto")
    assert engine is None
    assert why == "docker does not answer: no daemon; podman does not answer: no daemon"


def test_docker_is_told_the_user_the_mounts_the_limits_and_names_of_variables_but_no_value(tmp_path: Path) -> None:
    engine = Engine("docker", "/usr/bin/docker", ("--user", "7:8"))
    asked = Work(("sh", "-c", "x"), tmp_path, tmp_path / "log", {"TOKEN": "hidden", "PATH": "/secret-bin"})
    binds = [Bind(Path("/a,b"), "/a,b"), Bind(Path("/c"), "/c", read_only=False)]
    work = engine.work(asked, "image:1", "clew-1", binds, Limits(1.5, 1 << 20, ("0", "2")), args=["y"])
    assert work.command == (
        "/usr/bin/docker", "run", "--rm", "--name", "clew-1", "--user", "7:8", "--security-opt", "label=disable",
        "--mount", 'type=bind,"source=/a,b","target=/a,b",readonly', "--mount", "type=bind,source=/c,target=/c",
        "--env", "TOKEN", "--env-file", "/dev/stdin", "--cpus", "1.5", "--memory", "1048576",
        "--gpus", '"device=0,2"', "--entrypoint", "sh", "image:1", "-c", "x", "y",
    )  # fmt: skip
    assert work.environ["TOKEN"] == "hidden"
    assert work.environ["PATH"] == os.environ["PATH"]
    assert work.given == b"PATH=/secret-bin\n"
    assert work.ends == (("/usr/bin/docker", "kill", "clew-1"), ("/usr/bin/docker", "rm", "--force", "clew-1"))
