"""Run by a Python that starts under `clew exec`: take notes, then give way to the user's own sitecustomize.

Stands on the standard library alone; whatever goes wrong here, the program runs as it would without Clew.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _watch() -> None:
    place = os.environ.get("CLEW_NOTES", "")
    if not place or sys.version_info < (3, 9) or not os.path.exists(place):
        return
    from importlib.util import module_from_spec, spec_from_file_location

    folder = os.path.dirname(_HERE)
    spec = spec_from_file_location(
        "_clew_watch", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    if spec is None or spec.loader is None:
        return
    package = module_from_spec(spec)
    sys.modules["_clew_watch"] = package
    spec.loader.exec_module(package)
    from _clew_watch.process import begin  # type: ignore[import-not-found]

    begin(place)


def _give_way() -> None:
    """Run the sitecustomize that ours hides, if there is one."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _HERE]
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import sitecustomize  # type: ignore[import-not-found,unused-ignore]  # noqa: F401
    except ImportError as error:
        if ours is not None:
            sys.modules["sitecustomize"] = ours
        if error.name != "sitecustomize":
            raise


try:
    _watch()
except Exception as error:
    sys.stderr.write(f"clew: what this Python reads and writes is not noted: {error!r}\n")
_give_way()
