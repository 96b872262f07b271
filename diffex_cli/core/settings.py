"""The settings that every stage is given: each is declared once, by its field of :class:`Settings`.

The field's name is the key in YAML, its :func:`flag` and its environment :func:`variable`; its type, default and
:class:`Declaration` are all that the command line needs to know (:mod:`diffex_cli.commands.options`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from diffex_cli.core import parsers
from diffex_cli.core.parsers import Parser, choice, integer, number

Algorithm: TypeAlias = Literal["beam", "paper", "exhaustive"]
Accept: TypeAlias = Literal["tested", "larger"]
Direction: TypeAlias = Literal["corpus", "add", "remove", "both"]
Groups: TypeAlias = Literal["corpus", "members", "words"]
Effects: TypeAlias = Literal["adjusted", "asked"]
Holdout: TypeAlias = Literal["auto", "on", "off"]
Scale: TypeAlias = Literal["logit", "prob"]

T = TypeVar("T")

INPUT = "What to explain"
ASK = "How to ask a language model"
SEARCH = "How to search"
WORK = "How to run"

DEFAULT_ORIGIN = "default"
DOMAIN_ORIGIN = "domain "
RUN_ORIGIN = "run.yaml"
CORPUS_ORIGIN = "corpus.yaml"
SEARCH_ORIGIN = "search.yaml"
STORED = (RUN_ORIGIN, CORPUS_ORIGIN, SEARCH_ORIGIN)
"""Origins within the run directory, which may be somebody else's: what they say is no consent."""

REGION = ("region", "keep_region", "feather")
"""Settings that bound what an editor may change."""

PAID = ("max_cost", "parallel")
"""Settings of a stage whose verifier may ask a language model."""

OF_THE_CALL = ("run", "trust_run", "verify_files")
"""Settings that no run directory keeps: where it is, since it may be moved, that it is trusted, and that it is not."""


@dataclasses.dataclass(frozen=True, slots=True)
class Declaration:
    """What is said of a setting besides its name, type and default.

    Attributes:
        parse: of a raw value (of a flag, a variable, a YAML file); raises ``ValueError`` if it is bad.
        panel: the part of a help page that it is listed in.
        metavar: stands for its value there; ``None`` for a switch, which has none.
        help: the sentence that describes it there; in a field below, ``{default}`` stands for the default.
        complete: the function of ``commands/completion.py`` that completes it.
    """

    parse: Parser
    panel: str
    metavar: str | None
    help: str
    complete: str | None = None


