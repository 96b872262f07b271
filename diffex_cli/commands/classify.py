"""``diffex classify``: what a classifier says of a few images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffex_cli.commands.options import CONFIG, Given, takes
from diffex_cli.commands.output import Output
from diffex_cli.commands.running import run_stage
from diffex_cli.core.columns import Column
from diffex_cli.core.printable import printable

if TYPE_CHECKING:
    from diffex_cli.measure.classify import ClassifiedImage

_FIRST = (Column("image"), Column("class"))
_PROBABILITY = Column("probability", right=True)


@takes("classifier", "run", CONFIG, "device", "trust_run")
def classify(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGES...", help="Images, or folders of images.")],
    given: Given,
    *,
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, help="How many classes to show for each image.")] = 5,
    output: Output,
) -> None:
    """Show what a classifier says about a few images, and warn of scores that no sound classifier gives.

    Use it to check a classifier and its preprocessing before explaining it. Without --classifier, the run's or the
    domain's is used. Writes nothing.
    """
    settings = given.settings("classifier")
    from diffex_cli.measure import classify as stage

    found = run_stage(output, lambda progress: stage.run(settings, images, top, progress))
    rows = [row for image in found.images for row in _rows(image)]
    quiet_lines = (f"{printable(str(image.file))}\t{printable(image.top[0].label)}" for image in found.images)
    # what has no probability is no logit
    score = "logit" if all(guess.probability is not None for image in found.images for guess in image.top) else "score"
    columns = (*_FIRST, Column(score, right=True), _PROBABILITY)
    output.table(found, columns, rows, quiet="\n".join(quiet_lines))
    images_told = f"{len(found.images)} image{'' if len(found.images) == 1 else 's'}"
    output.say(f"{images_told}, {len(found.labels)} classes, {found.classifier}.")
    output.warnings(found.oddities)


def _rows(image: ClassifiedImage) -> list[tuple[str, ...]]:
    return [
        (
            "" if place else str(image.file),
            guess.label,
            f"{guess.logit:+.3f}",
            "–" if guess.probability is None else f"{guess.probability:.3f}",
        )
        for place, guess in enumerate(image.top)
    ]
