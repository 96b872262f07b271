"""The editor ``tint``: washes the picture with a colour that the prompt's digest picks.

It needs no model and changes what classifiers see, so that a pipeline can be tried in seconds. What
it draws means nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence

from PIL import Image

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate, Term
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import number, read_options
from diffex_cli.editors.base import EditRequest, EditResult, Settled


@dataclasses.dataclass(frozen=True)
class TintOptions:
    """``strength`` is the colour's share in the result; ``delay`` is how long an edit takes, in seconds."""

    strength: float = number(0.3, 0, 1)
    delay: float = number(0.0, 0, 3600)


class TintEditor(Settled):
    """``tint:[strength=0.3][,delay=0]``. ``spec``: ``strength`` is the colour's share in the result, in [0, 1]; an
    attribute's override of the same name goes first. ``delay`` is how long an edit takes, in seconds, and changes no
    pixel."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        if spec.model:
            raise UsageError(f"the editor tint takes no model, but {spec.text!r} names {spec.model!r}: write tint:")
        self._options = read_options(spec, TintOptions())

    @property
    def settings(self) -> Mapping[str, object]:
        return {"editor": "tint", "version": 1, "strength": self._options.strength}

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        for request in requests:
            start = time.perf_counter()
            time.sleep(self._options.delay)
            picture = self._tint(images[request.image], request.candidate)
            yield EditResult(request.key, "ok", picture, time.perf_counter() - start)

    def _tint(self, picture: Image.Image, candidate: Candidate) -> Image.Image:
        result = picture.copy()
        for term in sorted(candidate.terms, key=lambda term: (term.prompt, term.remove)):
            wash = Image.new("RGB", picture.size, colour(term))
            strength = term.overrides.get("strength", self._options.strength)
            result = Image.blend(result, wash, min(max(float(strength), 0.0), 1.0))
        return result


def colour(term: Term) -> tuple[int, int, int]:
    """The RGB colour of an attribute; of a removed one, the complement."""
    red, green, blue = hashlib.sha256(term.prompt.encode()).digest()[:3]
    return (255 - red, 255 - green, 255 - blue) if term.remove else (red, green, blue)
