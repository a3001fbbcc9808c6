"""A notebook to be run: its code, and the fingerprint of running it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.executors.code import normalised
from clew.executors.fingerprint import Content, Fingerprint, fingerprint, stated
from clew.metadata.errors import Invalid

MOST_BYTES = 100 << 20


@dataclass(frozen=True, slots=True)
class Book:
    """A notebook file."""

    path: Path
    cells: list[str]
    """Sources of its code cells."""
    kernel: str
    """Name of the kernel it asks for."""

    @property
    def text(self) -> str:
        """Its code as one text."""
        return "".join(f"# %%\n{cell.rstrip()}\n\n" for cell in self.cells)


def read_book(path: Path) -> Book:
    """Read a notebook (nbformat 4). Errors: Invalid."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError("it is larger than 100 MiB")
        said = json.loads(path.read_text("utf-8"))
        if said["nbformat"] != 4:
            raise ValueError(f"it is of nbformat {said['nbformat']}, not 4")
        cells = [_source(cell) for cell in said["cells"] if cell["cell_type"] == "code"]
        kernel = said.get("metadata", {}).get("kernelspec", {}).get("name", "")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Invalid(
            f"{path} is no notebook that can be run: {reason}",
            field="notebook",
            value=str(path),
            remedy="Give a notebook of Jupyter (.ipynb, nbformat 4)",
        ) from error
    return Book(path, cells, str(kernel))


def fingerprint_of(
    book: Book,
    parameters: Mapping[str, Any],
    *,
    inputs: Mapping[str, list[Content]],
    packages: Mapping[str, str],
    python: str,
    kernel: str,
    salt: str,
) -> Fingerprint:
    """What the result of running ``book`` depends on, beside the files it is seen to read."""
    parts = {
        "code": [normalised(cell) for cell in book.cells],
        "parameters": dict(parameters),
        "packages": dict(packages),
        "python": python,
        "kernel": kernel or book.kernel,
        "salt": salt,
    }
    return fingerprint(stated(parts), inputs)


def _source(cell: Any) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
