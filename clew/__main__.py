"""``clew`` and ``python -m clew``."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.set_threshold(50_000)  # 700 looks for garbage dozens of times while modules are imported, which make none
    from clew.cli.entry import run

    code = run(sys.argv[1:])
    gc.freeze()  # nor is what is left looked through at the end: 60 ms of a command's 500
    sys.exit(code)


if __name__ == "__main__":
    main()
