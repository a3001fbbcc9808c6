"""Generate the Python code of the wire contract: ``python -m clew.api.mlmd.generate``; ``--check`` fails on drift."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The repository: imports in the .proto files are spelled from here, through the links in ``clew/``."""
FOLDER = Path("clew/api/mlmd/proto")
CONTRACTS = ("metadata_store.proto", "metadata_store_service.proto")


def generate(into: Path) -> None:
    """Write the code of every contract under ``into``."""
    from grpc_tools import protoc

    arguments = ["protoc", f"-I{ROOT}", f"-I{Path(protoc.__file__).parent / '_proto'}"]
    arguments += [f"--python_out={into}", f"--pyi_out={into}"]
    if protoc.main([*arguments, *(str(ROOT / FOLDER / name) for name in CONTRACTS)]):
        sys.exit("protoc refused the contract; see above")


def drifted() -> list[str]:
    """The committed files that are not what the contract generates."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        made = sorted((Path(folder) / FOLDER).iterdir())
        return [f.name for f in made if f.read_text() != _committed(ROOT / FOLDER / f.name)]


def _committed(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def main(arguments: list[str]) -> None:
    """Generate, or check."""
    if "--check" not in arguments:
        generate(ROOT)
        return
    if found := drifted():
        sys.exit(f"not what the .proto files generate: {', '.join(found)}; run python -m clew.api.mlmd.generate")


if __name__ == "__main__":
    main(sys.argv[1:])
