"""``python -m benchmarks.verifiers``: how right verifiers are, on birds of which every attribute is known.

The small CLIP of ``make train-clip`` and the probe look at the sample birds and at exact edits of them. Tables go to
stdout and, between their markers, into ``verifying.md``.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import table, write_between_markers
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds import samples
from diffex_cli.birds.attributes import ATTRIBUTES, Bird, phrase
from diffex_cli.birds.meanings import FINE
from diffex_cli.birds.renderer import render
from diffex_cli.core import domains
from diffex_cli.measure.calibration import AS_READ, SEEN, Calibration, calibrate
from diffex_cli.measure.changes import changed_box
from diffex_cli.verifiers.attributes import attributes_of
from diffex_cli.verifiers.backends.clip import UNSURE
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import OpenedVerifier, open_verifier

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Scene:
    """Pictures of which all is known.

    Attributes:
        originals: the sample birds.
        redrawn: the same with other shades, clouds, trees and places of spots, which no attribute names: placebos.
        edited: which bird, and the picture with one attribute set to another value, the part that changed with it.
        truth: of the originals, then of the edits, what they show, shape (pictures, attributes).
        asked: of each edit, the column of the value that was set.
    """

    attributes: tuple[Attribute, ...]
    originals: tuple[Sight, ...]
    redrawn: tuple[Sight, ...]
    edited: tuple[tuple[int, Sight], ...]
    truth: Bools
    asked: NDArray[np.int64]


def scene(birds: Sequence[Bird], seed: int = 0) -> Scene:
    """Of every bird, each attribute is set once, to another value."""
    rng = random.Random(f"verifiers/{seed}")
    hierarchy = corpus_yaml.read_corpus(domains.corpus_file("birds"))
    attributes = tuple(one for one in attributes_of(hierarchy) if one.prompt in FINE)
    columns = {one.prompt: column for column, one in enumerate(attributes)}
    pictures = [render(bird) for bird in birds]
    redrawn = [render(dataclasses.replace(bird, texture=rng.randrange(2**31))) for bird in birds]
    edited, twins, asked = [], [], []
    for place, (bird, picture) in enumerate(zip(birds, pictures, strict=True)):
        for name, values in ATTRIBUTES.items():
            value = rng.choice([one for one in values if one != bird.value(name)])
            twins.append(bird.with_values(**{name: value}))
            asked.append(columns[phrase(name, value)])
            after = render(twins[-1])
            edited.append((place, Sight(after, changed_box(picture, after))))
    return Scene(
        attributes,
        tuple(map(Sight, pictures)),
        tuple(Sight(after, changed_box(before, after)) for before, after in zip(pictures, redrawn, strict=True)),
        tuple(edited),
        np.array([_shows(bird, attributes) for bird in (*birds, *twins)]),
        np.array(asked),
    )


def _shows(bird: Bird, attributes: Sequence[Attribute]) -> list[bool]:
    return [all(bird.value(name) == value for name, value in FINE[one.prompt]) for one in attributes]


@dataclasses.dataclass(frozen=True)
class Read:
    """A verifier's readings of a scene, each of shape (pictures, attributes)."""

    originals: Floats
    redrawn: Floats
    edited: Floats

    def calibration(self, attributes: Sequence[Attribute]) -> Calibration:
        """As a search finds it, whose reconstructions are the originals."""
        before, after = (
            [dict(zip((one.id for one in attributes), row, strict=True)) for row in rows.tolist()]
            for rows in (self.originals, self.redrawn)
        )
        return calibrate(before, list(zip(before, after, strict=True)))

    def seen(self, attributes: Sequence[Attribute], calibration: Calibration) -> Bools:
        """Of the originals, then of the edits."""
        rows = np.concatenate([self.originals, self.edited])
        found = [[calibration.probability(one.id, p) for one, p in zip(attributes, row, strict=True)] for row in rows]
        return np.array(found) >= SEEN


Views = Callable[[Floats, Floats], Floats]
VIEWS: Mapping[str, Views] = {
    "the whole picture": lambda whole, part: whole,
    "the changed part": lambda whole, part: part,
    "the more certain of both": lambda whole, part: np.where(abs(part - SEEN) > abs(whole - SEEN), part, whole),
    "the mean of the odds of both": lambda whole, part: 1 / (1 + np.exp(-(_odds(whole) + _odds(part)) / 2)),
    "the larger of both": np.maximum,
    "the mean where the whole is unsure": lambda whole, part: np.where(
        abs(_odds(whole)) < UNSURE, 1 / (1 + np.exp(-(_odds(whole) + _odds(part)) / 2)), whole
    ),
}
"""Ways to read an edit. The verifier ``clip`` uses the last."""


