"""Artifact bytes: content-addressed, hashed while streaming, published atomically, verified by us."""

from clew.metadata.blobs.audit import Audit, verify, verify_all
from clew.metadata.blobs.local import LocalStore
from clew.metadata.blobs.protocol import ArtifactStore, Blob
from clew.metadata.blobs.restore import checkout
from clew.metadata.blobs.tree import digest_of_path, is_tree

__all__ = [
    "ArtifactStore",
    "Audit",
    "Blob",
    "LocalStore",
    "checkout",
    "digest_of_path",
    "is_tree",
    "verify",
    "verify_all",
]
