"""Directories put together from files that are kept already, without copying a byte of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Union

from clew.metadata.blobs import tree
from clew.metadata.blobs.protocol import ArtifactStore, Blob
from clew.metadata.errors import Invalid, LimitExceeded

_Folder = dict[str, Union[Blob, "_Folder"]]


def assemble(files: Mapping[str, Blob], store: ArtifactStore) -> Blob:
    """Keep the directory in which ``files`` lie at their paths (``conda.yaml``, ``data/model.pkl``).

    Errors: Invalid where a path is also a folder, is absolute or holds ``..``; LimitExceeded below 128 levels; those of
    the store.
    """
    root: _Folder = {}
    for path, blob in files.items():
        parts = path.split("/")
        if any(part in ("", ".", "..") for part in parts):
            raise Invalid(f"{path!r} is no path inside a directory", field="path", value=path)
        if len(parts) > tree.MAX_DEPTH:
            raise LimitExceeded(f"{path!r:.80} is more than {tree.MAX_DEPTH} levels deep", field="path", value=path)
        at = root
        for part in parts[:-1]:
            inner = at.setdefault(part, {})
            if isinstance(inner, Blob):
                raise Invalid(f"{path!r} lies in what is a file", field="path", value=path)
            at = inner
        if parts[-1] in at:
            raise Invalid(f"{path!r} is a file and a folder", field="path", value=path)
        at[parts[-1]] = blob
    return _fold(root, store.put_manifest)


def _fold(folder: _Folder, keep: Callable[[bytes], None]) -> Blob:
    entries: dict[str, tree.Entry] = {}
    for name, found in folder.items():
        blob = found if isinstance(found, Blob) else _fold(found, keep)
        entries[name] = tree.Entry("file" if isinstance(found, Blob) else "tree", blob.digest, blob.size_bytes)
    manifest = tree.write_manifest(entries)
    keep(manifest)
    return Blob(tree.digest_of_manifest(manifest), tree.size_of(entries))
