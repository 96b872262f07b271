"""``scoring``: how many pictures a second are scored, against a bare loop over the batched model."""

from __future__ import annotations

import dataclasses
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import (
    AutoImageProcessor,
    AutoModelForImageClassification,
    EfficientNetConfig,
    EfficientNetForImageClassification,
)

from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import table
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.birds import samples
from diffex_cli.classifiers.opened import BATCH
from diffex_cli.core.configuration import resolve
from diffex_cli.core.domains import packaged
from diffex_cli.core.machine import quiet_transformers
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus import corpus
from diffex_cli.measure import edit, score
from diffex_cli.measure.session import Session, locked_session

WORKLOADS = ("birds", "efficientnet")
"""A small model on small pictures, and one of the usual size on pictures of the usual size."""

_NOISE = 2.0
_SILENT = SilentProgress()


@dataclasses.dataclass(frozen=True, slots=True)
class Workload:
    """A classifier and the size of the pictures it is given.

    Attributes:
        side: of the square pictures, in pixels.
    """

    name: str
    model: Path
    side: int


@dataclasses.dataclass(frozen=True, slots=True)
class Round:
    """Seconds that the same pictures took."""

    bare: float
    adapter: float
    stage: float


def scoring(images: int = 16, rounds: int = 3, workloads: Sequence[str] = WORKLOADS) -> str:
    """Pictures a second by three roads, in turns, as Markdown.

    Args:
        images: how many sample images; their edits at the root level by the editor ``tint`` are scored with them.
        rounds: how often the three are measured one after the other.
    """
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name in workloads:
            work = Path(folder) / name
            lines.append(_line(_workload(name, work / "model"), work, images, rounds))
    header = ("classifier", "pictures", "bare model", "adapter", "`diffex score`", "adapter / bare", "score / bare")
    return (
        table(header, lines)
        + f"\n\nPictures a second, and the median ratio of {rounds} rounds, each of which measures the three in turn, "
        + f"after a warm-up. *Bare* is the loaded model in a loop over batches of {BATCH} tensors that are in memory, "
        + "in float32; *adapter* is the classifier's `logits` of pictures in memory, preprocessing included; "
        + "*`diffex score`* is the stage without loading the model: reading the run and its PNGs, preprocessing, "
        + "scoring, writing and merging the parts.\n\n"
        + environment()
    )


def _workload(name: str, folder: Path) -> Workload:
    if name == "birds":
        return Workload("`birds:species`, 128 px", packaged("species"), 128)
    return Workload("EfficientNet-B0 at 224 px, pictures of 512 px", _efficientnet(folder), 512)


def _line(workload: Workload, work: Path, images: int, rounds: int) -> tuple[str, ...]:
    settings = _edited_run(workload, work, images)
    pictures = _pictures(RunDirectory(settings.run))
    bare = _bare_loop(workload.model, pictures)
    adapter = Session(settings).classifier
    adapter.logits(pictures[:BATCH])
    found = []
    for turn in range(rounds):
        log(f"scoring: {workload.name}, round {turn + 1} of {rounds}")
        found.append(
            Round(_seconds(bare), _seconds(lambda: adapter.logits(pictures)), _stage_seconds(settings, len(pictures)))
        )
    count = len(pictures)
    return (
        workload.name,
        str(count),
        *(f"{count / statistics.median(times):.3g}" for times in zip(*map(dataclasses.astuple, found), strict=True)),
        f"{statistics.median(turn.bare / turn.adapter for turn in found):.2f}",
        f"{statistics.median(turn.bare / turn.stage for turn in found):.2f}",
    )


def _edited_run(workload: Workload, work: Path, images: int) -> Settings:
    """A run of which nothing is scored yet: sample images of the wanted size, and their edits."""
    inputs = work / "images"
    inputs.mkdir(parents=True)
    for place, picture in enumerate(list(samples.pictures().values())[:images]):
        _as_photograph(picture, workload.side, place).save(inputs / f"{place:02d}.png")
    flags = {
        "run": work / "run",
        "domain": "birds",
        "images": inputs,
        "editor": "tint:",
        "classifier": f"transformers:{workload.model}",
        "device": "cpu",
    }
    settings = resolve(flags, {}, None)
    corpus.run(settings, _SILENT)
    edit.run(settings, _SILENT)
    return settings


def _as_photograph(picture: Image.Image, side: int, seed: int) -> Image.Image:
    """Enlarged and with a sensor's noise: a drawing without it takes less time to decode than a photograph."""
    pixels = np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC), dtype=np.float64)
    noisy = pixels + np.random.default_rng(seed).normal(0.0, _NOISE, pixels.shape)
    return Image.fromarray(noisy.round().clip(0, 255).astype(np.uint8))


def _pictures(run: RunDirectory) -> list[Image.Image]:
    originals = [run.picture(image) for image in run.images()]
    return originals + [run.edited_picture(row) for row in run.edits().values() if row.status != "failed"]


def _bare_loop(folder: Path, pictures: Sequence[Image.Image]) -> Callable[[], list[NDArray[np.float32]]]:
    """What one would write without diffex, its tensors prepared beforehand; warmed up."""
    with quiet_transformers():
        processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
        model = AutoModelForImageClassification.from_pretrained(folder, dtype=torch.float32).eval()
    batches = [
        processor(images=list(pictures[start : start + BATCH]), return_tensors="pt")["pixel_values"]
        for start in range(0, len(pictures), BATCH)
    ]

    def loop() -> list[NDArray[np.float32]]:
        with torch.inference_mode():
            return [model(pixel_values=pixels).logits.numpy() for pixels in batches]

    with torch.inference_mode():
        model(pixel_values=batches[0])
    return loop


def _stage_seconds(settings: Settings, expected: int) -> float:
    """The stage's time from an empty ``scores/``, with the model loaded."""
    shutil.rmtree(settings.run / "scores", ignore_errors=True)
    with locked_session("score", settings) as session:
        session.classifier.logits([Image.new("RGB", (64, 64))])
        started = time.perf_counter()
        summary = score.score_all(session, _SILENT)
        seconds = time.perf_counter() - started
    if summary.scored != expected:
        raise RuntimeError(f"the stage scored {summary.scored} pictures, not {expected}")
    return seconds


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _efficientnet(folder: Path) -> Path:
    """EfficientNet-B0 with ImageNet's 1,000 classes and random weights."""
    torch.manual_seed(0)
    config = EfficientNetConfig(
        image_size=224, width_coefficient=1.0, depth_coefficient=1.0, hidden_dim=1280, num_labels=1000
    )
    model = EfficientNetForImageClassification(config)
    for parameter in model.parameters():
        # The library's own start lets the signal fade to denormal numbers, with which processors are ten times slower.
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
        else:
            torch.nn.init.ones_(parameter)
    with quiet_transformers():
        model.save_pretrained(folder)
    processor = {
        "image_processor_type": "EfficientNetImageProcessor",
        "size": {"height": 224, "width": 224},
        "resample": 3,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(processor), encoding="utf-8")
    return folder
