"""Who is on the panel."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal, TypeAlias

from diffex_cli.birds.panel.formulas import Formula, additive, conjunction, exclusive, has
from diffex_cli.birds.species import LABELS

Family: TypeAlias = Literal["function", "planted", "null"]
PREFIX = "panel-"
"""``birds:panel-NAME`` is the spec of a member."""


@dataclasses.dataclass(frozen=True, slots=True)
class Planted:
    """A network that was trained to tell two species apart by pictures with a shortcut.

    Attributes:
        attribute: what gives them away; a trait of neither.
        values: which value goes with which species.
        strength: how often a bird is given its species' value; otherwise the attribute is drawn uniformly.
    """

    labels: tuple[str, str]
    attribute: str
    values: tuple[str, str]
    strength: float


@dataclasses.dataclass(frozen=True, slots=True)
class Untrained:
    """A network with random weights; only its batch norms have seen pictures."""

    seed: int


@dataclasses.dataclass(frozen=True, slots=True)
class Noise:
    """A logit that depends on nothing in particular: normal, of a digest of the pixels. ``scale``: its standard
    deviation, in logits; with 0 every picture gets the same."""

    seed: int
    scale: float


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """One classifier of the panel. ``target``: the class that is explained."""

    name: str
    kind: str
    source: Formula | Planted | Untrained | Noise
    labels: tuple[str, ...]
    target: str

    @property
    def family(self) -> Family:
        """By what it is judged: a ranking against the exact effects, or that nothing is found."""
        if isinstance(self.source, Formula):
            return "function"
        return "planted" if isinstance(self.source, Planted) else "null"

    @property
    def has_weights(self) -> bool:
        """It is a network of its own, made by ``make train-panel``."""
        return isinstance(self.source, Planted | Untrained)

    @property
    def spec(self) -> str:
        return f"birds:{PREFIX}{self.name}"


_LAND = ("forest", "desert", "snow")

_FORMULAS: tuple[tuple[str, str, Formula], ...] = (
    ("single-red-head", "single", additive((3, has("head", "red")))),
    ("single-no-tall-crest", "single", additive((-3, has("crest", "tall")))),
    ("single-snow", "single", additive((3, has("background", "snow")))),
    ("single-hooked-beak", "single", additive((3, has("beak_shape", "hooked")))),
    ("sum-back-beak", "sum of 2", additive((2, has("upperparts", "blue")), (3, has("beak_shape", "flat")))),
    ("sum-crest-belly", "sum of 2", additive((2.5, has("crest", "tall")), (-2, has("belly", "yellow")))),
    (
        "sum-duck-pond",
        "sum of 3",
        additive((3, has("background", "water")), (2, has("head", "green")), (1, has("tail", "short"))),
    ),
    (
        "sum-wing-desert-throat",
        "sum of 3",
        additive((3, has("wing", "barred")), (-2, has("background", "desert")), (-1.5, has("throat", "red"))),
    ),
    ("and-head-snow", "AND", conjunction(4, has("head", "red"), has("background", "snow"))),
    ("and-beak-breast", "AND", conjunction(4, has("beak_shape", "hooked"), has("breast", "streaked"))),
    ("and-not-back-tail", "AND", conjunction(-4, has("upperparts", "blue"), has("tail", "forked"))),
    ("xor-crest-land", "XOR", exclusive(3, has("crest", "short", "no"), has("background", *_LAND))),
    ("xor-tail-back", "XOR", exclusive(3, has("tail", "short"), has("upperparts", "green", "blue"))),
)

_PLANTED: tuple[Planted, ...] = (
    Planted(("hawk", "duck"), "background", ("snow", "water"), 0.5),
    Planted(("jay", "hawk"), "head", ("red", "black"), 0.5),
    Planted(("cardinal", "duck"), "upperparts", ("brown", "blue"), 0.5),
    Planted(("thrush", "jay"), "background", ("desert", "forest"), 0.75),
    Planted(("thrush", "hawk"), "crest", ("tall", "no"), 0.75),
    Planted(("cardinal", "jay"), "belly", ("yellow", "gray"), 0.75),
    Planted(("cardinal", "hawk"), "background", ("sky", "forest"), 0.95),
    Planted(("jay", "thrush"), "head", ("white", "green"), 0.95),
    Planted(("hawk", "duck"), "throat", ("red", "white"), 0.95),
    Planted(("cardinal", "thrush"), "background", ("water", "desert"), 1.0),
    Planted(("hawk", "duck"), "upperparts", ("green", "red"), 1.0),
    Planted(("jay", "thrush"), "tail", ("long", "short"), 1.0),
)

_NULLS: tuple[tuple[str, str, Untrained | Noise], ...] = (
    ("null-untrained-1", "untrained", Untrained(1)),
    ("null-untrained-2", "untrained", Untrained(2)),
    ("null-untrained-3", "untrained", Untrained(3)),
    ("null-constant", "constant", Noise(0, 0.0)),
    ("null-noise-1", "noise", Noise(1, 0.5)),
    ("null-noise-2", "noise", Noise(2, 0.5)),
    ("null-noise-3", "noise", Noise(3, 0.5)),
)


def _planted(source: Planted) -> Member:
    percent = round(100 * source.strength)
    name = f"planted-{source.attribute.replace('_', '-')}-{percent}"
    return Member(name, f"shortcut {percent} %", source, source.labels, source.labels[0])


PANEL: Mapping[str, Member] = {
    member.name: member
    for member in (
        *(Member(name, kind, formula, ("no", "yes"), "yes") for name, kind, formula in _FORMULAS),
        *map(_planted, _PLANTED),
        *(Member(name, kind, source, LABELS, LABELS[0]) for name, kind, source in _NULLS),
    )
}
"""Name → member."""
