"""What every prompt of the birds domain means: the exact edit that its words stand for.

A fine prompt sets one attribute to one value. A coarse prompt (``"crest"``, ``"head color"``) sets one attribute to one
of several values, all equally likely, so that its exact effect is the mean of its options' effects. A placebo names
what the images cannot have and means no change at all. The diffusion model learns its words from these meanings, the
renderer edits by them, and :mod:`diffex_cli.birds.truth` measures them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from diffex_cli.birds.attributes import ATTRIBUTES, Bird, phrase

Option = tuple[str, str]
"""An attribute and the value that it is set to."""


def _values(attribute: str, *without: str) -> tuple[Option, ...]:
    return tuple((attribute, value) for value in ATTRIBUTES[attribute] if value not in without)


FINE: Mapping[str, tuple[Option, ...]] = {
    phrase(attribute, value): ((attribute, value),) for attribute, values in ATTRIBUTES.items() for value in values
}
"""Prompts that name one value."""

_FEATURES: Mapping[str, tuple[Option, ...]] = {
    "head color": _values("head"),
    "crest": _values("crest", "no"),
    "throat patch": _values("throat", "plain"),
    "eye color": _values("eye"),
    "beak color": _values("beak_color"),
    "beak shape": _values("beak_shape"),
    "upperparts color": _values("upperparts"),
    "belly color": _values("belly"),
    "breast pattern": _values("breast", "plain"),
    "wing pattern": _values("wing", "plain"),
    "tail shape": _values("tail"),
    "land background": (("background", "forest"), ("background", "desert"), ("background", "snow")),
    "open background": (("background", "sky"), ("background", "water")),
}

COARSE: Mapping[str, tuple[Option, ...]] = {
    **_FEATURES,
    "head": sum((_FEATURES[name] for name in ("head color", "crest", "throat patch", "eye color")), ()),
    "beak": _FEATURES["beak color"] + _FEATURES["beak shape"],
    "body": sum((_FEATURES[name] for name in ("upperparts color", "belly color", "breast pattern")), ()),
    "wings": _FEATURES["wing pattern"],
    "tail": _FEATURES["tail shape"],
    "background": _values("background"),
}
"""Prompts that name a group of values."""

PLACEBOS: tuple[str, ...] = ("accessories", "hat", "top hat", "party hat", "neckwear", "scarf", "bow tie")
"""Prompts for what the images cannot have."""

MEANINGS: Mapping[str, tuple[Option, ...]] = {**FINE, **COARSE, **dict.fromkeys(PLACEBOS, ())}
"""Every prompt of the domain with its options; none for a placebo."""


def apply(bird: Bird, prompt: str, remove: bool = False) -> Bird:
    """The exact counterfactual of one prompt.

    A coarse prompt's option is drawn uniformly by the picture and the prompt, so the same request
    always gives the same picture. Removing sets the attribute to its plain value if it has one and
    the bird shows one of the prompt's options; otherwise nothing changes.

    Raises:
        KeyError: the prompt is not one of :data:`MEANINGS`.
    """
    options = MEANINGS[prompt]
    if not options:
        return bird
    if remove:
        return _without(bird, options)
    attribute, value = random.Random(f"{bird.texture}/{prompt}").choice(options)
    return bird.with_values(**{attribute: value})


PLAIN: Mapping[str, str] = {"throat": "plain", "crest": "no", "wing": "plain", "breast": "plain"}
"""The value that means absence, for the attributes that can be absent."""


def _without(bird: Bird, options: tuple[Option, ...]) -> Bird:
    shown = [attribute for attribute, value in options if bird.value(attribute) == value and attribute in PLAIN]
    return bird.with_values(**{attribute: PLAIN[attribute] for attribute in shown})
