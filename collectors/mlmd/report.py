"""The report of an import or export: what was moved, and the proof; a JSON file beside the home."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

from clew.metadata.blobs.failure import write_failed
from clew.metadata.errors import StoreReadOnly


def place_of(home: Path, what: str, label: str) -> Path:
    """Where the report of this moment goes: beside the home, named after it and the store."""
    safe = re.sub(r"[^\w.-]+", "-", label)[:80]
    stem = f"{home.name}.{what}-{safe}-{time.strftime('%Y%m%d-%H%M%S')}"
    names = (stem, *(f"{stem}-{number}" for number in range(2, 1000)))
    return next(place for name in names if not (place := home.with_name(f"{name}.json")).exists())


def check_writable(place: Path) -> None:
    """Refuse a place where no report can be written, before the work is done. Errors: StoreReadOnly."""
    folder = next(parent for parent in place.absolute().parents if parent.exists())  # a new home brings its own
    if not os.access(folder, os.W_OK) or place.is_dir():
        raise StoreReadOnly(
            f"the report cannot be written to {place}",
            field="report",
            value=str(place),
            remedy="Name a file in a folder you may write to: --report FILE",
        )


def write_report(place: Path, told: dict[str, Any]) -> None:
    """Write the report; it appears whole or not at all. Errors: StoreFull, StoreReadOnly."""
    draft = place.with_name(f".{place.name}.partial-{os.getpid()}")
    try:
        draft.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(draft, place)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise write_failed(error, str(place)) from error
