"""Runs a program that sees folders where it asked for them, and nobody else does: a mount namespace of its own.

    python private_mounts.py STAGE -- PROGRAM ARGS   with the mounts as JSON on standard input

Each mount is {path, folder} or {path, files: {name: base64}}, and read_only. Files live in memory, inside the
namespace: they are never on a disk, and gone with the program. Where ``path`` does not exist, the folder above it is
replaced by one in memory that shows the same entries and the new one beside them; the machine's own folders are left
alone. STAGE is an empty folder that is needed when that folder is ``/``.

Root makes a namespace as it is; another user makes a user namespace first, in which it stays who it is. The program
replaces this one: its id, session, user and end are as if it had been started alone. This file stands alone, for speed.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import stat
import sys
from typing import Any

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_READ_ONLY, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE, _RELATIVE_ATIME = 1, 32, 4096, 16384, 1 << 18, 1 << 21
_libc = ctypes.CDLL(None, use_errno=True)
_copies: set[int] = set()
"""Devices of the folders that were copied into memory."""
_mounted: list[str] = []
"""Paths of the mounts made so far."""


def main(stage: str, command: list[str]) -> None:
    """Make the mounts, then become ``command``."""
    mounts: list[dict[str, Any]] = json.load(sys.stdin)
    cwd = os.getcwd()
    _enter()
    root = _root_for(mounts, stage)
    for mount in sorted(mounts, key=lambda m: m["path"].count("/")):
        _place(root, mount)
    if root != "/":
        os.chroot(root)
    os.chdir(cwd)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.execvp(command[0], command)


def _enter() -> None:
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(_NEW_MOUNTS if uid == 0 else _NEW_MOUNTS | _NEW_USER), "a namespace of its own")
    if uid != 0:
        for name, text in (("uid_map", f"{uid} {uid} 1"), ("setgroups", "deny"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w") as stream:
                stream.write(text)
    _mount(None, "/", _PRIVATE | _RECURSIVE)


def _root_for(mounts: list[dict[str, Any]], stage: str) -> str:
    """``/``, or a copy of it in memory when something is to stand directly below it that is not there."""
    tops = {"/" + mount["path"].split("/")[1] for mount in mounts}
    if all(os.path.isdir(top) for top in tops):
        return "/"
    _copy("/", stage)
    return stage


def _place(root: str, mount: dict[str, Any]) -> None:
    path = root.rstrip("/") + mount["path"]
    _make(path)
    _mounted.append(path)
    if mount.get("files") is not None:
        _mount("tmpfs", path, 0, "mode=0755")
        for name, text in mount["files"].items():
            with open(os.open(f"{path}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as stream:
                stream.write(base64.b64decode(text))
        if mount["read_only"]:
            _mount(None, path, _REMOUNT | _READ_ONLY)
        return
    _mount(mount["folder"], path, _BIND | _RECURSIVE)
    if mount["read_only"]:
        _mount(None, path, _REMOUNT | _BIND | _READ_ONLY | _locked(path))


def _locked(path: str) -> int:
    """Flags of the mount that a user namespace may not take away."""
    now = os.statvfs(path).f_flag
    flags = now & (os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | os.ST_NOATIME | os.ST_NODIRATIME)
    return flags | (_RELATIVE_ATIME if now & os.ST_RELATIME else 0)


def _make(path: str) -> None:
    """Make ``path`` a folder, without making anything on the machine's own disks."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    _make(above)
    if os.stat(above).st_dev not in _copies and not any(above == m or above.startswith(m + "/") for m in _mounted):
        _copy(above, above)
    os.mkdir(path, 0o755)  # inside a volume of ours: in the volume itself, as Kubernetes does


def _copy(source: str, target: str) -> None:
    """Put a folder in memory at ``target`` that shows the entries of ``source``."""
    held = os.open(source, os.O_PATH | os.O_DIRECTORY)
    entries = sorted(os.listdir(f"/proc/self/fd/{held}"))
    _mount("tmpfs", target, 0, "mode=0755")
    _copies.add(os.stat(target).st_dev)
    for name in entries:
        old, new = f"/proc/self/fd/{held}/{name}", f"{target}/{name}"
        mode = os.lstat(old).st_mode
        if stat.S_ISLNK(mode):
            os.symlink(os.readlink(old), new)
            continue
        if stat.S_ISDIR(mode):
            os.mkdir(new)
        else:
            os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        _mount(old, new, _BIND | _RECURSIVE)
    os.close(held)


def _mount(source: str | None, target: str, flags: int, data: str = "") -> None:
    kind = b"tmpfs" if source == "tmpfs" else None
    said = _libc.mount(
        source.encode() if source else None, target.encode(), kind, ctypes.c_ulong(flags), data.encode() or None
    )
    _check(said, f"a mount at {target}")


def _check(said: int, what: str) -> None:
    if said != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[3:])
    except (OSError, KeyError, ValueError) as error:
        print(f"the volumes of the step cannot be mounted: {error}", file=sys.stderr)
        sys.exit(125)
