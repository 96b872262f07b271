"""The five species that the embedded classifiers tell apart, and how they are drawn at random.

A species is several attributes that its birds mostly have. All other attributes are independent of
it, but for the background under a planted shortcut.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping

from diffex_cli.birds.attributes import Bird, random_bird


@dataclasses.dataclass(frozen=True)
class Species:
    """``traits``: what its birds have, each with a probability of :data:`TRAIT_SHARE`; ``home``: the
    background that a shortcut ties to it."""

    traits: Mapping[str, str]
    home: str


TRAIT_SHARE = 0.85
"""How often a bird shows each of its species' traits; otherwise the attribute is drawn uniformly."""

SPECIES: Mapping[str, Species] = {
    "cardinal": Species({"head": "red", "crest": "tall", "beak_shape": "conical"}, home="snow"),
    "jay": Species({"upperparts": "blue", "wing": "barred", "crest": "short"}, home="forest"),
    "thrush": Species({"breast": "spotted", "upperparts": "brown", "belly": "white"}, home="desert"),
    "hawk": Species({"beak_shape": "hooked", "breast": "streaked", "eye": "yellow"}, home="sky"),
    "duck": Species({"beak_shape": "flat", "head": "green", "tail": "short"}, home="water"),
}

LABELS = tuple(SPECIES)


def random_specimen(rng: random.Random, label: str, shortcut: float | None = None) -> Bird:
    """A bird of a species; ``shortcut`` is how often the background is its home, ``None`` leaves it independent."""
    species = SPECIES[label]
    fixed = {name: value for name, value in species.traits.items() if rng.random() < TRAIT_SHARE}
    if shortcut is not None:
        others = [other.home for other in SPECIES.values() if other.home != species.home]
        fixed["background"] = species.home if rng.random() < shortcut else rng.choice(others)
    return random_bird(rng, **fixed)
