"""What is asked of the editor while it rehearses: random birds, and what each shall be turned into."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence

from diffex_cli.birds.attributes import ATTRIBUTES, Bird, phrase, random_bird
from diffex_cli.birds.meanings import PLACEBOS, Option

ROWS = 4
"""Wishes a bird."""

_NOTHING = 0.12
_TWO = 0.08

_MORE: Mapping[Option, float] = {
    ("breast", "spotted"): 7.0,
    ("breast", "plain"): 3.0,
    ("breast", "streaked"): 3.0,
    ("beak_shape", "long"): 3.5,
    ("beak_shape", "flat"): 1.6,
    ("wing", "barred"): 3.5,
    ("wing", "spotted"): 2.2,
    ("crest", "no"): 1.8,
    ("crest", "short"): 1.8,
    ("throat", "plain"): 1.8,
    ("throat", "red"): 1.8,
    ("eye", "yellow"): 1.8,
    ("eye", "red"): 1.4,
    ("tail", "long"): 1.4,
    ("head", "white"): 1.6,
}
"""How much oftener than others a value is asked for: those that seldom land, and the one that leaks most."""

_OPTIONS: tuple[Option, ...] = tuple((name, value) for name, values in ATTRIBUTES.items() for value in values)


@dataclasses.dataclass(frozen=True)
class Wish:
    """The words, and what they make of the bird: itself, where they are true of it already or name what cannot be."""

    words: str
    target: Bird


def draw_wishes(rng: random.Random) -> tuple[Bird, Sequence[Wish]]:
    """A random bird and :data:`ROWS` wishes."""
    bird = random_bird(rng)
    return bird, [_draw_wish(rng, bird) for _ in range(ROWS)]


def _draw_wish(rng: random.Random, bird: Bird) -> Wish:
    kind = rng.random()
    if kind < _NOTHING:
        true = [phrase(name, bird.value(name)) for name in ATTRIBUTES]
        return Wish(rng.choice(true) if rng.random() < 0.6 else rng.choice(PLACEBOS), bird)
    changes = dict(_draw_options(rng, bird, 2 if kind < _NOTHING + _TWO else 1))
    return Wish(", ".join(phrase(*option) for option in changes.items()), bird.with_values(**changes))


def _draw_options(rng: random.Random, bird: Bird, count: int) -> Sequence[Option]:
    """``count`` options that the bird does not show, of different attributes."""
    chosen: list[Option] = []
    while len(chosen) < count:
        taken = [name for name, _ in chosen]
        open_ones = [(name, value) for name, value in _OPTIONS if name not in taken and bird.value(name) != value]
        chosen += rng.choices(open_ones, [_MORE.get(option, 1.0) for option in open_ones])
    return chosen
