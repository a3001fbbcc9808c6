"""Compare a home with itself: the record's tables with its log, stored bytes with their digests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from clew.metadata import digest as digests
from clew.metadata.errors import ClewError
from clew.metadata.reader import Reader
from clew.metadata.states import ArtifactState
from clew.sdk.files import STORED
from clew.upkeep.backup import Tell
from clew.wiring import Home


@dataclass(slots=True)
class Findings:
    """What was checked and what was wrong."""

    seq: int = 0
    changes: int | None = None
    """Changes replayed; None when the record was not checked. Likewise ``blobs``."""
    blobs: int | None = None
    size_bytes: int = 0
    damage: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As one JSON object."""
        return {
            "ok": not self.damage,
            "seq": self.seq,
            "changes": self.changes,
            "blobs": self.blobs,
            "size_bytes": self.size_bytes,
            "damage": self.damage,
        }


def verify_home(home: Home, *, record: bool, bytes: bool, tell: Tell) -> Findings:
    """Replay the log and compare; read every stored blob and every blob the record names, and compare.

    Errors: those of opening the record. Damage is told in the findings.
    """
    found = Findings()
    with home.record.read() as reader:
        found.seq = reader.seq
        if record:
            _verify_record(reader, found, tell)
        if bytes:
            _verify_bytes(home, reader, found, tell)
    return found


def _verify_record(reader: Reader, found: Findings, tell: Tell) -> None:
    from clew.metadata.replay import differences

    if reader.dialect == "sqlite":
        answers = [row[0] for row in reader.query("PRAGMA quick_check(20)")]
        found.damage += [f"database: {answer}" for answer in answers if answer != "ok"]
    try:
        tell("record", 0, reader.seq)
        found.damage += differences(reader, lambda seq: tell("record", seq, reader.seq))
        found.changes = reader.seq
    except ClewError as error:
        found.damage.append(f"record: {error.message}")


def _verify_bytes(home: Home, reader: Reader, found: Findings, tell: Tell) -> None:
    from clew.metadata.blobs import verify_all

    promised = dict(_promised(home, reader))
    stored = set(home.blobs.digests())
    wanted = sorted(stored | promised.keys())
    audit = verify_all(home.blobs, wanted, lambda done, _: tell("bytes", done, len(wanted)))
    found.blobs, found.size_bytes = audit.checked, audit.size_bytes
    for digest, error in audit.damage.items():
        of = f" ({promised[digest]})" if digest in promised else ""
        found.damage.append(f"{digest}{of}: {error.message}")


def _promised(home: Home, reader: Reader) -> Iterator[tuple[digests.Digest, str]]:
    """The digests of artifacts whose bytes this home keeps, with an artifact that has them.

    Those are the artifacts that lie in the home, or in its artifact store elsewhere, and the files that the SDK kept a
    copy of; other bytes are known by digest only.
    """
    within = home.blobs.url or home.path.as_uri()
    copies = "" if home.blobs.url else f'%"{STORED}":true%'  # the SDK keeps its copies in the home
    rows = reader.query(
        "SELECT MIN(id), digest FROM artifact WHERE digest IS NOT NULL AND state = ? "
        "AND ((location >= ? AND location < ?) OR CAST(custom_properties AS TEXT) LIKE ?) GROUP BY digest",
        (int(ArtifactState.LIVE), f"{within}/", f"{within}0", copies),
    )
    for artifact_id, digest in rows:
        yield digests.Digest(digest), f"artifact:{artifact_id}"
