"""Runs searches in whichever build of diffex ``PYTHONPATH`` names, and says what its first sentence names.

A program of its own, which imports nothing but that build: one line of JSON in, ``{"commands": [[…], …], "run": "…"}``,
one line of JSON out, the fields of :class:`~benchmarks.sentences.builds.Answer` or ``{"error": "…"}``.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer until there are no more lines."""
    for line in sys.stdin:
        asked = json.loads(line)
        answer: dict[str, Any] = {}
        for arguments in asked["commands"]:
            if "error" not in answer:
                answer = _command(arguments)
        if "error" not in answer:
            answer = {**_told(Path(asked["run"])), "made": answer.get("made", 0)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _command(arguments: list[str]) -> dict[str, Any]:
    """What a command prints with ``--json``."""
    printed = io.StringIO()
    app = _module("diffex_cli.commands.main", "diffex_cli.main").app
    with contextlib.redirect_stdout(printed):
        try:
            code = app([*arguments, "--json"], standalone_mode=False)
        except SystemExit as stopped:
            code = stopped.code
        except Exception as error:  # of a build that may be any
            code = repr(error)
    if code:
        return {"error": f"diffex {' '.join(arguments)} ended with {code}"}
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def _told(run: Path) -> dict[str, Any]:
    data = _module("diffex_cli.report.reading", "diffex_cli.stages.report_data").read_report_data(run)
    sentence = importlib.import_module("diffex_cli.report.sentences").headline(data)
    claimed = {row.candidate: row.effect for row in _claimed(data)}
    named = dict.fromkeys(segment.candidate for segment in sentence if segment.candidate in claimed)
    return {
        "sentence": "".join(segment.text for segment in sentence),
        "named": list(named),
        "claimed": claimed,
        "searched": sorted({pair.image for pairs in data.pairs.values() for pair in pairs}),
    }


def _claimed(data: Any) -> list[Any]:
    """The rows of single attributes that are presented as found: "shown to matter", in earlier builds "passed"."""
    facts = importlib.import_module("diffex_cli.report.facts")
    if hasattr(facts, "found"):
        return list(facts.found(data))
    return [row for row in data.rows if row.claim == "matters" and not facts.is_set(row)]


def _module(now: str, before: str) -> Any:
    """A module by the name that it has now, or had in earlier builds."""
    try:
        return importlib.import_module(now)
    except ModuleNotFoundError:
        return importlib.import_module(before)


if __name__ == "__main__":
    main()
