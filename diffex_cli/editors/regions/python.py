"""The regions ``python:MODULE:CALLABLE``: a function of one's own finds them."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from diffex_cli.artifacts.keys import file_digest
from diffex_cli.core.hierarchy import Term
from diffex_cli.core.own_code import find_own
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import read_options, text
from diffex_cli.editors.base import Settled
from diffex_cli.editors.regions.base import RegionImage


@dataclasses.dataclass(frozen=True)
class PythonRegionOptions:
    """``words``: for the place, instead of the attribute's. ``version``: what the fingerprint knows of all that the
    module imports or loads."""

    words: str = text("")
    version: str | None = text(None)


class PythonRegions(Settled):
    """See :class:`~diffex_cli.editors.regions.base.Regions`. ``function(picture, words)`` is given an RGB picture and
    the words for what to look for in it, and returns a region. The module may be in the current folder; it is imported
    when the first region is asked for, and the fingerprint covers its own source alone."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        self._options = read_options(spec, PythonRegionOptions())
        self._own = find_own(spec, "find")

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        own = {"regions": "python", "module": self._own.module, "callable": self._own.callable}
        return {**own, "source": file_digest(self._own.source), **dataclasses.asdict(self._options)}

    def regions(self, image: RegionImage, terms: Sequence[Term]) -> Iterator[Any]:
        _, function = self._imported
        for term in terms:
            yield function(image.picture.copy(), self._options.words or term.place)

    @functools.cached_property
    def _imported(self) -> Any:
        return self._own.load()
