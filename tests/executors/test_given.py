from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from clew.executors.pipeline.given import read_given, read_keys
from clew.metadata.errors import Invalid

VALUE = "s3cr3t-value"
ENCODED = base64.b64encode(VALUE.encode()).decode()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.env", f"# why\n\nexport k='{VALUE}'\nother = 1 \n"),
        ("a.json", json.dumps({"k": VALUE, "other": "1"})),
        ("a.yaml", f"k: {VALUE}\nother: '1'\n"),
        ("m.yaml", f"apiVersion: v1\nkind: Secret\ndata: {{k: {ENCODED}}}\nstringData: {{other: '1'}}\n"),
        ("c.yml", f"apiVersion: v1\nkind: ConfigMap\ndata: {{k: {VALUE}, other: '1'}}\n"),
    ],
)
def test_keys_are_read_from_each_kind_of_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_keys("secret", "s", tmp_path / name) == {"k": VALUE.encode(), "other": b"1"}


def test_a_folder_is_read_as_kubernetes_mounts_one(tmp_path: Path) -> None:
    data = tmp_path / "..2026"
    data.mkdir()
    (data / "k").write_bytes(b"\xff\x00")
    (tmp_path / "..data").symlink_to(data)
    (tmp_path / "k").symlink_to("..data/k")
    assert read_keys("secret", "s", tmp_path) == {"k": b"\xff\x00"}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.env", f"k=1\n{VALUE}\n", "line 2 is not KEY=value"),
        ("a.json", '{"k": ' + VALUE, "not JSON at line 1"),
        ("a.yaml", f"k: [{VALUE}", "not YAML"),
        ("a.yaml", f"- {VALUE}", "no object of keys"),
        ("a.yaml", "k: 5432", "'k' is no text"),
        ("a.yaml", f"apiVersion: v1\nkind: Secret\ndata: {{k: '{VALUE}'}}", "not base64"),
        ("a.json", json.dumps({"a/b": VALUE}), "key 'a/b'"),
        ("a.env", "k=" + VALUE * 100_000, "1 MiB"),
    ],
)
def test_what_cannot_be_read_is_told_without_showing_a_value(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Invalid) as refused:
        read_keys("secret", "db", tmp_path / name)
    assert words in refused.value.message
    assert "--secret db" in refused.value.message
    assert VALUE not in str(refused.value.as_dict())
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("option", ["secrets", "config_maps", "volumes"])
def test_what_is_not_there_is_refused_by_option_and_path(tmp_path: Path, option: str) -> None:
    chosen: dict[str, dict[str, str | Path]] = {"secrets": {}, "config_maps": {}, "volumes": {}}
    chosen[option] = {"x": tmp_path / "nowhere"}
    with pytest.raises(Invalid, match="nowhere") as refused:
        read_given(**chosen)
    assert refused.value.field == {"secrets": "secret", "config_maps": "config-map", "volumes": "volume"}[option]


def test_a_user_who_is_not_root_gets_private_mounts_and_stays_who_they_are(tmp_path: Path) -> None:
    python = shutil.which("python3", path="/usr/bin:/bin")
    program = Path(__file__).parents[2] / "executors" / "private_mounts.py"
    if python is None or os.geteuid() != 0:
        pytest.skip("needs root, to become another user, and a Python that every user may run")
    open_folder = Path("/var/tmp") / f"clew-{os.getpid()}"  # pytest's own folders are closed to others
    try:
        open_folder.mkdir(mode=0o755)
        shutil.copy(program, open_folder / "mounts.py")
        (open_folder / "stage").mkdir()
        os.chown(open_folder / "stage", 65534, 65534)
        mounts = [
            {"path": "/etc/clew-test/s", "files": {"k": ENCODED}, "read_only": True},
            {"path": "/clew-test/d", "folder": str(open_folder), "read_only": True},
        ]
        script = "id -u; cat /etc/clew-test/s/k; echo; ls /clew-test/d; touch /clew-test/d/no 2>&1; "
        script += "grep CapEff /proc/self/status"
        done = subprocess.run(
            [python, "-I", "-S", str(open_folder / "mounts.py"), str(open_folder / "stage"), "--", "sh", "-c", script],
            input=json.dumps(mounts), capture_output=True, text=True, user=65534, group=65534, extra_groups=[],
            cwd=open_folder,
        )  # fmt: skip
    finally:
        shutil.rmtree(open_folder, ignore_errors=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:4] == ["65534", VALUE, "mounts.py", "stage"]
    assert "Read-only file system" in done.stdout
    assert done.stdout.split()[-1] == "0" * 16
