"""The wheel ships what the tree holds: a package missing from pyproject works editable and breaks once installed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).resolve().parents[2]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
DIRECTORIES: dict[str, str] = {directory: name for name, directory in SETUPTOOLS["package-dir"].items()}
LINKED = sorted(set(DIRECTORIES) - {"clew"})


def shipped_name(file: Path) -> PurePosixPath:
    """Where a file of the tree lies in the wheel."""
    return PurePosixPath(DIRECTORIES[file.parts[0]].replace(".", "/"), *file.parts[1:])


def of_the_package(tree: list[Path]) -> list[Path]:
    return [file for file in tree if file.parts[0] in DIRECTORIES and not (ROOT / file).is_symlink()]


def test_every_package_of_the_tree_is_declared(tree: list[Path]) -> None:
    inits = [file for file in of_the_package(tree) if file.name == "__init__.py"]
    assert {".".join(shipped_name(file).parent.parts) for file in inits} == set(SETUPTOOLS["packages"])


def test_every_module_lies_in_a_package(tree: list[Path]) -> None:
    homeless = [f for f in of_the_package(tree) if f.suffix == ".py" and not (ROOT / f.parent / "__init__.py").exists()]
    assert homeless == []


def test_the_wheel_holds_every_module_and_every_declared_data_file(tree: list[Path], built: dict[str, Path]) -> None:
    suffixes = {".py", *(PurePosixPath(pattern).suffix for pattern in SETUPTOOLS["package-data"]["*"])} - {""}
    wanted = {str(shipped_name(f)) for f in of_the_package(tree) if f.suffix in suffixes and f.parts[0] != "ui"}
    assert wanted - set(zipfile.ZipFile(built["wheel"]).namelist()) == set()


def test_the_wheel_holds_nothing_but_clew(built: dict[str, Path]) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(built["wheel"]).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"clew"}


def test_the_wheel_ships_the_licence_and_the_typing_marker_of_each_directory(built: dict[str, Path]) -> None:
    names = zipfile.ZipFile(built["wheel"]).namelist()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    markers = {f"{name.replace('.', '/')}/py.typed" for d, name in DIRECTORIES.items() if d != "ui"}
    assert markers <= set(names)


def test_the_sdist_holds_what_a_build_reads(built: dict[str, Path]) -> None:
    with tarfile.open(built["sdist"]) as sdist:
        names = {name.split("/", 1)[-1] for name in sdist.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "metadata/errors.py", "clew/__init__.py"} <= names


@pytest.fixture(scope="module")
def installed(built: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with the wheel; its dependencies are this one's, ours is not."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    python = venv / "bin" / "python"
    uv = [find_uv_bin(), "--offline", "--quiet"]
    subprocess.run([*uv, "venv", "--python", sys.executable, str(venv)], check=True)
    subprocess.run([*uv, "pip", "install", "--no-deps", "--python", str(python), str(built["wheel"])], check=True)
    site = next(venv.glob("lib/python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def run(python: Path, *arguments: str) -> str:
    done = subprocess.run([str(python), *arguments], capture_output=True, text=True, cwd=python.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_installed_wheel_imports_itself_and_not_the_checkout(installed: Path) -> None:
    out = run(installed, "-c", "import clew, clew.metadata.errors as e; print(clew.__file__); print(e.__file__)")
    assert all(Path(line).is_relative_to(installed.parents[1]) for line in out.splitlines())


def test_every_declared_package_imports_from_the_installed_wheel(installed: Path) -> None:
    run(installed, "-c", "; ".join(f"import {package}" for package in SETUPTOOLS["packages"]))


def test_the_installed_command_says_the_version_of_the_package(installed: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version in run(installed, "-m", "clew", "version")
    command = subprocess.run([str(installed.with_name("clew")), "version"], capture_output=True, text=True)
    assert (command.returncode, version in command.stdout) == (0, True)


@pytest.mark.parametrize("directory", LINKED)
def test_the_links_for_type_checkers_point_at_the_root(directory: str) -> None:
    assert (ROOT / "clew" / directory).readlink() == Path("..", directory)
