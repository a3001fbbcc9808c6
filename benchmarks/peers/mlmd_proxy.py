"""The C++ library of ml-metadata behind a gRPC port: the peer. mlmd_proxy.py FILE; prints the port.

Runs in the client's own Python. One store and a lock, which is its best case: the server upstream ships opens the
database anew for every call. Requests and answers pass as bytes.
"""

import signal
import sys
import threading
from concurrent import futures

import grpc
from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as library
from ml_metadata.proto import metadata_store_pb2 as pb
from ml_metadata.proto import metadata_store_service_pb2 as svc

STATUS = {code.value[0]: code for code in grpc.StatusCode}
PREFIX = "/ml_metadata.MetadataStoreService/"


class Proxy(grpc.GenericRpcHandler):
    def __init__(self, file):
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = file
        config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self._store = library.CreateMetadataStore(config.SerializeToString(), pb.MigrationOptions().SerializeToString())
        self._lock = threading.Lock()
        methods = svc.DESCRIPTOR.services_by_name["MetadataStoreService"].methods
        known = [method.name for method in methods if hasattr(library, method.name)]
        self._handlers = {PREFIX + name: grpc.unary_unary_rpc_method_handler(self._call(name)) for name in known}

    def service(self, details):
        return self._handlers.get(details.method)

    def _call(self, name):
        function = getattr(library, name)

        def call(request, context):
            with self._lock:
                answer, text, code = function(self._store, request)
            if code:
                context.abort(STATUS[code], text.decode("utf-8", "replace")[:300])
            return answer

        return call


def main(file):
    server = grpc.server(
        futures.ThreadPoolExecutor(16),
        handlers=(Proxy(file),),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    signal.signal(signal.SIGTERM, lambda *_: server.stop(0))
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1])
