"""The settings that every stage is given, and what a valid value of each is."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args
from urllib.parse import urlsplit

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import did_you_mean, parse_spec

Algorithm: TypeAlias = Literal["beam", "paper", "exhaustive"]

Accept: TypeAlias = Literal["tested", "larger"]
Direction: TypeAlias = Literal["corpus", "add", "remove", "both"]
Holdout: TypeAlias = Literal["auto", "on", "off"]
Scale: TypeAlias = Literal["logit", "prob"]

ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
ENVIRONMENT_PREFIX = "DIFFEX_"

DEFAULT_ORIGIN = "default"
DOMAIN_ORIGIN = "domain "


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """The resolved settings that every stage is given.

    Attributes:
        run: the run directory.
        domain: what the images show; names the hierarchy and the defaults.
        provider: spec of the corpus provider.
        corpus_file: a hierarchy of one's own, for the provider ``file``.
        images: folder of input images; ``None`` for the domain's own samples.
        n_images: how many input images to take; ``None`` for all.
        classifier: spec of the classifier to explain; empty if nothing names one.
        target: label of the class to explain; ``predicted``, each image's own; ``all``; ``A - B``, a contrast of two
            labels; ``None`` for the class predicted most often.
        editor: spec of the editor; empty if nothing names one.
        seed: fixes all randomness, ≥ 0.
        beam: how many attributes the search keeps a level (B in Algorithm 1), ≥ 1.
        delta: the least influence that counts (δ in Algorithm 1), in the unit of ``scale``, ≥ 0.
        algorithm: ``beam``, ``paper`` or ``exhaustive``.
        max_depth: the deepest level to search, the root level being 0; ``None`` for all.
        scale: ``logit`` or ``prob``: what an effect is a change of.
        accept: when ``beam`` keeps a child: ``larger``, its influence exceeds its parent's; ``tested``, a paired
            one-sided test says at 5 % that it goes beyond its parent in its own direction.
        direction: what is done with an attribute: ``corpus``, as the hierarchy says; ``add``; ``remove``; ``both``.
        joint: the largest set of kept attributes to try together; 0 for none.
        holdout: measure what is kept on images that the search did not use; ``auto``: if there are 40 images or more.
        racing: measure each attribute on as few images as its place in the beam needs.
        max_edits: the most edits that the search may ask for; ``None`` for no limit.
        screen: a cheaper editor that searches first, so that ``editor`` looks only at what is left: ``fast``, the
            same with its ``preset=fast``; a spec; ``none``.
        device: torch's name of a device, or ``auto``.
        perceptual: the network that perceptual distances are measured with: ``none``, a packaged one's name, a
            folder or a hub id.
        merge: what is merged with the provider's hierarchy: corpus files, run directories, specs of further providers.
        base_url: address of the service that a provider's language model is asked at; ``None`` for the provider's own.
        depth: how many levels a language model is asked for, 1 to 8.
        breadth: how many attributes below each, at most, a language model is asked for, 1 to 50.
        runs: how often each language model is asked for the whole hierarchy, ≥ 1.
        knowledge: folder of texts about the domain that a language model is given passages of.
        max_cost: the most that the language models may cost, in US dollars; ``None`` for no limit.
        parallel: how many questions are put to a language model at the same time, 1 to 64.
        origins: field name → where its value came from.
    """

    run: Path = Path("diffex-run")
    domain: str = "birds"
    provider: str = "bundled"
    corpus_file: Path | None = None
    images: Path | None = None
    n_images: int | None = None
    classifier: str = ""
    target: str | None = None
    editor: str = ""
    seed: int = 0
    beam: int = 5
    delta: float = 0.1
    algorithm: Algorithm = "beam"
    max_depth: int | None = None
    scale: Scale = "logit"
    accept: Accept = "tested"
    direction: Direction = "corpus"
    joint: int = 0
    holdout: Holdout = "auto"
    racing: bool = False
    max_edits: int | None = None
    screen: str = "none"
    device: str = "auto"
    perceptual: str = "none"
    merge: tuple[str, ...] = ()
    base_url: str | None = None
    depth: int = 3
    breadth: int = 6
    runs: int = 1
    knowledge: Path | None = None
    max_cost: float | None = None
    parallel: int = 4
    origins: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def values(self) -> dict[str, object]:
        """Every setting as JSON and YAML know it: paths as text, tuples as lists, no origins."""
        return {name: _plain(getattr(self, name)) for name in FIELDS}

    def given(self) -> dict[str, object]:
        """What the user gave, now or to an earlier stage: what ``run.yaml`` keeps under ``settings:``.

        Input paths are absolute, so that a later stage may start in another folder. The run directory
        itself is left out: it may be moved.
        """
        given: dict[str, object] = {}
        for name in FIELDS:
            value, origin = getattr(self, name), self.origins.get(name, DEFAULT_ORIGIN)
            if (
                name != "run"
                and value is not None
                and origin != DEFAULT_ORIGIN
                and not origin.startswith(DOMAIN_ORIGIN)
            ):
                given[name] = _plain(value.absolute() if isinstance(value, Path) else value)
        return given


FIELDS: tuple[str, ...] = tuple(field.name for field in dataclasses.fields(Settings) if field.name != "origins")


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be text (in YAML, put it in quotes)")
    if not str(value).strip():
        raise ValueError("must not be empty")
    return str(value)


def _path(value: object) -> Path:
    return Path(_text(str(value) if isinstance(value, Path) else value)).expanduser()


def _spec(value: object) -> str:
    try:
        return parse_spec(_text(value)).text
    except UsageError as error:
        raise ValueError(f"is no spec: {error}") from None


def _screen(value: object) -> str:
    return str(value) if value in ("none", "fast") else _spec(value)


def _sources(value: object) -> tuple[str, ...]:
    """One source or a list of them; the path of a file or folder that exists becomes absolute."""
    sources = [_text(item) for item in (value if isinstance(value, list | tuple) else [value])]
    paths = [Path(source).expanduser() for source in sources]
    return tuple(str(path.absolute()) if path.exists() else text for path, text in zip(paths, sources, strict=True))


def _address(value: object) -> str:
    text = _text(value)
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError("is no address, such as http://localhost:11434/v1") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address, such as http://localhost:11434/v1")
    return text


def _integer(least: int, most: int | None = None) -> Callable[[object], int]:
    def parse(value: object) -> int:
        try:
            if isinstance(value, bool | float):
                raise TypeError
            number = int(cast(str, value))
        except (TypeError, ValueError):
            raise ValueError("must be a whole number") from None
        if number < least:
            raise ValueError(f"must be at least {least}")
        if most is not None and number > most:
            raise ValueError(f"must be at most {most}")
        return number

    return parse


def _number(least: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        try:
            if isinstance(value, bool):
                raise TypeError
            number = float(cast(str, value))
        except (TypeError, ValueError):
            raise ValueError("must be a number") from None
        if not math.isfinite(number) or number < least:
            raise ValueError(f"must be a finite number of at least {least:g}")
        return number

    return parse


def _choice(what: str, choices: tuple[str, ...]) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if isinstance(value, bool):
            # YAML reads a bare on and off as true and false
            value = "on" if value else "off"
        if value not in choices:
            raise ValueError(f"is no {what}{did_you_mean(str(value), choices)}")
        return value

    return parse


def _switch(value: object) -> bool:
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if str(value).lower() not in known:
        raise ValueError("must be true or false")
    return known[str(value).lower()]


def _set_size(value: object) -> int:
    size = _integer(0)(value)
    if size == 1:
        raise ValueError("must be 0, for no sets, or at least 2")
    return size


PARSERS: dict[str, Callable[[object], object]] = {
    "run": _path,
    "domain": _text,
    "provider": _spec,
    "corpus_file": _path,
    "merge": _sources,
    "base_url": _address,
    "depth": _integer(1, 8),
    "breadth": _integer(1, 50),
    "runs": _integer(1),
    "knowledge": _path,
    "max_cost": _number(0.0),
    "parallel": _integer(1, 64),
    "images": _path,
    "n_images": _integer(1),
    "classifier": _spec,
    "target": _text,
    "editor": _spec,
    "seed": _integer(0),
    "beam": _integer(1),
    "delta": _number(0.0),
    "algorithm": _choice("search algorithm", ALGORITHMS),
    "max_depth": _integer(0),
    "scale": _choice("scale", get_args(Scale)),
    "accept": _choice("rule of acceptance", get_args(Accept)),
    "direction": _choice("direction", get_args(Direction)),
    "joint": _set_size,
    "holdout": _choice("holdout", get_args(Holdout)),
    "racing": _switch,
    "max_edits": _integer(1),
    "screen": _screen,
    "device": _text,
    "perceptual": _text,
}
"""Field → parser of a raw value (of a flag, a variable, a YAML file), which raises ``ValueError`` if it is bad."""


def flag(name: str) -> str:
    """The command-line flag of a field: ``n_images`` → ``--n-images``."""
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    """The environment variable of a field: ``n_images`` → ``DIFFEX_N_IMAGES``."""
    return ENVIRONMENT_PREFIX + name.upper()
