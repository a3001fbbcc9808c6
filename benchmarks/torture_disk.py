"""A disk that fills up under a writer: one clean error, nothing lost, and on it goes when there is space again."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

from torture_check import Tally, check
from torture_writer import change_of, kind_of, seed

from clew.metadata.errors import StoreFull
from clew.metadata.record import Record

DISK = "size=32m"


def fill_the_disk(folder: Path, rounds: int) -> Tally:
    """Fill a small tmpfs, free it, fill it again; PermissionError where none can be mounted."""
    disk, notes, tally = folder / "disk", folder / "notes", Tally()
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", DISK, "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        raise PermissionError("a small file system cannot be mounted (needs root)")
    try:
        with Record.open(disk / "home") as record:
            seed(record)
            for n in range(rounds):
                ballast = disk / "ballast"
                ballast.write_bytes(b"x" * max(0, shutil.disk_usage(disk).free - random.Random(n).randrange(400_000)))
                _write_until_full(record, notes, f"full{n}", tally)
                ballast.unlink()
                _write_some(record, notes, f"free{n}", tally)
                check(record, notes, tally)
                tally.rounds += 1
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=False)
    return tally


def _write_until_full(record: Record, notes: Path, tag: str, tally: Tally) -> None:
    refused = 0
    for n in range(100_000):
        try:
            _write(record, notes, f"{tag}.{n}")
        except StoreFull:
            refused += 1
            if refused == 5:
                return
        except Exception as error:
            tally.note("other", f"a full disk is told as {type(error).__name__}: {error}")
            return
    tally.note("other", "the disk never filled")


def _write_some(record: Record, notes: Path, tag: str, tally: Tally) -> None:
    for n in range(20):
        try:
            _write(record, notes, f"{tag}.{n}")
        except Exception as error:
            tally.note("other", f"with space again: {type(error).__name__}: {error}")


def _write(record: Record, notes: Path, tag: str) -> None:
    if kind_of(tag) == "type":
        return
    with notes.open("a") as out:
        out.write(f"I {tag}\n")
        receipt = record.commit(change_of(tag))
        out.write(f"A {tag} {receipt.seq} {','.join(map(str, receipt.node_ids))}\n")
