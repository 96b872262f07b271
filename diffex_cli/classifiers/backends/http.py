"""The classifier ``http``: a model behind a server, in any language, on any machine (``docs/classifiers.md``)."""

from __future__ import annotations

import base64
import dataclasses
import functools
import io
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest
from diffex_cli.classifiers.backends.http_server import JsonServer, Limits, parse_address
from diffex_cli.classifiers.checks import as_numbers, checked_labels, in_batches
from diffex_cli.classifiers.outputs import OutputOptions, parse_outputs
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import number, read_options, whole

_OPTIONS_PART = re.compile(r"(?P<url>.+):(?P<options>[a-z_]+=[^/]*)")


@dataclasses.dataclass(frozen=True, slots=True)
class _Model:
    """What the server says of itself."""

    name: str
    labels: tuple[str, ...]
    max_batch: int | None


@dataclasses.dataclass(frozen=True)
class ServerOptions:
    """``batch``: pictures a request; ``timeout``: seconds without a sign of the server; ``deadline``: seconds for a
    whole answer; ``retries``: of a request; ``max_mb``: of an answer."""

    batch: int = whole(32, 1, 3600)
    timeout: float = number(60.0, 0.1, 3600)
    deadline: float = number(600.0, 0.1, 86400)
    retries: int = whole(4, 0, 3600)
    max_mb: float = number(64.0, 0.001, 4096)

    @property
    def limits(self) -> Limits:
        return Limits(self.timeout, self.deadline, self.retries, self.max_mb)


@dataclasses.dataclass(frozen=True)
class HttpOptions(ServerOptions, OutputOptions):
    """Those of a server, and what its scores are."""


class HttpClassifier:
    """``http:<URL>[:batch=32,timeout=60,deadline=600,retries=4,max_mb=64,kind=…,values=…]``. ``GET URL/v1/model`` names
    the model and its classes, ``POST URL/v1/scores`` scores a batch of PNGs. A bearer token is taken from
    ``DIFFEX_HTTP_TOKEN`` and sent to this server alone. ``kind`` and ``values`` say what the scores are
    (:class:`~diffex_cli.classifiers.outputs.Outputs`)."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        """Check the spec; the server is first asked when its answer is needed. The device is the server's choice."""
        spec = split_address(spec)
        options = read_options(spec, HttpOptions())
        self._spec, self._batch, self._outputs = spec, options.batch, parse_outputs(spec, options)
        self._rules = options.rules
        self.output_kind = self._outputs.output_kind
        self._server = JsonServer(parse_address(spec.model, spec.text), options.limits)

    @property
    def fingerprint(self) -> str:
        """A digest of the model's name and classes, as the server tells them. Where the server is, is no part of it."""
        return digest(self.settings)

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        settings = {"backend": "http", "model": self._model.name, "labels": list(self._model.labels)}
        return {**settings, "outputs": dataclasses.asdict(self._outputs), **self._rules}

    @property
    def labels(self) -> tuple[str, ...]:
        return self._outputs.labels(self._model.labels)

    @property
    def batch(self) -> int:
        """How many images a request holds: no more than the server wants."""
        return min(self._batch, self._model.max_batch or self._batch)

    def prepare(self, images: Sequence[Image.Image]) -> list[str]:
        """The images, of any size and mode, as PNGs in base64, their pixels unchanged."""
        return [png(image) for image in images]

    def score(self, prepared: list[str]) -> NDArray[np.float64]:
        answer = self._server.post("/v1/scores", {"images": prepared})
        if answer.get("model") != self._model.name:
            raise DiffexError(
                f"{self._spec.text} now answers as the model {str(answer.get('model'))[:80]!r}, but began as "
                f"{self._model.name!r}: run the command again to score with one model"
            )
        scores = as_numbers(answer.get("scores", ()), self._spec.text)
        return self._outputs.logits(scores, len(prepared), len(self.labels), self._spec.text)

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        return in_batches(self, images, len(self.labels))

    @functools.cached_property
    def _model(self) -> _Model:
        found = self._server.get("/v1/model")
        name, labels, max_batch = found.get("model"), found.get("labels"), found.get("max_batch")
        if not (isinstance(name, str) and name):
            raise DiffexError(f'{self._spec.text}: /v1/model must name the "model", as text, not {str(name)[:80]!r}')
        if not (isinstance(labels, list) and labels and all(isinstance(label, str) for label in labels)):
            raise DiffexError(f'{self._spec.text}: /v1/model must list the "labels", as texts')
        if max_batch is not None and not (type(max_batch) is int and max_batch >= 1):
            raise DiffexError(f'{self._spec.text}: "max_batch" in /v1/model must be a whole number of at least 1')
        return _Model(name, checked_labels(labels, self._spec.text), max_batch)


def split_address(spec: Spec) -> Spec:
    """The spec with the URL as its model. A URL may hold colons and equals signs itself: options follow the last colon,
    and have no slash in them."""
    text = spec.text.partition(":")[2]
    found = _OPTIONS_PART.fullmatch(text)
    if found is None:
        return dataclasses.replace(spec, model=text, options={})
    pairs = [pair.partition("=") for pair in found["options"].split(",")]
    options = {key.strip(): value.strip() for key, _, value in pairs}
    return dataclasses.replace(spec, model=found["url"], options=options)


def png(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.convert("RGB").save(file, format="PNG", compress_level=1)
    return base64.b64encode(file.getvalue()).decode()
