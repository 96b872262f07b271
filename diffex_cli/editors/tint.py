"""The editor ``tint``: washes the picture with a colour that the prompt's digest picks.

It needs no model and changes what classifiers see, so that a pipeline can be tried in seconds. What
it draws means nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence

from PIL import Image

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate, Term
from diffex_cli.core.registry import Spec, did_you_mean
from diffex_cli.editors.base import EditRequest, EditResult

_OPTIONS = ("delay", "strength")


class TintEditor:
    """``tint:[strength=0.3][,delay=0]``.

    Args:
        spec: ``strength`` is the colour's share in the result, in [0, 1]; an attribute's override of the
            same name goes first. ``delay`` is how long an edit takes, in seconds, and changes no pixel.
        device: has no meaning here.

    Raises:
        UsageError: an unknown option, or one that is not a number in its range.
    """

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        if spec.model:
            raise UsageError(f"the editor tint takes no model, but {spec.text!r} names {spec.model!r}: write tint:")
        for name in spec.options:
            if name not in _OPTIONS:
                raise UsageError(f"the editor tint has no option {name!r}{did_you_mean(name, _OPTIONS)}")
        self._strength = _number(spec, "strength", 0.3, 1.0)
        self._delay = _number(spec, "delay", 0.0, 3600.0)
        self.settings: Mapping[str, object] = {"editor": "tint", "version": 1, "strength": self._strength}
        self.fingerprint = digest(self.settings)

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        """Make the edits one by one, in the order of the requests. The seed has no meaning here."""
        for request in requests:
            start = time.perf_counter()
            time.sleep(self._delay)
            picture = self._tint(images[request.image], request.candidate)
            yield EditResult(request.key, "ok", picture, time.perf_counter() - start)

    def _tint(self, picture: Image.Image, candidate: Candidate) -> Image.Image:
        result = picture.copy()
        for term in sorted(candidate.terms, key=lambda term: (term.prompt, term.remove)):
            wash = Image.new("RGB", picture.size, colour(term))
            strength = term.overrides.get("strength", self._strength)
            result = Image.blend(result, wash, min(max(float(strength), 0.0), 1.0))
        return result


def colour(term: Term) -> tuple[int, int, int]:
    """The RGB colour of an attribute; of a removed one, the complement."""
    red, green, blue = hashlib.sha256(term.prompt.encode()).digest()[:3]
    return (255 - red, 255 - green, 255 - blue) if term.remove else (red, green, blue)


def _number(spec: Spec, name: str, default: float, largest: float) -> float:
    text = spec.options.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= largest:
        raise UsageError(f"the option {name}={text} of {spec.text!r} must be a number from 0 to {largest:g}")
    return value
