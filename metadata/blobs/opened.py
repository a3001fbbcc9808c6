"""Open the artifact store that a URL or a path names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from clew.metadata.blobs.local import LocalStore
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.errors import Invalid

SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")


def open_store(where: str, default: Path) -> ArtifactStore:
    """The store at ``where``: a folder, a ``file://`` URL, the URL of an object store; empty: the ``default`` folder.

    Nothing is asked of a remote store yet.
    Errors: Invalid for a URL that names none, or holds credentials; or when the extra that knows it is missing.
    """
    if not where:
        return LocalStore(default)
    parts = urlsplit(where)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return LocalStore(Path(unquote(parts.path)))
    if "://" not in where:
        return LocalStore(Path(where).expanduser())
    if parts.scheme not in SCHEMES:
        raise Invalid(
            f"{parts.scheme!r} is no kind of artifact store", field="artifacts", value=_bare(where),
            remedy="Give a folder, s3://bucket/prefix, gs://bucket/prefix or az://account/container/prefix",
        )  # fmt: skip
    if parts.username is not None or parts.query or parts.fragment:
        raise Invalid(
            "the URL of an artifact store must not hold credentials or options", field="artifacts", value=_bare(where),
            remedy="Put them into the environment, as AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL",
        )  # fmt: skip
    try:
        from clew.metadata.blobs.remote import RemoteStore
    except ImportError as error:
        raise Invalid(
            f"{parts.scheme}:// needs obstore, which is not installed", field="artifacts", value=where,
            remedy="pip install clew[artifacts]",
        ) from error  # fmt: skip
    return RemoteStore(where)


def _bare(where: str) -> str:
    parts = urlsplit(where)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