def _setting(default: T, parse: Parser, panel: str, metavar: str | None, help: str, complete: str | None = None) -> T:
    declaration = Declaration(parse, panel, metavar, help.replace("{default}", str(default)), complete)
    return dataclasses.field(default=default, metadata={"declaration": declaration})


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The resolved settings that every stage is given; ``origins``: name → where its value came from."""

    run: Path = _setting(
        Path("diffex-run"), parsers.path, WORK, "DIR", "Run directory (default: DIFFEX_RUN, else ./{default})."
    )
    # empty for images or a hierarchy of somebody's own of which nobody says it
    domain: str = _setting(
        "birds",
        parsers.text,
        INPUT,
        "NAME",
        "What the images show, e.g. birds (default: what the corpus file or the run says; {default} without images "
        "of your own).",
        "domains",
    )
    provider: str = _setting(
        "bundled",
        parsers.spec,
        INPUT,
        "SPEC",
        "Where the hierarchy of attributes comes from (default: {default}).",
        "providers",
    )
    corpus_file: Path | None = _setting(
        None, parsers.path, INPUT, "FILE.yaml", "A hierarchy of attributes of your own."
    )
    images: Path | None = _setting(
        None, parsers.path, INPUT, "DIR", "Folder of input images (default: the domain's samples)."
    )
    n_images: int | None = _setting(None, integer(1), INPUT, "N", "How many images to take (default: all).")
    # empty where nothing names one: no general default fits
    classifier: str = _setting(
        "",
        parsers.spec,
        INPUT,
        "SPEC",
        "The classifier to explain, e.g. birds:species, transformers:FOLDER-OR-HUB-ID, python:MODULE:CALLABLE.",
        "classifiers",
    )
    # of the run, and of the classifier that it was given with
    name: str | None = _setting(
        None,
        parsers.name,
        INPUT,
        "TEXT",
        "What to call the classifier wherever people read of it, e.g. 'gender v1' (default: its spec).",
    )
    target: str | None = _setting(
        None,
        parsers.text,
        INPUT,
        "LABEL",
        "The class to explain (default: the one predicted most often); 'A - B': one label against another; "
        "predicted: each image's own class; all: every class.",
        "targets",
    )
    # empty where nothing names one
    editor: str = _setting(
        "",
        parsers.spec,
        INPUT,
        "SPEC",
        "What edits the images, e.g. ledits:birds, ledits:FOLDER-OR-HUB-ID:guidance=7,steps=50.",
        "editors",
    )
    verifier: str = _setting(
        "none",
        parsers.spec,
        INPUT,
        "SPEC",
        "What sees whether an edit shows what it was asked for, e.g. birds:probe, vlm:anthropic:MODEL, "
        "python:MODULE:CALLABLE; none: "
        "edits are believed (default: the domain's, else {default}).",
        "verifiers",
    )
    any_verifier: bool = _setting(
        False,
        parsers.switch,
        WORK,
        None,
        "Use the verifier even if it failed its test; the report says so (default: no).",
    )
    review_precision: float = _setting(
        0.8,
        parsers.share,
        WORK,
        "SHARE",
        "The precision that a verifier should reach in people's eyes; the report warns of less (default: {default}).",
    )
    review_recall: float = _setting(0.8, parsers.share, WORK, "SHARE", "The same of its recall (default: {default}).")
    protect: tuple[str, ...] = _setting(
        (),
        parsers.texts,
        INPUT,
        "ID|WORDS",
        "Tell first where edits change this attribute besides, named by its id or by words of its name; may be given "
        "several times; needs a --verifier.",
    )
    region: str = _setting(
        "none",
        parsers.region,
        INPUT,
        "SPEC",
        "Where an edit may change a picture, which stays its reconstruction elsewhere: masks:FOLDER, boxes:FILE, "
        "text:MODEL, python:MODULE:CALLABLE or none (default: {default}).",
        "regions",
    )
    keep_region: str = _setting(
        "none",
        parsers.region,
        INPUT,
        "SPEC",
        "What no edit may change, such as devices or faces, given as --region is (default: {default}).",
        "regions",
    )
    feather: int | None = _setting(
        None,
        integer(0),
        INPUT,
        "PIXELS",
        "Over how many pixels an edit fades in at the rim of its region, inside of it (default: a 64th of the "
        "picture's longer side).",
    )
    seed: int = _setting(0, integer(0, parsers.LARGEST_SEED), WORK, "N", "Fixes all randomness (default: {default}).")
    # B in the paper's Algorithm 1
    beam: int = _setting(5, integer(1), SEARCH, "B", "How many attributes to keep per level (default: {default}).")
    delta: float = _setting(
        0.1,
        number(0.0),
        SEARCH,
        "δ",
        "The least influence that counts, in logits or in the unit of --scale (default: {default}).",
    )
    algorithm: Algorithm = _setting(
        "beam",
        choice("search algorithm", Algorithm),
        SEARCH,
        "MODE",
        "beam: B per level; paper: Algorithm 1 to the letter; exhaustive: every attribute (default: {default}).",
    )
    max_depth: int | None = _setting(
        None, integer(0), SEARCH, "N", "The deepest level to search; the root's is 0 (default: all)."
    )
    scale: Scale = _setting(
        "logit",
        choice("scale", Scale),
        SEARCH,
        "UNIT",
        "What effects are measured on: logit, the target's logit, or prob, its probability (default: {default}).",
    )
    accept: Accept = _setting(
        "tested",
        choice("rule of acceptance", Accept),
        SEARCH,
        "RULE",
        "Which children beam keeps: tested, those that a test at 5 % shows to go beyond their parent in their own "
        "direction; larger, all that are merely larger (default: {default}).",
    )
    direction: Direction = _setting(
        "corpus",
        choice("direction", Direction),
        SEARCH,
        "WAY",
        "add or remove: every attribute that way; both: try both; corpus: as the corpus says (default: {default}).",
    )
    groups: Groups = _setting(
        "corpus",
        choice("way to measure groups", Groups),
        SEARCH,
        "WAY",
        "How a group of attributes is measured: members, by edits towards them in turn; words, by edits with its own "
        "words; corpus: as the corpus says, which is members where it says nothing (default: {default}).",
    )
    effects: Effects = _setting(
        "adjusted",
        choice("kind of effect", Effects),
        SEARCH,
        "KIND",
        "With a --verifier, what decides and is claimed: adjusted, for what the edits were seen to do besides or "
        "instead; asked, the change as it was measured (default: {default}).",
    )
    joint: int = _setting(
        0,
        parsers.set_size,
        SEARCH,
        "K",
        "Try kept attributes of different branches together, in sets of up to K (default: {default}, none).",
    )
    holdout: Holdout = _setting(
        "auto",
        choice("holdout", Holdout),
        SEARCH,
        "WHEN",
        "on: search on half of the images and measure what is kept on the others; off: search on all; auto: on with "
        "96 images or more (default: {default}).",
    )
    racing: bool = _setting(
        False,
        parsers.switch,
        SEARCH,
        None,
        "Edit only as many images for an attribute as it takes to settle its place (default: no).",
    )
    max_edits: int | None = _setting(
        None,
        integer(1),
        SEARCH,
        "N",
        "Ask for no more than N edits, and find what can be found with them (default: no limit).",
    )
    screen: str = _setting(
        "none",
        parsers.screen,
        SEARCH,
        "SPEC",
        "Search with a cheaper editor first, and use --editor only on what that leaves: fast (the same editor with "
        "preset=fast), any editor, or none (default: {default}).",
        "screens",
    )
    device: str = _setting(
        "auto",
        parsers.devices,
        WORK,
        "NAME",
        "cpu, cuda, cuda:1, mps or auto (default: {default}); several for the editor, one process each: "
        "cuda:0,cuda:1 or cuda:all.",
        "devices",
    )
    perceptual: str = _setting(
        "none",
        parsers.text,
        WORK,
        "NAME",
        "Network that measures how far an edit looks from its input: birds, FOLDER-OR-HUB-ID or none.",
        "perceptual",
    )
    # a further provider's spec too: `corpus --provider` may be given several times
    merge: tuple[str, ...] = _setting(
        (),
        parsers.sources,
        INPUT,
        "FILE|RUN",
        "Merge with the hierarchy of this file or run directory; may be given several times.",
    )
    base_url: str | None = _setting(
        None, parsers.address, ASK, "URL", "Ask the language model at this address, e.g. http://localhost:11434/v1."
    )
    depth: int = _setting(3, integer(1, 8), ASK, "N", "How many levels to ask for (default: {default}).")
    breadth: int = _setting(
        6, integer(1, 50), ASK, "N", "The most attributes to ask for below each (default: {default})."
    )
    runs: int = _setting(
        1,
        integer(1),
        ASK,
        "N",
        "Ask each model this many times, with different pictures each time, and merge (default: {default}).",
    )
    knowledge: Path | None = _setting(
        None,
        parsers.path,
        ASK,
        "DIR",
        "Folder of texts about the domain (text, Markdown, PDF), to take attributes from.",
    )
    max_cost: float | None = _setting(
        None,
        number(0.0),
        ASK,
        "USD",
        "Stop before the answers cost more than this, those kept from before included (default: no limit).",
    )
    parallel: int = _setting(
        4, integer(1, 64), ASK, "N", "How many questions to ask at the same time (default: {default})."
    )
    trust_run: bool = _setting(
        False,
        parsers.switch,
        WORK,
        None,
        "Run the code, and use the addresses, that only the run directory names, for this command (default: no).",
    )
    verify_files: bool = _setting(
        False,
        parsers.switch,
        WORK,
        None,
        "Look at every edited picture again, also at those that did not change since (default: no).",
    )
    origins: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def values(self) -> dict[str, object]:
        """Every setting as JSON and YAML know it: paths as text, tuples as lists, no origins."""
        return {name: _plain(getattr(self, name)) for name in FIELDS}

    def used(self) -> dict[str, object]:
        """The same, as an artifact records them: without :data:`OF_THE_CALL`."""
        return {name: value for name, value in self.values().items() if name not in OF_THE_CALL}

    def given(self, *, now: bool = False) -> dict[str, object]:
        """What the user gave: what ``run.yaml`` keeps under ``settings:``.

        Input paths are absolute, so that a later stage may start in another folder.

        Args:
            now: to this command alone, by flag, variable or ``--config``; otherwise to an earlier stage, too.
        """
        given: dict[str, object] = {}
        for name in FIELDS:
            value, origin = getattr(self, name), self.origins.get(name, DEFAULT_ORIGIN)
            by_nobody = origin == DEFAULT_ORIGIN or origin.startswith(DOMAIN_ORIGIN) or (now and origin in STORED)
            if name not in OF_THE_CALL and value is not None and not by_nobody:
                given[name] = _plain(value.absolute() if isinstance(value, Path) else value)
        return given


DECLARATIONS: Mapping[str, Declaration] = {
    field.name: field.metadata["declaration"] for field in dataclasses.fields(Settings) if field.metadata
}
FIELDS = tuple(DECLARATIONS)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def flag(name: str) -> str:
    """The command-line flag of a setting: ``n_images`` → ``--n-images``."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """The environment variable of a setting: ``n_images`` → ``DIFFEX_N_IMAGES``."""
    return "DIFFEX_" + name.upper()
