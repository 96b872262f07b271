"""The attributes of the embedded birds: what a record may say, and in which words.

A :class:`Bird` is a complete, exact description of one picture. Two records that differ in one
attribute render to the same picture but for that attribute, which is what makes the true effect
of an attribute on a classifier computable (see :mod:`diffex_cli.birds.truth`).
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from typing import Any

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "upperparts": ("red", "blue", "green", "brown", "black"),
    "belly": ("white", "yellow", "orange", "gray"),
    "head": ("red", "blue", "green", "black", "white"),
    "throat": ("plain", "red", "yellow", "white"),
    "beak_color": ("yellow", "red", "black"),
    "beak_shape": ("conical", "long", "hooked", "flat"),
    "crest": ("no", "short", "tall"),
    "eye": ("dark", "red", "yellow"),
    "wing": ("plain", "barred", "spotted"),
    "breast": ("plain", "spotted", "streaked"),
    "tail": ("short", "long", "forked"),
    "background": ("sky", "forest", "desert", "snow", "water"),
}
"""Every attribute with its values, in the order in which captions name them."""

_NOUNS = {
    "upperparts": "upperparts",
    "belly": "belly",
    "head": "head",
    "throat": "throat",
    "beak_color": "beak",
    "beak_shape": "beak",
    "crest": "crest",
    "eye": "eye",
    "wing": "wings",
    "breast": "breast",
    "tail": "tail",
    "background": "background",
}


def phrase(attribute: str, value: str) -> str:
    """The words for one attribute value, e.g. ``"hooked beak"``."""
    return f"{value} {_NOUNS[attribute]}"


@dataclasses.dataclass(frozen=True, slots=True)
class Bird:
    """One picture's record. The attribute fields hold values of :data:`ATTRIBUTES`; the jitter fields fix everything
    else about the picture. Lengths are in pixels of the 128×128 picture, angles in radians."""

    upperparts: str
    belly: str
    head: str
    throat: str
    beak_color: str
    beak_shape: str
    crest: str
    eye: str
    wing: str
    breast: str
    tail: str
    background: str
    faces_left: bool
    scale: float
    dx: float
    dy: float
    tilt: float
    texture: int
    """Seed of the textures: shades, clouds, trees, the places of spots."""

    def __post_init__(self) -> None:
        for attribute, values in ATTRIBUTES.items():
            value = getattr(self, attribute)
            if value not in values:
                raise ValueError(f"{attribute}={value!r} is not one of {', '.join(values)}")

    def value(self, attribute: str) -> str:
        if attribute not in ATTRIBUTES:
            raise KeyError(attribute)
        return str(getattr(self, attribute))

    def with_values(self, **changes: str) -> Bird:
        """The same bird with some attributes changed: its exact counterfactual."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, Any]:
        """The record as plain values, for YAML or JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Bird:
        """The inverse of :meth:`as_dict`."""
        return cls(**record)


def random_bird(rng: random.Random, **fixed: str) -> Bird:
    """A bird with independent, uniform attributes, except those given in ``fixed``."""
    values = {name: rng.choice(choices) for name, choices in ATTRIBUTES.items()}
    return Bird(
        **{**values, **fixed},
        faces_left=rng.random() < 0.5,
        scale=rng.uniform(0.73, 0.82),
        dx=rng.uniform(-3.0, 3.0),
        dy=rng.uniform(-1.0, 7.0),
        tilt=rng.uniform(-0.12, 0.12),
        texture=rng.randrange(2**31),
    )


def caption(bird: Bird) -> str:
    """The complete caption of a bird, every attribute named once."""
    return ", ".join(phrase(name, bird.value(name)) for name in ATTRIBUTES)
