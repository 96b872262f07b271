"""``diffex config``: the resolved settings and where each comes from."""

from __future__ import annotations

from diffex_cli.commands.help import App
from diffex_cli.commands.options import CONFIG, Given, listed, takes
from diffex_cli.commands.output import Output
from diffex_cli.core.columns import Column
from diffex_cli.core.settings import SEARCH

app = App(help="The settings of a run.", no_args_is_help=True)


@app.command("show")
@takes(
    *("domain", "provider", "corpus_file", "images", "n_images", "classifier", "name", "target", "editor", "verifier"),
    *listed(SEARCH),
    *("run", CONFIG, "seed", "device", "perceptual", "trust_run", "verify_files"),
)
def show(given: Given, output: Output) -> None:
    """Print every setting and where its value comes from.

    Flags win over DIFFEX_* variables, these over the config file, then what earlier stages of the
    run were given (run.yaml), then the domain's defaults, then the general ones.
    """
    settings = given.settings()
    values = settings.values()
    shown = {name: "" if value is None else str(value) for name, value in values.items()}
    output.table(
        {name: {"value": value, "origin": settings.origins[name]} for name, value in values.items()},
        [Column("setting"), Column("value"), Column("from")],
        [(name, text, settings.origins[name]) for name, text in shown.items()],
        quiet="\n".join(f"{name}: {text}" for name, text in shown.items()),
    )
