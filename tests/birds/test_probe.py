from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.birds import samples
from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.birds.probe import ATTRIBUTE_LABELS, attribute_columns, read_attributes


class Oracle:
    """Knows the records of the samples, and is never quite sure."""

    fingerprint = "oracle"
    settings: Mapping[str, object] = {}
    labels = ATTRIBUTE_LABELS

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        known = {picture.tobytes(): samples.records()[key] for key, picture in samples.pictures().items()}
        birds = [known[image.tobytes()] for image in images]
        return np.array(
            [
                [0.5 * (bird.value(label.split("=")[0]) == label.split("=")[1]) for label in self.labels]
                for bird in birds
            ]
        )


def test_the_columns_partition_the_labels() -> None:
    assert [ATTRIBUTE_LABELS[columns] for columns in attribute_columns()] == [
        tuple(f"{name}={value}" for value in values) for name, values in ATTRIBUTES.items()
    ]


def test_reading_takes_the_best_value_of_each_attribute() -> None:
    pictures, birds = list(samples.pictures().values()), samples.records().values()
    assert read_attributes(Oracle(), pictures) == [{name: bird.value(name) for name in ATTRIBUTES} for bird in birds]
