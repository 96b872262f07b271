"""The settings that every stage is given, and what a valid value of each is."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias, cast

from diffex_cli.errors import UsageError
from diffex_cli.registry import did_you_mean, parse_spec

Algorithm: TypeAlias = Literal["beam", "paper", "exhaustive"]

ALGORITHMS: tuple[Algorithm, ...] = ("beam", "paper", "exhaustive")
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
        target: label of the class to explain; ``None`` for the one predicted most often.
        editor: spec of the editor; empty if nothing names one.
        seed: fixes all randomness, ≥ 0.
        beam: how many attributes the search keeps a level (B in Algorithm 1), ≥ 1.
        delta: the least influence that counts (δ in Algorithm 1), in logits, ≥ 0.
        algorithm: ``beam``, ``paper`` or ``exhaustive``.
        max_depth: the deepest level to search, the root level being 0; ``None`` for all.
        device: torch's name of a device, or ``auto``.
        perceptual: the network that perceptual distances are measured with: ``none``, a packaged one's name, a
            folder or a hub id.
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
    device: str = "auto"
    perceptual: str = "none"
    origins: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def values(self) -> dict[str, object]:
        """Every setting as JSON and YAML know it: paths as text, no origins."""
        values = {name: getattr(self, name) for name in FIELDS}
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}

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
                given[name] = str(value.absolute()) if isinstance(value, Path) else value
        return given


FIELDS: tuple[str, ...] = tuple(field.name for field in dataclasses.fields(Settings) if field.name != "origins")


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


def _integer(least: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        try:
            if isinstance(value, bool | float):
                raise TypeError
            number = int(cast(str, value))
        except (TypeError, ValueError):
            raise ValueError("must be a whole number") from None
        if number < least:
            raise ValueError(f"must be at least {least}")
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


def _algorithm(value: object) -> str:
    if value not in ALGORITHMS:
        raise ValueError(f"is no search algorithm{did_you_mean(str(value), ALGORITHMS)}")
    return cast(str, value)


PARSERS: dict[str, Callable[[object], object]] = {
    "run": _path,
    "domain": _text,
    "provider": _spec,
    "corpus_file": _path,
    "images": _path,
    "n_images": _integer(1),
    "classifier": _spec,
    "target": _text,
    "editor": _spec,
    "seed": _integer(0),
    "beam": _integer(1),
    "delta": _number(0.0),
    "algorithm": _algorithm,
    "max_depth": _integer(0),
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
