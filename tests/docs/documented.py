"""The commands that the documentation shows: where they stand, and whether the command line would take them."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path
from typing import Any

import typer
import yaml

from diffex_cli.commands.main import app
from diffex_cli.core import registry

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))
CONFIGS = tuple(sorted(f"configs/{file.name}" for file in (ROOT / "configs").glob("*.yaml")))
RUN = ("sh", "console", "yaml")
"""The languages of blocks that hold commands to run; of YAML, a workflow's."""


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def fences(page: str) -> list[tuple[str, str]]:
    """Language ("" for none) and text of every fenced block, from top to bottom."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text_of(page), flags=re.MULTILINE | re.DOTALL)


def script(page: str) -> str:
    """All that a page or a configuration tells its reader to run, in its order, as one script."""
    if page.endswith(".yaml"):
        return "".join(f"{line}\n" for line in re.findall(r"^#   (diffex .*)$", text_of(page), flags=re.MULTILINE))
    parts = []
    for language, text in fences(page):
        if language == "sh":
            parts.append(text)
        elif language == "console":  # what is typed stands behind a dollar, the rest is what comes
            parts.extend(re.findall(r"^\$ (.*\n)", text, flags=re.MULTILINE))
        elif language == "yaml" and "jobs:" in text:
            workflow: dict[Any, Any] = yaml.safe_load(text)
            steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
            parts.extend(step["run"].strip() + "\n" for step in steps if "run" in step)
    return "".join(parts)


def files(page: str) -> dict[str, str]:
    """The files that a page shows, by the names above them."""
    found = re.findall(r"^`([\w.]+)`\n\n```\w+\n(.*?)^```$", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return dict(found)


def inline(page: str) -> list[str]:
    """The commands in running text, between backticks; words in capitals stand for something."""
    return re.findall(r"`(diffex [a-z][^`]*)`", re.sub(r"^```.*?^```$", "", text_of(page), flags=re.M | re.S))


def parse(words: list[str]) -> None:
    """Everything but the call: the command and its options exist, and what it requires is there. Specs are opened,
    which loads no model, but checks their options."""
    command: Any = typer.main.get_command(app)
    kinds = {"--editor": registry.EDITORS, "--classifier": registry.CLASSIFIERS, "--verifier": registry.VERIFIERS}
    kinds |= dict.fromkeys(("--region", "--keep-region"), registry.REGIONS)
    for option, kind in kinds.items():
        for name, value in itertools.pairwise(words):
            if name == option and value not in ("SPEC", "none"):
                registry.find(kind, registry.parse_spec(value).name)(registry.parse_spec(value))
    while words and words[0] in getattr(command, "commands", ()):
        command, words = command.commands[words[0]], words[1:]
    assert not (words and hasattr(command, "commands") and not words[0].startswith("-")), f"no command {words[0]}"
    if words:  # else it is the name that is meant, not a call
        command.make_context(command.name, list(words), resilient_parsing=False).close()


def words_of(line: str) -> list[list[str]]:
    """The arguments of each ``diffex`` in a line of shell."""
    found: list[list[str]] = []
    for part in re.split(r"&&|;", line):
        words = shlex.split(part, comments=True)
        if words[:1] == ["diffex"]:
            found.append(words[1:])
    return found
