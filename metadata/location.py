"""The canonical address of bytes: the form in which protocols that spell URIs differently meet.

Never holds credentials: they are no part of where something lies.
Source: OpenLineage naming specification (s3a and s3n are s3; no trailing slash; local paths are ``file``).
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from clew.metadata.errors import Invalid

URI_MAX_CHARS = 8192
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(?=//|/|[^\s\\])")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_ALIAS = {
    "s3a": "s3", "s3n": "s3", "gcs": "gs", "abfs": "abfss", "wasb": "abfss", "wasbs": "abfss",
    "postgresql": "postgres", "mariadb": "mysql", "mssql": "sqlserver", "hive2": "hive",
}  # fmt: skip
_DATABASES = {
    "postgres", "mysql", "sqlserver", "oracle", "redshift", "trino", "presto", "cassandra", "hive", "db2", "teradata",
    "crate", "clickhouse", "oceanbase", "vertica", "mongodb", "snowflake",
}  # fmt: skip
_HOST_IS_CASELESS = {"http", "https", "hdfs", "abfss", "ftp", "sftp", "kafka"} | _DATABASES
_DEFAULT_PORT = {
    "http": ":80", "https": ":443", "hdfs": ":8020", "postgres": ":5432", "mysql": ":3306", "sqlserver": ":1433",
    "oracle": ":1521", "redshift": ":5439", "cassandra": ":9042", "hive": ":10000", "kafka": ":9092",
    "mongodb": ":27017",
}  # fmt: skip
_WITHOUT_HOST = {"hdfs", "dbfs", "mlflow-artifacts", "runs", "models", "viewfs"}
"""``hdfs:/x`` and ``hdfs:///x`` are one: whoever reads it knows the host."""
_CLIENT = {"jdbc", "odbc"}
_SECRET = re.compile(
    r"(?i)(pass|pwd|secret|token|credential|signature|api[-_]?key|access[-_]?key|private[-_]?key|auth|^sig$|^key$|"
    r"^x-amz-|^x-goog-|^user(name)?$|^uid$|^awsaccesskeyid$|^se$|^sp$|^sv$|^sr$|^st$|^spr$|^expires$)"
)
_DATABASE = ("databasename", "database", "db", "servicename", "catalog")
_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


