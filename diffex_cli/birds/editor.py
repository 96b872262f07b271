"""The perfect editor of the embedded birds: it draws the same bird again with the attribute changed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from PIL import Image

from diffex_cli.birds import meanings, samples
from diffex_cli.birds.attributes import Bird
from diffex_cli.birds.renderer import render
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.registry import Spec
from diffex_cli.editors.base import EditRequest, EditResult, Settled, failed

_RENDERER_VERSION = 1
"""Raised when the renderer's pixels change; part of the fingerprint."""


class RenderEditor(Settled):
    """``render:birds``. It knows the records of the sample images alone; any other image fails."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        if spec.model != "birds" or spec.options:
            raise UsageError(f"--editor {spec.text}: the render editor exists as render:birds only, without options")

    @property
    def settings(self) -> Mapping[str, object]:
        return {"editor": "render", "renderer": _RENDERER_VERSION}

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        """See :meth:`diffex_cli.editors.base.Editor.edit`. The seed changes nothing: a coarse prompt's
        option is fixed by the picture and the prompt."""
        records = samples.records()
        for request in requests:
            started = time.perf_counter()
            if request.image not in records:
                yield failed(request.key, "not one of the embedded birds: no record to render")
                continue
            try:
                picture = render(apply_all(records[request.image], request.candidate))
            except KeyError as error:
                yield failed(request.key, f"no bird can be drawn with {error.args[0]!r}")
                continue
            yield EditResult(request.key, "ok", picture, time.perf_counter() - started)


def apply_all(bird: Bird, candidate: Candidate) -> Bird:
    """The exact counterfactual of a candidate, its terms applied in order; a KeyError for an unknown prompt."""
    for term in candidate.terms:
        bird = meanings.apply(bird, term.prompt, term.remove)
    return bird
