"""``diffex config``: the resolved settings and where each comes from."""

from __future__ import annotations

import os

import typer

from diffex_cli.commands import options
from diffex_cli.commands.errors import guarded
from diffex_cli.commands.output import Column, Output
from diffex_cli.core.configuration import resolve

app = typer.Typer(help="The settings of a run.", no_args_is_help=True)


@app.command("show")
@guarded
def show(
    domain: options.Domain = None,
    provider: options.Provider = None,
    corpus_file: options.CorpusFile = None,
    images: options.Images = None,
    n_images: options.NImages = None,
    classifier: options.Classifier = None,
    target: options.Target = None,
    editor: options.Editor = None,
    beam: options.Beam = None,
    delta: options.Delta = None,
    algorithm: options.SearchAlgorithm = None,
    max_depth: options.MaxDepth = None,
    scale: options.Scale = None,
    accept: options.Accept = None,
    direction: options.Direction = None,
    joint: options.Joint = None,
    holdout: options.Holdout = None,
    racing: options.Racing = None,
    max_edits: options.MaxEdits = None,
    screen: options.Screen = None,
    run: options.Run = None,
    config: options.Config = None,
    seed: options.Seed = None,
    device: options.Device = None,
    perceptual: options.Perceptual = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Print every setting and where its value comes from.

    Flags win over DIFFEX_* variables, these over the config file, then what earlier stages of the
    run were given (run.yaml), then the domain's defaults, then the general ones.
    """
    settings = resolve(
        {
            "run": run,
            "domain": domain,
            "provider": provider,
            "corpus_file": corpus_file,
            "images": images,
            "n_images": n_images,
            "classifier": classifier,
            "target": target,
            "editor": editor,
            "seed": seed,
            "beam": beam,
            "delta": delta,
            "algorithm": algorithm,
            "max_depth": max_depth,
            "scale": scale,
            "accept": accept,
            "direction": direction,
            "joint": joint,
            "holdout": holdout,
            "racing": racing,
            "max_edits": max_edits,
            "screen": screen,
            "device": device,
            "perceptual": perceptual,
        },
        os.environ,
        config,
    )
    values = settings.values()
    shown = {name: "" if value is None else str(value) for name, value in values.items()}
    Output(json=json, quiet=quiet).table(
        {name: {"value": value, "origin": settings.origins[name]} for name, value in values.items()},
        [Column("setting"), Column("value"), Column("from")],
        [(name, text, settings.origins[name]) for name, text in shown.items()],
        quiet="\n".join(f"{name}: {text}" for name, text in shown.items()),
    )
