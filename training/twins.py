"""The diffusion model's training data: birds with their exact counterfactual twins, as latents.

Each bird comes with three twins, each different in one attribute. A pair (from, to) of the four
teaches the words that lead from one to the other, so every pair is used in both directions and
pairs of twins teach two attributes at once.
"""

from __future__ import annotations

import dataclasses
import functools
import random
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

from diffex_cli.birds.attributes import ATTRIBUTES, Bird, caption, phrase, random_bird
from diffex_cli.birds.meanings import COARSE, PLACEBOS, Option
from diffex_cli.birds.renderer import render

VARIANTS = 4
_PATTERNS = (("wing", "barred"), ("wing", "spotted"), ("breast", "spotted"), ("breast", "streaked"))
_HARD_VALUES = (
    *_PATTERNS,
    ("wing", "plain"),
    ("breast", "plain"),
    ("beak_shape", "long"),
    ("beak_shape", "flat"),
    ("throat", "plain"),
    ("throat", "red"),
)
_CHUNK = 32
_HARDER = {"beak_shape": 1.5, "crest": 1.3, "tail": 1.3, "throat": 1.2, "eye": 1.2, "beak_color": 1.2, "breast": 1.2}


@dataclasses.dataclass(frozen=True)
class Twins:
    """``latents``: scaled, float16, shape (birds, 4, 4, 32, 32); ``birds[k][v]`` is the record of ``latents[k, v]``."""

    latents: torch.Tensor
    birds: Sequence[Sequence[Bird]]

    @functools.cached_property
    def pattern_pairs(self) -> tuple[tuple[int, int, int], ...]:
        """(family, source, target) of all pairs that differ only by a pattern that the target has."""
        return tuple(self._single_differences(_PATTERNS))

    @functools.cached_property
    def hard_pairs(self) -> Mapping[Option, tuple[tuple[int, int, int], ...]]:
        """The value that only the target has → (family, source, target), for the values learned last."""
        return {option: tuple(self._single_differences((option,))) for option in _HARD_VALUES}

    def _single_differences(self, options: Sequence[Option]) -> Iterator[tuple[int, int, int]]:
        for k, members in enumerate(self.birds):
            for source, target in [(0, v) for v in range(1, VARIANTS)] + [(v, 0) for v in range(1, VARIANTS)]:
                if _differences(members[source], members[target])[0] in options:
                    yield k, source, target


def family(rng: random.Random) -> tuple[Bird, ...]:
    """A bird and three twins that each differ from it in one attribute, three different ones."""
    bird = random_bird(rng)
    attributes: list[str] = []
    while len(attributes) < VARIANTS - 1:
        (name,) = rng.choices(list(ATTRIBUTES), [_HARDER.get(name, 1.0) for name in ATTRIBUTES])
        if name not in attributes:
            attributes.append(name)
    others = {name: [value for value in ATTRIBUTES[name] if value != bird.value(name)] for name in attributes}
    return (bird, *(bird.with_values(**{name: rng.choice(others[name])}) for name in attributes))


def render_families(families: Sequence[Sequence[Bird]]) -> np.ndarray:
    """All birds of all families, uint8, shape (birds, 3, 128, 128)."""
    pictures = [np.asarray(render(bird)) for members in families for bird in members]
    return np.stack(pictures).transpose(0, 3, 1, 2)


@torch.no_grad()
def encode(vae: AutoencoderKL, pictures: torch.Tensor) -> torch.Tensor:
    """Pictures, uint8, shape (rows, 3, 128, 128) → scaled latents, shape (rows, 4, 32, 32)."""
    pixels = (pictures.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
    latents: torch.Tensor = vae.encode(pixels).latent_dist.mode() * vae.config.scaling_factor
    return latents


def make_twins(vae: AutoencoderKL, count: int, seed: int, cache: Path | None = None) -> Twins:
    """Render and encode ``count`` families, or read them from ``cache``."""
    rng = random.Random(seed)
    families = [family(rng) for _ in range(count)]
    if cache is not None and cache.exists():
        return Twins(torch.load(cache, weights_only=True), families)
    chunks = [families[k : k + _CHUNK] for k in range(0, count, _CHUNK)]
    latents = []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for pictures in pool.map(render_families, chunks):
            for few in torch.from_numpy(pictures).split(8):  # small batches stay in the cache: 2.5 times faster
                latents.append(encode(vae, few).half().contiguous())
    stacked = torch.cat(latents).unflatten(0, (count, VARIANTS))
    if cache is not None:
        torch.save(stacked, cache)
    return Twins(stacked, families)


@dataclasses.dataclass(frozen=True)
class Lesson:
    """One training row: the noised latents are ``source``'s, the noise to predict leads to ``target``."""

    family: int
    source: int
    target: int
    caption: str


def _differences(source: Bird, target: Bird) -> list[Option]:
    return [(name, target.value(name)) for name in ATTRIBUTES if source.value(name) != target.value(name)]


def twin_lesson(rng: random.Random, twins: Twins) -> Lesson:
    """Name what differs between two members of a family."""
    k = rng.randrange(len(twins.birds))
    source, target = (0, rng.randrange(1, VARIANTS)) if rng.random() < 0.4 else rng.sample(range(VARIANTS), 2)
    birds = twins.birds[k]
    changes = _differences(birds[source], birds[target])
    named = [phrase(*option) for option in changes]
    coarse = [prompt for prompt, options in COARSE.items() if changes[0] in options]
    if len(changes) == 1 and coarse and rng.random() < 0.12:
        named = [rng.choice(coarse)]
    elif rng.random() < 0.25:
        named += rng.sample([phrase(name, birds[target].value(name)) for name in ATTRIBUTES], rng.randrange(1, 4))
    rng.shuffle(named)
    return Lesson(k, source, target, ", ".join(dict.fromkeys(named)))


def pattern_lesson(rng: random.Random, twins: Twins) -> Lesson:
    """Name the pattern of wings or breast that one member of a family has and another lacks."""
    k, source, target = rng.choice(twins.pattern_pairs)
    ((attribute, value),) = _differences(twins.birds[k][source], twins.birds[k][target])
    return Lesson(k, source, target, phrase(attribute, value))


def hard_lesson(rng: random.Random, twins: Twins) -> Lesson:
    """Name one of the values that are learned last, each as often as any other."""
    attribute, value = rng.choice(_HARD_VALUES)
    k, source, target = rng.choice(twins.hard_pairs[attribute, value])
    return Lesson(k, source, target, phrase(attribute, value))


def plain_lesson(rng: random.Random, twins: Twins) -> Lesson:
    """Ordinary denoising: the caption is empty, true, or about something that cannot be there."""
    k, member = rng.randrange(len(twins.birds)), rng.randrange(VARIANTS)
    bird = twins.birds[k][member]
    true = [phrase(name, bird.value(name)) for name in ATTRIBUTES]
    kind = rng.random()
    if kind < 0.5:
        words = ""
    elif kind < 0.62:
        words = caption(bird)
    elif kind < 0.88:
        words = ", ".join(rng.sample(true, rng.choice((1, 1, 2, 4))))
    else:
        words = rng.choice(PLACEBOS)
    return Lesson(k, member, member, words)
