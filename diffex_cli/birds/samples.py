"""The sample images: 48 birds that no model was trained on, with their records."""

from __future__ import annotations

import functools
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from PIL import Image

from diffex_cli.artifacts.keys import image_key
from diffex_cli.birds.attributes import Bird
from diffex_cli.birds.renderer import render
from diffex_cli.birds.species import LABELS, random_specimen
from diffex_cli.core.plain_files import read_plain_file

COUNT = 48
FOLDER = Path(__file__).parent / "samples"


def make(folder: Path = FOLDER) -> None:
    """Draw the samples, the species in turn, and write them with ``records.yaml``."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for k, (label, bird) in enumerate(specimens("diffex sample birds", COUNT)):
        name = f"{k:02d}-{label}.png"
        render(bird).save(folder / name, optimize=True)
        rows.append({"file": name, "species": label, "record": bird.as_dict()})
    (folder / "records.yaml").write_text(yaml.safe_dump(rows, sort_keys=False, width=1000), encoding="utf-8")


def specimens(seed: str, count: int) -> Sequence[tuple[str, Bird]]:
    """Species and record of ``count`` birds, the species in turn."""
    rng = random.Random(seed)
    labels = [LABELS[k % len(LABELS)] for k in range(count)]
    return [(label, random_specimen(rng, label)) for label in labels]


def unseen(seed: str, count: int) -> Mapping[str, Bird]:
    """Image key → record of birds that are not among the samples: to choose by, so that the samples can judge."""
    return {image_key(render(bird)): bird for _, bird in specimens(f"unseen birds {seed}", count)}


@functools.cache
def records() -> Mapping[str, Bird]:
    """Image key → record, of all samples, in the order of their names."""
    return {key: bird for key, (_, bird) in _load().items()}


@functools.cache
def pictures() -> Mapping[str, Image.Image]:
    """Image key → picture, of all samples, in the order of their names."""
    return {key: picture for key, (picture, _) in _load().items()}


def _load() -> dict[str, tuple[Image.Image, Bird]]:
    rows = read_plain_file(FOLDER / "records.yaml", "the records of the samples")
    found = {}
    for row in rows:
        with Image.open(FOLDER / row["file"]) as file:
            picture = file.convert("RGB")
        found[image_key(picture)] = (picture, Bird.from_dict(row["record"]))
    return found
