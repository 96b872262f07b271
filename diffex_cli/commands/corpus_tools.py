"""``diffex corpus show``, ``edit``, ``validate`` and ``grow``: tools for a hierarchy that is there."""

from __future__ import annotations

import dataclasses
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from diffex_cli.commands import completion
from diffex_cli.commands.options import CONFIG, DryRun, Given, takes
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import print_estimate, run_stage, spending_text
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.printable import printable

if TYPE_CHECKING:
    from diffex_cli.corpus.grow import GrowSummary
    from diffex_cli.corpus.tools import EditedHierarchy

_EDITORS = ("nano", "vi")

Source: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE|RUN|DOMAIN]",
        help="A hierarchy's file, a run directory, or a bundled domain (default: the run's).",
        autocompletion=completion.domains,
        show_default=False,
    ),
]


@takes("run")
def show(
    given: Given,
    *,
    source: Source = None,
    depth: Annotated[
        int | None, typer.Option("--depth", metavar="N", min=1, help="How many levels to show (default: all).")
    ] = None,
    output: Output,
) -> None:
    """Show a hierarchy of attributes as a tree."""
    from diffex_cli.commands.corpus_tree import as_data, as_tree
    from diffex_cli.corpus.tools import check, locate

    place = locate(source, given.run())
    checked = check(place.file)
    nodes = [node for node in checked.corpus.walk() if depth is None or node.id.count("/") < depth]
    data = {
        "domain": checked.corpus.domain,
        "file": place.file,
        "attributes": checked.attributes,
        "levels": checked.levels,
        "nodes": [as_data(root, depth, checked.grown) for root in checked.corpus.roots],
    }
    text = "" if output.json or output.quiet else as_tree(checked.corpus, depth, checked.grown)
    output.result(data, text, quiet="\n".join(node.id for node in nodes), is_styled=True)
    output.say(f"{checked.attributes} attributes on {checked.levels} levels, {place.file}.")


@takes("run")
def edit(
    given: Given,
    *,
    source: Source = None,
    to: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE.yaml", help="Write the result to a new file, and leave the old one."),
    ] = None,
    output: Output,
) -> None:
    """Edit a hierarchy in your editor ($VISUAL, $EDITOR), and check it.

    The editor opens a draft beside the file. Only a valid draft takes the file's place; an invalid one is kept, and
    the same command takes it up again.
    """
    from diffex_cli.corpus.tools import EditedHierarchy, locate

    command = _editor()
    place = locate(source, given.run())
    draft = EditedHierarchy(place, to)
    if draft.resumed:
        output.note(f"Continuing with the draft {draft.file}; remove it to start afresh.")
    before = set() if to else _ids(place.file)
    checked = None
    while checked is None:
        _open(command, draft)
        if not draft.changed and to is None:
            draft.discard()
            output.result(_edited(draft, False, (), ()), f"{draft.target} was not changed.", quiet=str(draft.target))
            return
        try:
            checked = draft.install()
        except UsageError as error:
            sys.stderr.write(f"Error: {printable(str(error))}\n")
            if not (_at_a_terminal() and typer.confirm("Open it again?", default=True, err=True)):
                raise UsageError(
                    f"{draft.target} is unchanged; the draft {draft.file} is kept, and the same command "
                    "continues with it"
                ) from None
    after = {node.id for node in checked.corpus.walk()}
    added, removed = sorted(after - before), sorted(before - after)
    changes = f" ({len(added)} new, {len(removed)} gone)" if before else ""
    output.result(
        _edited(draft, True, added, removed),
        f"{draft.target} has {checked.attributes} attributes on {checked.levels} levels{changes}.",
        quiet=str(draft.target),
    )
    output.warnings(checked.warnings)


