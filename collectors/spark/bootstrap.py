"""Runs a script of pyspark in an environment of its own, its sessions listened to. Started by path, not imported.

    python bootstrap.py SCRIPT.py ARGUMENTS...

Told by the environment: CLEW_SPARK_URL, CLEW_SPARK_TOKEN, CLEW_SPARK_PARENT, and CLEW_SPARK_PATH, where ``clew`` lies.
"""

from __future__ import annotations

import os
import runpy
import sys
from typing import Any


def _listen_to_sessions() -> None:
    url, token, parent, path = (os.environ.pop(f"CLEW_SPARK_{name}", "") for name in ("URL", "TOKEN", "PARENT", "PATH"))
    from pyspark.sql import SparkSession

    make = SparkSession.Builder.getOrCreate

    def get_or_create(self: Any) -> Any:
        session = make(self)
        sys.path.append(path)  # last: the script's own packages come first
        try:
            from clew.collectors.spark.listener import listen

            listen(session, url, token=token, parent=parent)
        except Exception as error:
            print(f"clew: this session is not listened to: {error}", file=sys.stderr)
        finally:
            sys.path.remove(path)
        return session

    SparkSession.Builder.getOrCreate = get_or_create


if __name__ == "__main__":
    _listen_to_sessions()
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
