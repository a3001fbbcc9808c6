"""Parts of a location: partitions of a table, and globs and part files, which are the whole by another name."""

from __future__ import annotations

import re
from functools import lru_cache

from clew.metadata.location import canonical

_FOLDERS = re.compile(r"(?:s3|gs|abfss|hdfs|viewfs|dbfs|file|oss|cos|obs|r2|adl|swift|webhdfs|maprfs|alluxio):/")
_PARTITION = re.compile(r"/[A-Za-z_][A-Za-z0-9_.\-]*=[^/*]*(?:/|$)")
_PART_FILE = re.compile(r"/part-\d{3,}[^/]*$")


def split(location: str) -> tuple[str, str]:
    """(whole, partition) of a canonical location.

    ``s3://lake/t/year=2024/month=01`` is the partition ``year=2024/month=01`` of ``s3://lake/t``, and so is what lies
    below it. ``s3://lake/t/*.parquet`` and ``s3://lake/t/part-00000.parquet`` are ``s3://lake/t``: who reads all files
    of a folder reads the folder, and who wrote one of its part files wrote the folder.
    """
    if not _FOLDERS.match(location):
        return location, ""
    star = location.find("*")
    if star >= 0:
        location = location[: location.rfind("/", 0, star)].rstrip("/") or location
    elif match := _PART_FILE.search(location):
        location = location[: match.start()]
    if "=" in location and (match := _PARTITION.search(location)):
        whole = location[: match.start()]
        if not whole.endswith(("/", ":")):
            return whole, location[match.start() + 1 :].rstrip("/")
    return location, ""


@lru_cache(maxsize=50_000)
def located(uri: str) -> tuple[str, str]:
    """(whole, partition) of any spelling of a location. Errors: Invalid for a uri that is none."""
    return split(canonical(uri))


def joined(whole: str, partition: str) -> str:
    """The location of a partition."""
    return f"{whole}/{partition}" if partition else whole


def covers(outer: str, inner: str) -> bool:
    """Whether partition ``outer`` is ``inner`` or holds it."""
    return not outer or outer == inner or inner.startswith(outer + "/")
