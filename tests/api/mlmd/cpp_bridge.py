"""The C++ library of ml-metadata behind a pipe, in the client's own Python: the reference of the differential test.

A request is a line "NAME LENGTH" and so many bytes; an answer a line "CODE LENGTH" and so many bytes. "reset 0" begins
with an empty store in memory.
"""

import sys

from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as library
from ml_metadata.proto import metadata_store_pb2 as pb


def empty() -> object:
    config = pb.ConnectionConfig()
    config.sqlite.SetInParent()
    return library.CreateMetadataStore(config.SerializeToString(), pb.MigrationOptions().SerializeToString())


def main() -> None:
    store = None
    read, write = sys.stdin.buffer, sys.stdout.buffer
    while line := read.readline():
        name, length = line.split()
        request = read.read(int(length))
        if name == b"reset":
            store = empty()
            answer, code = b"", 0
        else:
            answer, text, code = getattr(library, name.decode())(store, request)
            answer = text if code else answer
        write.write(b"%d %d\n" % (code, len(answer)) + answer)
        write.flush()


if __name__ == "__main__":
    main()
