"""The verifier ``http``: a model behind a server, in any language, on any machine (``docs/verifying.md``)."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.keys import digest
from diffex_cli.classifiers.backends.http import ServerOptions, png, split_address
from diffex_cli.classifiers.backends.http_server import JsonServer, parse_address
from diffex_cli.classifiers.checks import numbers_of
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import read_options
from diffex_cli.verifiers.base import Attribute, Sight


class _Model(NamedTuple):
    name: str
    max_batch: int | None
    costs: bool


class HttpVerifier:
    """``http:<URL>[:batch=32,timeout=60,deadline=600,retries=4,max_mb=64]``. ``GET URL/v1/verifier`` names the model,
    ``POST URL/v1/seen`` is given a batch of PNGs and the attributes' prompts. A bearer token is taken from
    ``DIFFEX_HTTP_TOKEN`` and sent to this server alone."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        """Check the spec; the server is first asked when its answer is needed. The device is the server's choice."""
        spec = split_address(spec)
        options = read_options(spec, ServerOptions())
        self._spec, self._batch = spec, options.batch
        self._server = JsonServer(parse_address(spec.model, spec.text), options.limits, "docs/verifying.md")

    @functools.cached_property
    def fingerprint(self) -> str:
        """A digest of the model's name. Where the server is, is no part of it."""
        return digest({"verifier": "http", "model": self._model.name})

    calibrated = True

    @property
    def costs(self) -> bool:
        return self._model.costs

    def exclusive(self, attributes: Sequence[Attribute]) -> Collection[frozenset[str]]:
        return ()

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[np.float64]:
        step = min(self._batch, self._model.max_batch or self._batch)
        words = [attribute.prompt for attribute in attributes]
        return np.concatenate([self._ask(sights[i : i + step], words) for i in range(0, len(sights), step)])

    def _ask(self, sights: Sequence[Sight], words: list[str]) -> NDArray[np.float64]:
        images = [png(sight.picture) for sight in sights]
        answer = self._server.post("/v1/seen", {"images": images, "attributes": words})
        if answer.get("model") != self._model.name:
            raise DiffexError(
                f"{self._spec.text} now answers as the model {str(answer.get('model'))[:80]!r}, but began as "
                f"{self._model.name!r}: run the command again to look with one model"
            )
        found = numbers_of(answer.get("probabilities", ()), f"{self._spec.text} gave probabilities")
        if found.shape != (len(images), len(words)):
            raise DiffexError(
                f"{self._spec.text} gave probabilities of shape {found.shape} for {len(images)} images and "
                f"{len(words)} attributes"
            )
        return found

    @functools.cached_property
    def _model(self) -> _Model:
        found: dict[str, Any] = self._server.get("/v1/verifier")
        name, most, costs = found.get("model"), found.get("max_batch"), found.get("costs", False)
        if not (isinstance(name, str) and name):
            raise DiffexError(f'{self._spec.text}: /v1/verifier must name the "model", as text, not {str(name)[:80]!r}')
        if most is not None and not (type(most) is int and most >= 1):
            raise DiffexError(f'{self._spec.text}: "max_batch" in /v1/verifier must be a whole number of at least 1')
        if not isinstance(costs, bool):
            raise DiffexError(f'{self._spec.text}: "costs" in /v1/verifier must be true or false')
        return _Model(name, most, costs)
