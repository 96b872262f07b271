"""The options that several commands share, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from diffex_cli.commands import completion
from diffex_cli.core.settings import Accept as AcceptRule
from diffex_cli.core.settings import Algorithm
from diffex_cli.core.settings import Direction as DirectionName
from diffex_cli.core.settings import Holdout as HoldoutMode
from diffex_cli.core.settings import Scale as ScaleName

INPUT = "What to explain"
ASK = "How to ask a language model"
SEARCH = "How to search"
WORK = "How to run"

Run: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--run", metavar="DIR", help="Run directory (default: DIFFEX_RUN, else ./diffex-run).", rich_help_panel=WORK
    ),
]
Config: TypeAlias = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE.yaml", help="Settings to start from.", rich_help_panel=WORK),
]
Domain: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--domain",
        metavar="NAME",
        help="What the images show, e.g. birds.",
        autocompletion=completion.domains,
        rich_help_panel=INPUT,
    ),
]
Provider: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--provider",
        metavar="SPEC",
        help="Where the hierarchy of attributes comes from (default: bundled).",
        autocompletion=completion.providers,
        rich_help_panel=INPUT,
    ),
]
Providers: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--provider",
        metavar="SPEC",
        help="Where the hierarchy of attributes comes from: bundled, file:FILE, anthropic[:MODEL], openai:MODEL, "
        "transformers:FOLDER-OR-HUB-ID (default: bundled). Given several times: all of them, merged.",
        autocompletion=completion.providers,
        rich_help_panel=INPUT,
    ),
]
Merge: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--merge",
        metavar="FILE|RUN",
        help="Merge with the hierarchy of this file or run directory; may be given several times.",
        rich_help_panel=INPUT,
    ),
]
Knowledge: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--knowledge",
        metavar="DIR",
        help="Folder of texts about the domain (text, Markdown, PDF), to take attributes from.",
        rich_help_panel=ASK,
    ),
]
BaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        help="Ask the language model at this address, e.g. http://localhost:11434/v1.",
        rich_help_panel=ASK,
    ),
]
Depth: TypeAlias = Annotated[
    int | None,
    typer.Option("--depth", metavar="N", help="How many levels to ask for (default: 3).", rich_help_panel=ASK),
]
Breadth: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--breadth",
        metavar="N",
        help="At most how many attributes to ask for below each (default: 6).",
        rich_help_panel=ASK,
    ),
]
Runs: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--runs",
        metavar="N",
        help="Ask each model so many times, with other pictures each time, and merge (default: 1).",
        rich_help_panel=ASK,
    ),
]
MaxCost: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        metavar="USD",
        help="Stop before the answers, those kept from before included, cost more (default: no limit).",
        rich_help_panel=ASK,
    ),
]
Parallel: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--parallel", metavar="N", help="How many questions to ask at the same time (default: 4).", rich_help_panel=ASK
    ),
]
CorpusFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--corpus-file", metavar="FILE.yaml", help="A hierarchy of attributes of your own.", rich_help_panel=INPUT
    ),
]
Images: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--images", metavar="DIR", help="Folder of input images (default: the domain's samples).", rich_help_panel=INPUT
    ),
]
NImages: TypeAlias = Annotated[
    int | None,
    typer.Option("--n-images", metavar="N", help="How many images to take (default: all).", rich_help_panel=INPUT),
]
Classifier: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--classifier",
        metavar="SPEC",
        help="The classifier to explain, e.g. birds:species, transformers:FOLDER-OR-HUB-ID, python:MODULE:CALLABLE.",
        autocompletion=completion.classifiers,
        rich_help_panel=INPUT,
    ),
]
Target: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="LABEL",
        help="The class to explain (default: the one predicted most often); 'A - B': one label against another; "
        "predicted: each image's own class; all: every class.",
        autocompletion=completion.targets,
        rich_help_panel=INPUT,
    ),
]
Editor: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--editor",
        metavar="SPEC",
        help="What edits the images, e.g. ledits:birds, ledits:FOLDER-OR-HUB-ID:guidance=7,steps=50.",
        autocompletion=completion.editors,
        rich_help_panel=INPUT,
    ),
]
Seed: TypeAlias = Annotated[
    int | None, typer.Option("--seed", metavar="N", help="Fixes all randomness (default: 0).", rich_help_panel=WORK)
]
Device: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="NAME",
        help="cpu, cuda, cuda:1, mps or auto (default: auto); several for the editor, one process each: "
        "cuda:0,cuda:1 or cuda:all.",
        autocompletion=completion.devices,
        rich_help_panel=WORK,
    ),
]
Perceptual: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--perceptual",
        metavar="NAME",
        help="Network that measures how far an edit looks from its input: birds, FOLDER-OR-HUB-ID or none.",
        autocompletion=completion.perceptual,
        rich_help_panel=WORK,
    ),
]
Beam: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--beam", metavar="B", help="How many attributes to keep a level (default: 5).", rich_help_panel=SEARCH
    ),
]
Delta: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--delta",
        metavar="δ",
        help="The least influence that counts, in logits or in the unit of --scale (default: 0.1).",
        rich_help_panel=SEARCH,
    ),
]
SearchAlgorithm: TypeAlias = Annotated[
    Algorithm | None,
    typer.Option(
        "--algorithm",
        help="beam: B a level; paper: Algorithm 1 to the letter; exhaustive: every attribute (default: beam).",
        show_choices=True,
        rich_help_panel=SEARCH,
    ),
]
MaxDepth: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--max-depth", metavar="N", help="The deepest level, the root's being 0 (default: all).", rich_help_panel=SEARCH
    ),
]
Scale: TypeAlias = Annotated[
    ScaleName | None,
    typer.Option(
        "--scale",
        help="What an effect is a change of: the target's logit or its probability (default: logit).",
        show_choices=True,
        rich_help_panel=SEARCH,
    ),
]
Accept: TypeAlias = Annotated[
    AcceptRule | None,
    typer.Option(
        "--accept",
        help="beam keeps a child that is tested at 5 % to go beyond its parent in its own direction, or one that is "
        "merely larger (default: tested).",
        show_choices=True,
        rich_help_panel=SEARCH,
    ),
]
Direction: TypeAlias = Annotated[
    DirectionName | None,
    typer.Option(
        "--direction",
        help="Add or remove each attribute, try both, or do as the corpus says (default: corpus).",
        show_choices=True,
        rich_help_panel=SEARCH,
    ),
]
Joint: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--joint",
        metavar="K",
        help="Try kept attributes of different branches together, in sets of up to K (default: 0, none).",
        rich_help_panel=SEARCH,
    ),
]
Holdout: TypeAlias = Annotated[
    HoldoutMode | None,
    typer.Option(
        "--holdout",
        help="Search on half of the images and measure what is kept on the others; auto: from 40 images on "
        "(default: auto).",
        show_choices=True,
        rich_help_panel=SEARCH,
    ),
]
Racing: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--racing/--no-racing",
        help="Edit only as many images for an attribute as its place needs (default: no).",
        show_default=False,
        rich_help_panel=SEARCH,
    ),
]
MaxEdits: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--max-edits",
        metavar="N",
        help="Ask for no more than N edits, and find what can be found with them (default: no limit).",
        rich_help_panel=SEARCH,
    ),
]
Screen: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--screen",
        metavar="SPEC",
        help="Search with a cheaper editor first, and with --editor only what that leaves: fast, the same editor with "
        "preset=fast; any editor; none (default: none).",
        autocompletion=completion.screens,
        rich_help_panel=SEARCH,
    ),
]
DryRun: TypeAlias = Annotated[
    bool,
    typer.Option("--dry-run", help="Only say how much there is to do, and how long it may take.", rich_help_panel=WORK),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel=WORK)]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("-q", "--quiet", help="Print only what a script needs.", rich_help_panel=WORK)
]