def canonical(uri: str, field: str = "uri") -> str:
    """The canonical location of ``uri``; ``""`` for ``""``.

    Scheme lower case and by its one name, host lower case where hosts are caseless, default port, trailing slashes,
    credentials, tokens and, of databases, options dropped; ``//``, ``.`` and ``..`` in the path of local files folded,
    ``/abs/path`` read as ``file:///abs/path``, JDBC and driver URLs as the database they lead to, wasb(s) as the
    abfss of its account. A text without a scheme that is not an absolute path stays as it is.
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
        return _file(uri)
    if _DRIVE.match(uri):
        return _file("/" + uri.replace("\\", "/"))
    match = _SCHEME.match(uri)
    if match is None:
        return uri.rstrip("/") or uri
    scheme, rest = match[1].lower(), uri[match.end() :]
    if scheme in _CLIENT:
        return _of_client(scheme, rest)
    if scheme == "file":
        path = rest[2:] if rest.startswith("//") else rest
        return _file(_unescaped(path[9:] if path.lower().startswith("localhost/") else path))
    if "+" in scheme and _ALIAS.get(scheme.partition("+")[0], scheme.partition("+")[0]) in _DATABASES:
        scheme = scheme.partition("+")[0]  # postgresql+psycopg: the driver is not the place
    scheme = _ALIAS.get(scheme, scheme)
    if scheme in _WITHOUT_HOST and (rest.startswith("///") or not rest.startswith("//")):
        return f"{scheme}:/{rest.strip('/')}" if rest.startswith("/") else f"{scheme}:{rest.rstrip('/')}"
    if not rest.startswith("//"):
        return f"{scheme}:{rest}"
    return _hierarchical(scheme, rest[2:])


def of_dataset(namespace: str, name: str) -> str:
    """The canonical location of OpenLineage's (namespace, name).

    Errors: those of :func:`canonical`.
    """
    if namespace == "file" or (namespace.lower().startswith("file:") and name.startswith("/")):
        host = namespace[5:].strip("/") if namespace != "file" else ""
        return canonical(f"file://{host}{name}" if name.startswith("/") else f"file:/{name}", "name")
    scheme = _SCHEME.match(namespace + "/")
    if scheme is not None and "://" in namespace:
        host = namespace if namespace.endswith("://") else namespace.rstrip("/")
        return canonical(f"{host}/{name.lstrip('/')}", "name") if name else canonical(namespace)
    if namespace.endswith(":") or namespace.endswith(":/"):
        return canonical(f"{namespace.rstrip(':/')}:/{name.lstrip('/')}", "name")
    if namespace == "":
        return canonical(name, "name")
    return canonical(f"{namespace}:{name}", "name")


def _hierarchical(scheme: str, rest: str) -> str:
    if scheme in _DATABASES:
        return _database(scheme, rest)
    end = min((at for at in (rest.find(c) for c in "/?#") if at >= 0), default=len(rest))
    host, path = rest[:end], rest[end:]
    user, at, name = host.rpartition("@")
    if scheme in _HOST_IS_CASELESS:
        name = name.lower().removesuffix(_DEFAULT_PORT.get(scheme, ":0"))
    if at and scheme == "abfss":  # container@account: no secret
        name = name.replace(".blob.core.windows.net", ".dfs.core.windows.net")
        host = f"{user.partition(':')[0]}@{name}"
    else:
        host = name
    if scheme in ("http", "https", "abfss", "s3", "gs"):
        path = _without_secrets(path)
    return f"{scheme}://{host}{path.rstrip('/')}"


def _without_secrets(path: str) -> str:
    """``path`` without the parameters of its query that tell who may read, but not what."""
    head, mark, query = path.partition("?")
    if not mark or not query:
        return path
    query, hash_, fragment = query.partition("#")
    pairs = [pair for pair in query.split("&") if not _SECRET.search(_unescaped(pair.partition("=")[0]))]
    if len(pairs) == query.count("&") + 1:
        return path
    kept = "&".join(pairs)
    return head + (f"?{kept}" if kept else "") + hash_ + fragment


def _of_client(scheme: str, rest: str) -> str:
    """Of ``jdbc:DATABASE:...``."""
    name, _, rest = rest.partition(":")
    name = _ALIAS.get(name.lower(), name.lower())
    if name == "oracle":  # thin:user/password@//host:1521/service, thin:@host:1521:SID
        rest = rest.rpartition("@")[2].removeprefix("thin:").lstrip("/")
        host = re.sub(r"^([^:/]+:\d+):", r"\1/", rest)
        return _database(name, host)
    if name == "databricks" or name == "spark":
        return _database(name, rest.removeprefix("//"))
    if rest.startswith("//"):
        return canonical(f"{name}:{rest}") if name in _DATABASES else _database(name, rest[2:])
    return f"{scheme}:{name}:{re.split('[;?]', rest)[0]}".rstrip("/")


def _database(scheme: str, rest: str) -> str:
    """HOST/DATABASE: everything behind is an option, and often a secret."""
    options = re.split(r"[;?&#]", rest)
    # A password may hold a slash or a question mark that nobody escaped: what is before the last @ is not the place.
    before, at, behind = rest.rpartition("@")
    if at and ("=" not in before or ":" in before.partition("=")[0]):
        options = re.split(r"[;?&#]", behind)
    host, _, path = options[0].rpartition("@")[2].partition("/")
    host = host.lower().removesuffix(_DEFAULT_PORT.get(scheme, ":0"))
    if scheme == "snowflake":
        host = host.removesuffix(".snowflakecomputing.com")
    path = path.strip("/")
    if not path:
        named = {k.strip().lower(): v.strip() for k, _, v in (option.partition("=") for option in options[1:])}
        path = next((named[key] for key in _DATABASE if named.get(key)), "").rpartition("@")[2].strip("/")
    return f"{scheme}://{host}/{path}" if path else f"{scheme}://{host}"


def _file(path: str) -> str:
    if not path.startswith("/") or "/." not in path:
        return "file://" + (_fold(path).rstrip("/") or "/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "file:///" + "/".join(parts)


def _unescaped(path: str) -> str:
    """``path`` with its escapes read, but for those that keep a slash, a percent sign or a control character apart."""
    while "%" in path:
        plain = _ESCAPE.sub(_read_escape, path)
        if plain == path:
            break
        path = plain
    return path


def _read_escape(match: re.Match[str]) -> str:
    try:
        text = unquote_to_bytes(match[0]).decode()
    except UnicodeDecodeError:
        return match[0]
    return match[0] if any(c in "/%" or c < " " or c == "\x7f" for c in text) else text


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