def _odds(reading: Floats) -> Floats:
    inside = reading.clip(1e-7, 1 - 1e-7)
    odds: Floats = np.log(inside / (1 - inside))
    return odds


def read(verifier: OpenedVerifier, here: Scene) -> Read:
    """As a search asks."""
    edited = [sight for _, sight in here.edited]
    return Read(*(verifier.seen(sights, here.attributes) for sights in (here.originals, here.redrawn, edited)))


def views(verifier: OpenedVerifier, here: Scene) -> dict[str, Read]:
    """The readings by each of :data:`VIEWS`."""
    found = {}
    for name, combined in VIEWS.items():
        parts = [
            combined(*(verifier.seen([cut(one) for one in sights], here.attributes) for cut in (_whole, _part)))
            for sights in (here.redrawn, [sight for _, sight in here.edited])
        ]
        found[name] = Read(verifier.seen(here.originals, here.attributes), *parts)
    return found


def _whole(sight: Sight) -> Sight:
    return Sight(sight.picture)


def _part(sight: Sight) -> Sight:
    picture: Image.Image = sight.picture if sight.crop is None else sight.picture.crop(sight.crop)
    return Sight(picture)


def rates(seen: Bools, truth: Bools) -> str:
    """Precision and recall, of all given answers."""
    right = (seen & truth).sum()
    precision = f"{right / seen.sum():.2f}" if seen.any() else "–"
    return f"{precision} / {right / truth.sum():.2f}" if truth.any() else f"{precision} / –"


def attribute_table(found: Mapping[str, Bools], here: Scene) -> str:
    """Precision and recall of every attribute, on originals and on edits.

    Args:
        found: what is said of who looked → what was seen.
    """
    n = len(here.originals)
    features = {name: [one.prompt in _phrases(name) for one in here.attributes] for name in ATTRIBUTES}
    rows = []
    for label, own in {**features, "**all**": [True] * len(here.attributes)}.items():
        parts = [(seen[rows_][:, own], here.truth[rows_][:, own]) for seen in found.values() for rows_ in _parts(n)]
        rows.append([label.replace("_", " "), *(rates(*one) for one in parts)])
    head = [f"{name}, {part}" for name in found for part in ("originals", "edits")]
    return table(["attribute", *head], rows)


def _phrases(name: str) -> set[str]:
    return {phrase(name, value) for value in ATTRIBUTES[name]}


def _parts(originals: int) -> tuple[slice, slice]:
    return slice(originals), slice(originals, None)


def view_table(found: Mapping[str, Read], here: Scene) -> str:
    """What each way to look at an edit gets right: of what was asked for and of all else."""
    rows = []
    for name, one in found.items():
        for how, calibration in (("0.5", AS_READ), ("calibrated", one.calibration(here.attributes))):
            seen = one.seen(here.attributes, calibration)
            before, after = (
                seen[: len(here.originals)][[place for place, _ in here.edited]],
                seen[len(here.originals) :],
            )
            truth = here.truth[: len(here.originals)][[place for place, _ in here.edited]]
            landed = after[np.arange(len(after)), here.asked].mean()
            same = truth == here.truth[len(here.originals) :]
            leaked = (before != after)[same].mean()
            rows.append([name, how, f"{landed:.2f}", f"{leaked:.3f}", rates(after, here.truth[len(here.originals) :])])
    return table(["an edit is read on", "seen from", "landed", "said to leak", "precision / recall"], rows)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write into the page if its folder is given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verifiers", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/train-clip"), help="where `make train-clip` worked")
    parser.add_argument("--docs", type=Path, help="the folder of the page to renew; none is by default")
    parser.add_argument("--images", type=int, default=samples.COUNT, help="sample birds to look at")
    arguments = parser.parse_args(argv)
    log("drawing")
    here = scene(list(samples.records().values())[: arguments.images])
    folder = arguments.work / "models" / "clip"
    found: dict[str, Bools] = {}
    for name, spec in (
        ("`birds:probe`", "birds:probe"),
        ("`clip:`", f"clip:{folder}"),
        ("`clip:` `siblings=no`", f"clip:{folder}:siblings=no"),
    ):
        log(spec)
        verifier = open_verifier(spec)
        assert verifier is not None
        readings = read(verifier, here)
        found[name] = readings.seen(here.attributes, AS_READ)
        if not verifier.calibrated:
            found[f"{name} calibrated"] = readings.seen(here.attributes, readings.calibration(here.attributes))
    log("views")
    clip = open_verifier(f"clip:{folder}")
    assert clip is not None
    text = "\n\n".join([attribute_table(found, here), view_table(views(clip, here), here), environment()])
    sys.stdout.write(f"{text}\n")
    if arguments.docs is not None:
        write_between_markers(arguments.docs / "verifying.md", "verifiers", text)


if __name__ == "__main__":
    main()
