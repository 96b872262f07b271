"""The ``ledits`` editor on a model that is in memory already, and jobs for it."""

from __future__ import annotations

import functools
import random
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image

from diffex_cli.birds.attributes import random_bird
from diffex_cli.birds.meanings import MEANINGS
from diffex_cli.birds.renderer import render
from diffex_cli.core.hierarchy import Candidate, Term
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.ledits.editor import LeditsEditor
from diffex_cli.editors.ledits.model import DiffusionModel

PROMPTS = tuple(MEANINGS)


class HeldEditor(LeditsEditor):
    """All of the editor but its loading; several may share one pipeline. ``options``: as in a spec."""

    def __init__(self, pipeline: Any, device: torch.device, options: Mapping[str, object]) -> None:
        written = ",".join(f"{key}={value}" for key, value in options.items())
        super().__init__(parse_spec(f"ledits:random/weights:{written}"), str(device))
        self._pipeline = pipeline

    @functools.cached_property
    def _source_digest(self) -> Mapping[str, object]:
        return {"model": type(self._pipeline).__name__}

    @property
    def row_limit(self) -> int:
        """The largest batch that has not run out of memory."""
        return self._limit.rows

    @property
    def model(self) -> DiffusionModel:
        """Loaded if it is not yet."""
        return self._model

    def _load(self, device: torch.device) -> Any:
        return self._pipeline


def picture(side: int, seed: int = 3) -> Image.Image:
    """A bird, square."""
    return render(random_bird(random.Random(seed))).resize((side, side))


def candidates(count: int, concepts: int = 1) -> list[Candidate]:
    """Different ones, of so many concepts each; the second is taken away."""

    def term(k: int, number: int) -> Term:
        prompt = PROMPTS[(k + 7 * number) % len(PROMPTS)]
        return Term(f"{k}/{prompt}", prompt, remove=number > 0)

    return [Candidate(tuple(term(k, number) for number in range(concepts))) for k in range(count)]


def requests(images: Sequence[str], some: Sequence[Candidate]) -> list[EditRequest]:
    """Every candidate on every image."""
    return [EditRequest(f"{image} {candidate.id}", image, candidate) for image in images for candidate in some]


def run(editor: Any, images: Mapping[str, Image.Image], some: Sequence[Candidate], seed: int = 0) -> list[EditResult]:
    """All edits, in the order of the requests; raises the reason of one that failed."""
    wanted = requests(list(images), some)
    made = {result.key: result for result in editor.edit(images, wanted, seed)}
    reasons = [result.reason for result in made.values() if result.status == "failed"]
    if reasons:
        raise RuntimeError(reasons[0])
    return [made[request.key] for request in wanted]
