"""The C++ library of ml-metadata over a store of one's choice, behind a pipe, in the client's own Python.

A request is a line "NAME LENGTH" and so many bytes; an answer a line "CODE LENGTH" and so many bytes. "open" and
"downgrade" take JSON: {"sqlite": FILE}, {"mysql": {host, port, database, user, password}} or neither, which is a new
store in memory; "version".
"""

import json
import sys
from typing import Any

from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as library
from ml_metadata.proto import metadata_store_pb2 as pb


def connect(told: dict[str, Any]) -> object:
    config = pb.ConnectionConfig()
    if "mysql" not in told:
        config.sqlite.SetInParent()
    if "sqlite" in told:
        config.sqlite.filename_uri = told["sqlite"]
        config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    for name, value in told.get("mysql", {}).items():
        setattr(config.mysql, name, value)
    migration = pb.MigrationOptions()
    if "version" in told:
        migration.downgrade_to_schema_version = told["version"]
    return library.CreateMetadataStore(config.SerializeToString(), migration.SerializeToString())


def main() -> None:
    store = None
    read, write = sys.stdin.buffer, sys.stdout.buffer
    while line := read.readline():
        name, length = line.split()
        request = read.read(int(length))
        code, answer = 0, b""
        if name == b"open":
            store = None  # lets go of the last one
            store = connect(json.loads(request))
        elif name == b"close":
            store = None
        elif name == b"downgrade":
            try:
                connect(json.loads(request))
            except RuntimeError as error:  # "Downgrade migration was performed. Connection ... is Cancelled"
                code = 0 if "was performed" in str(error) else 13
        else:
            answer, text, code = getattr(library, name.decode())(store, request)
            answer = text if code else answer
        write.write(b"%d %d\n" % (code, len(answer)) + answer)
        write.flush()


if __name__ == "__main__":
    main()
