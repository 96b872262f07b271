"""Writes ``docs/cli.md`` from the commands' own help texts.

python docs/generate_cli.py [FILE]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PAGE = Path(__file__).parent / "cli.md"
COMMANDS = (
    "",
    "corpus",
    "corpus show",
    "corpus edit",
    "corpus validate",
    "corpus grow",
    "edit",
    "score",
    "verify",
    "search",
    "report",
    "run",
    "compare",
    "check",
    "classify",
    "study make",
    "study answer",
    "study analyse",
    "config show",
    "doctor",
    "birds truth",
)

_HEAD = """\
# The command line

Written by `python docs/generate_cli.py` from the help texts; do not edit.

Every stage reads and writes the run directory (`--run`, `DIFFEX_RUN`, by default `./diffex-run`).

A setting is taken from the first of: its flag; its variable (`--n-images` is `DIFFEX_N_IMAGES`); the file given by
`--config`; what earlier stages of the run were given (`run.yaml`); the domain's defaults; the general defaults.
`diffex config show` tells which. Relative paths are relative to the current folder.

Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 error, 2 usage or configuration, 3 incomplete,
4 a check failed ([ci.md](ci.md)), 130 interrupted (what is finished is kept, and the same command continues from
there).

`diffex --install-completion` makes the Tab key complete commands, options, and the names of domains, editors and
classifiers.
"""


def page() -> str:
    """The page's text."""
    # typer reads these when it is imported.
    os.environ |= {"TERMINAL_WIDTH": "120", "NO_COLOR": "1", "TERM": "dumb"}
    from typer.testing import CliRunner

    from diffex_cli.commands.main import app

    parts = [_HEAD]
    for command in COMMANDS:
        result = CliRunner().invoke(app, [*command.split(), "--help"], prog_name="diffex")
        if result.exit_code != 0:
            raise SystemExit(f"`diffex {command} --help` failed: {result.output}")
        lines = "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())
        parts.append(f"\n## `{' '.join(['diffex', *command.split()])}`\n\n```text\n{lines}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    target.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{target}\n")
