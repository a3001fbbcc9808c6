"""Run the command line: exit codes, and errors as one line (and one JSON object with ``--json``).

0 done; 1 it failed; 2 the request cannot be right (usage, Invalid); 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from clew.metadata.errors import ClewError, Invalid, UsageError

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def run(arguments: Sequence[str]) -> int:
    """Run ``clew ARGUMENTS`` and return the exit code."""
    _open_standard_streams()
    as_json = "--json" in arguments
    try:
        code = _invoke(list(arguments) or ["--help"])
        sys.stdout.flush()
        return code if arguments else USAGE
    except KeyboardInterrupt:
        _say("clew: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_is_gone()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else FAILED
    except ClewError as error:
        return _report(error, as_json)
    except Exception as error:
        return _report_usage(error, as_json) if hasattr(error, "format_message") else _report_crash(error, as_json)


def exit_code(error: ClewError) -> int:
    """What the shell is told about ``error``."""
    return USAGE if isinstance(error, Invalid) else FAILED


def error_line(error: ClewError) -> str:
    """``error`` as one line: what, on which field and value, what to do."""
    parts = [error.message.rstrip(".")]
    if error.field and error.field not in error.message:
        shown = f" = {error.value[:80]!r}" if error.value and error.value not in error.message else ""
        parts[0] += f" ({error.field}{shown})"
    if error.remedy:
        parts.append(error.remedy)
    return " ".join(". ".join(parts).replace("?.", "?").split())


def _open_standard_streams() -> None:
    """Let a stream that came closed (``>&-``) be one to nowhere.

    Else the next file that is opened, say the record, has its number, and what is printed goes there.
    """
    for number, (name, mode) in enumerate({"stdin": "r", "stdout": "w", "stderr": "w"}.items()):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _invoke(arguments: list[str]) -> int:
    from clew.cli.app import command_for

    code = command_for(arguments)(args=arguments, prog_name="clew", standalone_mode=False)
    return code if isinstance(code, int) else DONE


def _report(error: ClewError, as_json: bool) -> int:
    if as_json:
        import json

        print(json.dumps({"error": error.as_dict()}), flush=True)
    from clew.draw.words import clean

    _say(f"clew: {clean(error_line(error))}")
    return exit_code(error)


def _report_usage(error: Exception, as_json: bool) -> int:
    """Typer found the command line malformed."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "clew"
    message = str(error.format_message()) if hasattr(error, "format_message") else str(error)
    return _report(UsageError(message.rstrip("."), remedy=f"Try `{path} --help`"), as_json)


def _report_crash(error: Exception, as_json: bool) -> int:
    """Something Clew did not foresee: keep the traceback for a report, show one line."""
    import traceback

    text = "".join(traceback.format_exception(error))
    from clew.settings import is_debug

    if is_debug():
        _say(text.rstrip())
    summary = ClewError(
        f"unexpected {type(error).__name__}: {str(error)[:200]}", remedy=f"The traceback is in {_keep(text)}"
    )
    return _report(summary, as_json)


def _keep(text: str) -> str:
    import tempfile

    try:
        descriptor, path = tempfile.mkstemp(prefix="clew-error-", suffix=".log")
        with os.fdopen(descriptor, "w", encoding="utf-8") as log:
            log.write(f"clew {' '.join(sys.argv[1:])}\n{text}")
        return path
    except OSError:
        return "no file: it could not be written; set CLEW_DEBUG=1 to see it"


def _reader_is_gone() -> int:
    """Whoever read our output (``| head``) has enough: be quiet, also when Python flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _say(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:  # stderr may be closed; the exit code still tells
        return
