"""``scoring``: how many pictures a second are scored, against a bare loop over the batched model. Linux only."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from benchmarks.memory import Build
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.birds import samples
from diffex_cli.classifiers.opened import BATCH
from diffex_cli.core.configuration import resolve
from diffex_cli.core.domains import packaged
from diffex_cli.core.machine import quiet_transformers
from diffex_cli.core.progress import SilentProgress
from diffex_cli.corpus import corpus
from diffex_cli.measure import edit

WORKLOADS = ("birds", "efficientnet")
"""A small model on small pictures, and one of the usual size on pictures of the usual size."""

_ROADS = ("adapter", "score", "search")
_OURS = Path(__file__).parents[1]
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
class Cost:
    """What scoring so many pictures took.

    Attributes:
        processor: seconds of all threads.
    """

    seconds: float
    processor: float
    pictures: int


def scoring(images: int = 16, rounds: int = 3, workloads: Sequence[str] = WORKLOADS, before: Path | None = None) -> str:
    """Pictures a second by several roads, in turns, as Markdown.

    Args:
        images: how many sample images; their edits at the root level by the editor ``tint`` are scored with them.
        rounds: how often all are measured one after the other.
        before: a checkout of an earlier diffex, to be measured beside this one.
    """
    lines: list[tuple[str, ...]] = []
    builds = [Build("this", _OURS)] + ([] if before is None else [Build("before", before)])
    with tempfile.TemporaryDirectory() as folder:
        for name in workloads:
            work = Path(folder) / name
            lines += _lines(_workload(name, work / "model"), work, images, rounds, builds)
    header = (
        *("classifier", "build", "pictures", "bare model", "adapter", "`diffex score`", "in a search"),
        *("adapter / bare", "score / bare", "search / bare"),
    )
    return (
        table(header, lines)
        + f"\n\nPictures a second, and the median ratios of {rounds} rounds, each of which measures all in turn, "
        + "after a warm-up; in brackets those of the processor's seconds, which other programs of the machine disturb "
        + f"less. *Bare* is the loaded model in a loop over batches of {BATCH} tensors that are in memory, in float32; "
        + "*adapter* is the classifier's `logits` of pictures in memory, preprocessing included; *`diffex score`* is "
        + "the stage without loading the model: reading the run and its PNGs, preprocessing, scoring, writing and "
        + "merging the parts; *in a search* it scores what was edited just before. "
        + f"Load of the machine afterwards: {os.getloadavg()[0]:.1f}.\n\n"
        + environment()
    )


def _workload(name: str, folder: Path) -> Workload:
    if name == "birds":
        return Workload("`birds:species`, 128 px", packaged("species"), 128)
    return Workload("EfficientNet-B0 at 224 px, pictures of 512 px", _efficientnet(folder), 512)


def _lines(
    workload: Workload, work: Path, images: int, rounds: int, builds: Sequence[Build]
) -> Iterator[tuple[str, ...]]:
    flags = _edited_run(workload, work, images)
    pictures = _pictures(RunDirectory(Path(flags["run"])))
    bare = _bare_loop(workload.model, pictures)
    found: dict[tuple[str, str], list[Cost]] = {}
    with contextlib.ExitStack() as stack:
        workers = {build.name: stack.enter_context(worker(build, flags)) for build in builds}
        for turn in range(rounds):
            log(f"scoring: {workload.name}, round {turn + 1} of {rounds}")
            alone = _cost(bare, len(pictures))
            for road in ("bare", *_ROADS):
                for name, measure in workers.items():
                    cost = alone if road == "bare" else measure(road)
                    if cost.pictures != len(pictures):
                        raise RuntimeError(f"{name} scored {cost.pictures} pictures, not {len(pictures)}")
                    found.setdefault((name, road), []).append(cost)
    for build in builds:
        costs = [found[build.name, road] for road in ("bare", *_ROADS)]
        speeds = [len(pictures) / statistics.median(one.seconds for one in some) for some in costs]
        ratios = [_ratio(costs[0], some) for some in costs[1:]]
        yield workload.name, build.name, str(len(pictures)), *(f"{speed:.3g}" for speed in speeds), *ratios


def _ratio(bare: Sequence[Cost], road: Sequence[Cost]) -> str:
    pairs = list(zip(bare, road, strict=True))
    seconds = statistics.median(one.seconds / other.seconds for one, other in pairs)
    return f"{seconds:.2f} ({statistics.median(one.processor / other.processor for one, other in pairs):.2f})"


@contextlib.contextmanager
def worker(build: Build, flags: Mapping[str, str]) -> Iterator[Callable[[str], Cost]]:
    """A process of a build that scores a run by the road it is given (:mod:`benchmarks.scoring_worker`)."""
    command = [sys.executable, "-P", str(_OURS / "benchmarks" / "scoring_worker.py"), json.dumps(flags)]
    environ = {**os.environ, "PYTHONPATH": str(build.folder)}
    with subprocess.Popen(  # noqa: S603 - our own command line
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        ask, answers = process.stdin, process.stdout
        assert ask is not None
        assert answers is not None

        def measure(road: str) -> Cost:
            ask.write(f"{road}\n")
            ask.flush()
            return Cost(**json.loads(answers.readline()))

        yield measure
        ask.close()


def _edited_run(workload: Workload, work: Path, images: int) -> dict[str, str]:
    """The flags of a run of which nothing is scored yet: sample images of the wanted size, and their edits."""
    inputs = work / "images"
    inputs.mkdir(parents=True)
    for place, picture in enumerate(list(samples.pictures().values())[:images]):
        _as_photograph(picture, workload.side, place).save(inputs / f"{place:02d}.png")
    flags = {
        "run": str(work / "run"),
        "domain": "birds",
        "images": str(inputs),
        "editor": "tint:",
        "classifier": f"transformers:{workload.model}",
        "device": "cpu",
    }
    settings = resolve({**flags, "run": work / "run", "images": inputs}, {}, None)
    corpus.run(settings, _SILENT)
    edit.run(settings, _SILENT)
    return flags


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


def _cost(work: Callable[[], object], pictures: int) -> Cost:
    started, used = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - started, time.process_time() - used, pictures)


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
