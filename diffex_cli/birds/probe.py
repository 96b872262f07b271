"""The attribute probe: reads every attribute off a picture. Used only to measure edits, never to make them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.classifiers.base import Classifier

ATTRIBUTE_LABELS = tuple(f"{name}={value}" for name, values in ATTRIBUTES.items() for value in values)
"""The probe's columns."""


def attribute_columns() -> tuple[slice, ...]:
    """Where each attribute's values lie among the probe's columns, in the order of the attributes."""
    slices, start = [], 0
    for values in ATTRIBUTES.values():
        slices.append(slice(start, start + len(values)))
        start += len(values)
    return tuple(slices)


def read_attributes(probe: Classifier, images: Sequence[Image.Image]) -> list[dict[str, str]]:
    """What the probe sees: for each image, attribute → its most likely value."""
    logits: NDArray[np.float64] = probe.logits(images)
    return [
        {
            name: values[int(np.argmax(row[columns]))]
            for (name, values), columns in zip(ATTRIBUTES.items(), attribute_columns(), strict=True)
        }
        for row in logits
    ]
