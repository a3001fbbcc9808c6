"""Imported before ``ml_metadata``: lets the client's Python code run where the C++ library of its wheel does not load.

That of 1.21.0 is built for a newer libstdc++ than many systems have. Wire calls do not use it.
"""

import ctypes
import importlib.util
import pathlib
import sys
import types

EXTENSION = "ml_metadata.metadata_store.pywrap.metadata_store_extension"


def folder() -> pathlib.Path:
    """Where the client is installed; looked up without importing it."""
    spec = importlib.util.find_spec("ml_metadata")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return pathlib.Path(spec.submodule_search_locations[0])


def has_library() -> bool:
    """Whether the C++ library can be loaded."""
    (extension,) = (folder() / "metadata_store" / "pywrap").glob("metadata_store_extension*.so")
    try:
        ctypes.CDLL(str(extension))
    except OSError:
        return False
    return True


if not has_library():
    stand_in = types.ModuleType(EXTENSION)
    stand_in.metadata_store = None  # type: ignore[attr-defined]
    sys.modules[EXTENSION] = stand_in
