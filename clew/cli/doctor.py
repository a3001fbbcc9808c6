"""``clew doctor``."""

from __future__ import annotations

import typer

from clew.cli.options import Home, Json


def doctor(home: Home = None, json: Json = False) -> None:
    """Look for what is wrong, and say what helps.

    The home and the machine under it. Exit code 1 when something does not work.

    [bold]Examples[/bold]

      clew doctor

      clew doctor --home /srv/clew --json
    """
    from clew.settings import load
    from clew.upkeep.doctor import BAD, OK, examine

    findings = list(examine(load(home=home, url="")))
    is_bad = any(finding.status == BAD for finding in findings)
    if json:
        from dataclasses import asdict

        from clew.cli.output import emit_json

        emit_json({"ok": not is_bad, "findings": [asdict(finding) for finding in findings]})
    else:
        from clew.cli.output import emit, paint
        from clew.draw.words import clean

        style = {OK: "green", BAD: "bold red"}
        for finding in findings:
            status = paint(f"{finding.status:<5}", style.get(finding.status, "yellow"))
            emit(f"{status} {finding.subject:<13} {clean(finding.detail)}")
            if finding.remedy:
                emit(" " * 20 + f"-> {clean(finding.remedy)}")
    if is_bad:
        raise typer.Exit(1)
