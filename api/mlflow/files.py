"""Files of the artifact proxy: a table of path and digest over the home's artifact store."""

from __future__ import annotations

from typing import Any, NamedTuple

from clew.api.mlflow.errors import NOT_THERE, Refused
from clew.api.mlflow.paths import joined, split
from clew.api.mlflow.store.database import Session
from clew.metadata.blobs.protocol import Blob
from clew.metadata.digest import Digest

SCHEME = "mlflow-artifacts:/"
MOST_FILES = 100_000
"""Of one folder, taken together or deleted at once."""


class Info(NamedTuple):
    """One entry of a folder."""

    name: str
    is_dir: bool
    size_bytes: int

    def told(self, folder: str = "") -> dict[str, Any]:
        """As MLflow tells it, with ``folder`` before its name."""
        told: dict[str, Any] = {"path": joined(folder, self.name), "is_dir": self.is_dir}
        return told if self.is_dir else told | {"file_size": self.size_bytes}


def put(tx: Session, path: str, blob: Blob, now_ms: int) -> None:
    """Let ``path`` be these bytes. Errors: Refused where it is a folder, or lies in what is a file."""
    folder, name = split(path)
    if tx.one("SELECT 1 FROM ml_folder WHERE parent = ? AND name = ?", (folder, name)):
        raise Refused(f"Artifact path refers to a directory, not a file: '{path}'")
    _make_folder(tx, folder)
    tx.execute(
        "INSERT INTO ml_file (folder, name, digest, size_bytes, updated_ms) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (folder, name) DO UPDATE SET digest = excluded.digest, size_bytes = excluded.size_bytes,"
        " updated_ms = excluded.updated_ms, told = 0",
        (folder, name, blob.digest, blob.size_bytes, now_ms),
    )


def find(tx: Session, path: str) -> Blob:
    """What lies at ``path``. Errors: Refused where nothing does, or a folder."""
    folder, name = split(path)
    row = tx.one("SELECT digest, size_bytes FROM ml_file WHERE folder = ? AND name = ?", (folder, name))
    if row is not None:
        return Blob(Digest(row[0]), row[1])
    if tx.one("SELECT 1 FROM ml_folder WHERE parent = ? AND name = ?", (folder, name)):
        raise Refused(f"Artifact path refers to a directory, not a file: '{path}'")
    raise Refused(f"No such artifact: '{path}'", NOT_THERE)


def entries(tx: Session, folder: str) -> list[Info]:
    """What lies in ``folder``, by name; nothing where it is a file or is not there."""
    found = [Info(name, True, 0) for (name,) in tx.fetch("SELECT name FROM ml_folder WHERE parent = ?", (folder,))]
    rows = tx.fetch("SELECT name, size_bytes FROM ml_file WHERE folder = ?", (folder,))
    return sorted(found + [Info(name, False, size) for name, size in rows])


def below(tx: Session, folder: str) -> dict[str, Blob]:
    """Every file below ``folder`` by its path in it. Errors: Refused for more than 100,000."""
    found: dict[str, Blob] = {}
    waiting = [""]
    while waiting:
        inner = waiting.pop()
        at = joined(folder, inner)
        for name, digest, size in tx.fetch("SELECT name, digest, size_bytes FROM ml_file WHERE folder = ?", (at,)):
            found[joined(inner, name)] = Blob(Digest(digest), size)
        waiting += [joined(inner, name) for (name,) in tx.fetch("SELECT name FROM ml_folder WHERE parent = ?", (at,))]
        if len(found) + len(waiting) > MOST_FILES:
            raise Refused(f"'{folder}' holds more than {MOST_FILES} files")
    return found


def remove(tx: Session, path: str) -> list[str]:
    """Forget the file or folder at ``path``; the paths of the files that were there.

    The bytes stay: the record still tells of them.
    """
    folder, name = split(path)
    gone = [joined(path, inner) for inner in below(tx, path)]
    for parent in sorted({split(one)[0] for one in gone} | {path}, reverse=True):
        tx.execute("DELETE FROM ml_file WHERE folder = ?", (parent,))
        tx.execute("DELETE FROM ml_folder WHERE parent = ?", (parent,))
    if tx.one("SELECT 1 FROM ml_file WHERE folder = ? AND name = ?", (folder, name)):
        gone.append(path)
    tx.execute("DELETE FROM ml_file WHERE folder = ? AND name = ?", (folder, name))
    tx.execute("DELETE FROM ml_folder WHERE parent = ? AND name = ?", (folder, name))
    return gone


def proxied(location: str) -> str:
    """The folder of the proxy that an artifact location names.

    Errors: Refused for a place that clients read and write themselves.
    """
    if not location.startswith(SCHEME):
        raise Refused(
            f"The artifacts at {location} are not kept by this server; clients read and write them there.",
            "NOT_IMPLEMENTED",
        )
    return location.removeprefix(SCHEME).strip("/")


def _make_folder(tx: Session, folder: str) -> None:
    while folder:
        parent, name = split(folder)
        if tx.one("SELECT 1 FROM ml_file WHERE folder = ? AND name = ?", (parent, name)):
            raise Refused(f"Artifact path refers to a file, not a directory: '{folder}'")
        if tx.one("SELECT 1 FROM ml_folder WHERE parent = ? AND name = ?", (parent, name)):
            return
        tx.execute("INSERT INTO ml_folder (parent, name) VALUES (?, ?)", (parent, name))
        folder = parent
