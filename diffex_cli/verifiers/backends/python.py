"""The verifier ``python``, and any function that sees attributes in pictures as a verifier."""

from __future__ import annotations

import dataclasses
import functools
import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeAlias

from PIL import Image

from diffex_cli.artifacts.keys import digest, file_digest
from diffex_cli.core.own_code import find_own
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import read_options, switch, text
from diffex_cli.verifiers.base import Attribute, Sight

Function: TypeAlias = Callable[[list[Image.Image], list[str]], Any]


class FunctionVerifier:
    """A function as a verifier.

    It is given a list of n RGB pictures and the words for m attributes, those that the editor draws, and returns an
    array (or tensor, or lists) of shape (n, m): the probability that each is seen, in [0, 1], or NaN.

    Nobody can tell what a function depends on, so that each object has a fingerprint of its own.
    """

    calibrated = True

    def __init__(self, function: Function, costs: bool = False) -> None:
        self._function = function
        self.costs = costs
        self.fingerprint = digest({"verifier": "function", "object": uuid.uuid4().hex})

    def exclusive(self, attributes: Sequence[Attribute]) -> Collection[frozenset[str]]:
        return ()

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> Any:
        pictures = [sight.picture.convert("RGB") for sight in sights]
        return self._function(pictures, [attribute.prompt for attribute in attributes])


@dataclasses.dataclass(frozen=True)
class PythonOptions:
    """``version``: what the fingerprint knows of all that the module imports or loads; ``costs``: an answer costs
    much."""

    version: str | None = text(None)
    costs: bool = switch(False)


class PythonVerifier:
    """``python:<module>:<callable>[:version=V,costs=yes]``: a function of a module of one's own, as
    :class:`FunctionVerifier` takes it. The module may be in the current folder. The fingerprint covers the module's own
    source and nothing that it imports or loads: give another ``version`` when those change."""

    calibrated = True

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        """Find the module, without importing it. The callable chooses its own device."""
        self._options = read_options(spec, PythonOptions())
        self._code = find_own(spec, "seen")
        self.costs = self._options.costs

    @functools.cached_property
    def fingerprint(self) -> str:
        code = {"module": self._code.module, "callable": self._code.callable, "source": file_digest(self._code.source)}
        return digest({"verifier": "python", **code, "version": self._options.version})

    def exclusive(self, attributes: Sequence[Attribute]) -> Collection[frozenset[str]]:
        return ()

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> Any:
        return self._imported.seen(sights, attributes)

    @functools.cached_property
    def _imported(self) -> FunctionVerifier:
        return FunctionVerifier(self._code.load()[1])
