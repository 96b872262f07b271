"""The command ``diffex``. Only wires the subcommands together."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from diffex_cli.commands import (
    birds,
    check,
    classify,
    compare,
    completion,
    config,
    corpus,
    doctor,
    edit,
    report,
    run,
    score,
    search,
    study,
    verify,
)
from diffex_cli.commands.errors import DEBUG
from diffex_cli.commands.help import App
from diffex_cli.commands.leaving import leave
from diffex_cli.commands.robust import make_robust

app = App(
    program=True,
    name="diffex",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"diffex {version('diffex')}")
        raise typer.Exit


@app.callback()
def diffex(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Explain an image classifier in words, with pictures and measured effects.

    Five stages, each its own process, on one run directory: corpus → edit → score → search → report.
    After `diffex corpus`, `diffex search` does by itself whatever edits and scores it needs. `diffex run` does
    everything in one process.

    Exit codes: 0 done, 1 error, 2 usage or configuration, 3 incomplete, 4 a check failed, 130 interrupted.
    """
    DEBUG.set(debug)


app.add_typer(corpus.app, name="corpus")
app.command("edit")(edit.edit)
app.command("score")(score.score)
app.command("verify")(verify.verify)
app.command("search")(search.search)
app.command("report")(report.report)
app.command("run")(run.run)
app.command("compare")(compare.compare)
app.command("check")(check.check)
app.command("classify")(classify.classify)
app.command("doctor")(doctor.doctor)
app.add_typer(config.app, name="config")
app.add_typer(study.app, name="study")
app.add_typer(birds.app, name="birds")


def main() -> None:
    """The entry point."""
    make_robust()
    try:
        with completion.bash_words("diffex", os.environ):
            app(prog_name="diffex")
    except SystemExit as end:
        leave(end.code)
