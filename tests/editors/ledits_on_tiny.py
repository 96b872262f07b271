"""What the tests of the ``ledits`` editor on the tiny model share."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from diffex_cli.birds.attributes import random_bird
from diffex_cli.birds.renderer import render
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.ledits import LeditsEditor


def picture(seed: int, size: tuple[int, int]) -> Image.Image:
    return render(random_bird(random.Random(seed))).resize(size)


IMAGES = {
    "square": picture(1, (64, 64)),
    "other": picture(2, (64, 64)),
    "wide": picture(3, (70, 50)),
    "large": picture(4, (200, 90)),
}
HEAD = Candidate((Term("head/red", "red head"),))
BOTH = Candidate((Term("crest", "tall crest", overrides={"guidance": 20.0}), Term("tail", "long tail", remove=True)))


def opened(folder: Path, options: str = "") -> LeditsEditor:
    settings = ",".join(filter(None, ["steps=4,start=700,warmup=0,guidance=15,threshold=0.5", options]))
    return LeditsEditor(parse_spec(f"ledits:{folder}:{settings}"), device="cpu")


def results(editor: LeditsEditor, requests: Sequence[EditRequest], seed: int = 0) -> dict[str, EditResult]:
    found = list(editor.edit(IMAGES, requests, seed))
    assert len({result.key for result in found}) == len(found)
    return {result.key: result for result in found}


def edited(editor: LeditsEditor, image: str, candidate: Candidate, seed: int = 0) -> Image.Image:
    result = results(editor, [EditRequest("k", image, candidate)], seed)["k"]
    assert (result.status, result.reason) == ("ok", None)
    assert result.image is not None
    return result.image


def levels(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of any channel of any pixel."""
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


ALL = [
    EditRequest(f"{image}/{candidate.id}", image, candidate)
    for candidate, image in itertools.product((RECONSTRUCTION, HEAD, BOTH), IMAGES)
]