@takes("run")
def validate(given: Given, *, source: Source = None, output: Output) -> None:
    """Check a hierarchy's file; exit code 0 if it is valid, 2 if not."""
    from diffex_cli.corpus.tools import check, line_of, locate

    place = locate(source, given.run())
    data: dict[str, object] = {"file": place.file, "valid": False, "error": None, "line": None}
    data |= {"domain": None, "attributes": None, "levels": None, "warnings": ()}
    try:
        checked = check(place.file)
    except UsageError as error:
        if output.json:
            output.result(data | {"error": str(error), "line": line_of(str(error), place.file)}, "")
        raise
    domain, warnings = checked.corpus.domain, checked.warnings
    facts = {"valid": True, "domain": domain, "attributes": checked.attributes, "levels": checked.levels}
    output.result(
        data | facts | {"warnings": warnings},
        f"{place.file} is valid: the domain {domain} with {checked.attributes} attributes on {checked.levels} levels.",
    )
    output.warnings(warnings)


@takes("provider", "base_url", "breadth", "max_cost", "run", CONFIG, "trust_run")
def grow(given: Given, *, dry_run: DryRun = False, output: Output) -> None:
    """After a search, ask a language model what the hierarchy lacks, and add that.

    The model is shown images on which an attribute acted differently from the others, decisions that an edit changed,
    and images that the classifier gets wrong. `diffex search` then tries the new attributes; only they cost edits.
    """
    settings = given.settings()
    from diffex_cli.corpus import grow as stage

    if dry_run:
        print_estimate(output, stage.estimate(settings))
        return
    summary = run_stage(output, lambda progress: stage.run(settings, progress))
    output.result(
        {**dataclasses.asdict(summary), "run": settings.run},
        _grown(summary, settings.run),
        quiet="\n".join(added.id for added in summary.added),
    )
    if summary.added:
        output.note(f"`diffex search --run {shlex.quote(str(settings.run))}` tries them.")


def _grown(summary: GrowSummary, run: Path) -> str:
    if not summary.cases:
        return f"Nothing to ask: the search in {run} left no image unexplained."
    shown = f"{summary.cases} unexplained case{'' if summary.cases == 1 else 's'} shown"
    lines = [f"{shown}, {len(summary.added)} attributes added; there are {summary.attributes} now."]
    lines += [f"  + {added.id} ({'take away ' if added.remove else ''}{added.prompt})" for added in summary.added]
    if summary.known:
        lines.append(f"Proposed and there already: {', '.join(summary.known)}.")
    return "\n".join([*lines, spending_text(summary.spending)])


def _edited(draft: EditedHierarchy, changed: bool, added: object, removed: object) -> dict[str, object]:
    return {"file": draft.target, "changed": changed, "added": added, "removed": removed}


def _ids(file: Path) -> set[str]:
    """The ids in a file; none if it is invalid, which is a reason to edit it."""
    from diffex_cli.corpus.tools import check

    try:
        return {node.id for node in check(file).corpus.walk()}
    except UsageError:
        return set()


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def _editor() -> list[str]:
    """The user's editor as a command with its options."""
    for variable in ("VISUAL", "EDITOR"):
        if text := os.environ.get(variable, "").strip():
            try:
                return shlex.split(text)
            except ValueError as error:
                raise UsageError(f"{variable}={text!r} is not a command: {error}") from None
    for name in _EDITORS:
        if shutil.which(name):
            return [name]
    raise UsageError("no editor is known: set the variable EDITOR, e.g. EDITOR=nano")


def _open(command: list[str], draft: EditedHierarchy) -> None:
    try:
        code = subprocess.run([*command, str(draft.file)], check=False).returncode  # noqa: S603 - the user's own choice
    except OSError as error:
        if not draft.changed:
            draft.discard()
        raise UsageError(f"the editor {command[0]!r} cannot be started ({error.strerror}): set EDITOR") from None
    if code:
        kept = f"; the draft {draft.file} is kept" if draft.changed else ""
        if not draft.changed:
            draft.discard()
        raise DiffexError(f"the editor {command[0]!r} ended with exit code {code}: {draft.target} is unchanged{kept}")
