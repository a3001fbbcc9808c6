"""Note what the process that starts does, into a file of lines. Stands on the standard library alone."""

from __future__ import annotations

import os
import sys

from .imports import AfterImport
from .libraries import patches
from .notes import LineFile, Notes
from .opens import Filter, Opens
from .wraps import Wrapper


def begin(place: str) -> None:
    """Append notes to the file ``place``, from now until the process ends.

    The folders named in CLEW_NOTES_OWN are Clew's own: what is touched in them is not noted.
    """
    notes = Notes(LineFile(place))
    own = [os.path.dirname(place), *os.environ.get("CLEW_NOTES_OWN", "").split(os.pathsep)]
    filter = Filter(own)
    Opens(notes, filter, runs=True).install()
    AfterImport(patches(Wrapper(notes, filter.keeps))).install()
    notes.say(
        "python",
        {
            "pid": os.getpid(),
            "parent": os.getppid(),
            "version": sys.version.split()[0],
            "executable": sys.executable,
            "path": [entry for entry in sys.path if entry.endswith("-packages")],
            "arguments": [text[:1000] for text in getattr(sys, "orig_argv", [])[:100]],
        },
    )
