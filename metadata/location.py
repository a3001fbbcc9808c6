"""The canonical address of bytes: the form in which protocols that spell URIs differently meet.

Source: OpenLineage naming specification (s3a and s3n are s3; no trailing slash; local paths are ``file``).
"""

from __future__ import annotations

import re

from clew.metadata.errors import Invalid

URI_MAX_CHARS = 8192
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(?=//|/|[^\s\\])")
_ALIAS = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "abfs": "abfss", "wasb": "wasbs"}
_HOST_IS_CASELESS = {"http", "https", "hdfs", "abfss", "wasbs", "ftp", "postgres", "postgresql", "mysql"}
_DEFAULT_PORT = {"http": ":80", "https": ":443", "hdfs": ":8020", "postgres": ":5432", "mysql": ":3306"}


def canonical(uri: str, field: str = "uri") -> str:
    """The canonical location of ``uri``; ``""`` for ``""``.

    Scheme lower case and by its one name, host lower case where hosts are caseless, default port and trailing
    slashes dropped, ``//`` runs in the path of local files folded, ``/abs/path`` read as ``file:///abs/path``.
    A text without a scheme that is not an absolute path stays as it is.
    Errors: Invalid for NUL, lone surrogates, or more than 8192 characters.
    """
    if uri == "":
        return ""
    if not isinstance(uri, str) or "\0" in uri or len(uri) > URI_MAX_CHARS or not _is_unicode(uri):
        raise Invalid(
            "uri is no text, holds NUL or a lone surrogate, or is longer than 8192 characters",
            field=field,
            value=f"{uri!r:.80}",
            remedy="Percent-encode the odd characters",
        )
    if uri[0] == "/":
        return "file://" + (_fold(uri).rstrip("/") or "/")
    match = _SCHEME.match(uri)
    if match is None:
        return uri.rstrip("/") or uri
    scheme = match[1].lower()
    scheme = _ALIAS.get(scheme, scheme)
    rest = uri[match.end() :]
    if scheme == "file":
        path = rest[2:] if rest.startswith("//") else rest
        if path.lower().startswith("localhost/"):
            path = path[9:]
        return "file://" + (_fold(path).rstrip("/") or "/")
    if not rest.startswith("//"):
        return f"{scheme}:{rest}"
    host, slash, path = rest[2:].partition("/")
    if scheme in _HOST_IS_CASELESS:
        user, at, name = host.rpartition("@")
        host = user + at + name.lower()
        host = host.removesuffix(_DEFAULT_PORT.get(scheme, ":0"))
    return f"{scheme}://{host}{(slash + path).rstrip('/')}"


def _fold(path: str) -> str:
    while "//" in path:
        path = path.replace("//", "/")
    return path


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
