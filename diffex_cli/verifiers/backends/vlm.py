"""The verifier ``vlm``: a vision-language model that is asked a yes/no question for each picture and attribute."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest
from diffex_cli.core import registry
from diffex_cli.core.errors import UsageError
from diffex_cli.core.foreign import open_backend
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import read_options, switch, whole
from diffex_cli.language_models.base import Picture, Question
from diffex_cli.language_models.costs import Ledger
from diffex_cli.language_models.pictures import LONGEST_SIDE, small
from diffex_cli.language_models.providers import model_of
from diffex_cli.language_models.yes_no import MAX_TOKENS, SCHEMA, YesNo
from diffex_cli.verifiers.asking import Cell, ask_all
from diffex_cli.verifiers.base import Attribute, Box, Sight

EXAMPLES = "vlm:anthropic:MODEL, vlm:openai:MODEL or vlm:transformers:FOLDER-OR-HUB-ID"

_SYSTEM = (
    "You look closely at pictures and say whether something can be seen in them. Go by the picture alone: not by what "
    "usually goes together, nor by what the question suggests. What cannot be made out is not there."
)
_WHOLE = "{question} Answer yes or no."
_WITH_PART = "The second picture is a part of the first, enlarged. {question} Answer yes or no."
_UNASKED = "Does the picture show this: {prompt}?"
_NEARLY_ALL = 0.75
"""Of a picture's area: a larger part is not shown apart."""

_PARALLEL = 4


@dataclasses.dataclass(frozen=True)
class VlmOptions:
    """``answers``: how many are asked for where the model tells no probabilities; ``writer``: it may be the model that
    wrote the corpus."""

    answers: int = whole(3, 1, 25)
    writer: bool = switch(False)


_OWN = tuple(field.name for field in dataclasses.fields(VlmOptions))


class VlmVerifier:
    """``vlm:<provider>:<model>[:answers=3,writer=no]`` and the provider's own options: any language model of the corpus
    providers. Each attribute is asked about apart, so that no answer depends on another, and the first word's
    probabilities are those of one question."""

    costs = True

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        """Check the spec; nothing is loaded or sent. A model that runs here runs on the device."""
        own = {key: value for key, value in spec.options.items() if key in _OWN}
        options = read_options(dataclasses.replace(spec, options=own), VlmOptions())
        inner = model_spec(spec)
        if not inner.name:
            raise UsageError(f"{spec.text!r} names no language model: write {EXAMPLES}")
        if inner.name == "transformers":
            inner = dataclasses.replace(inner, options={"device": device, **inner.options})
        provider = open_backend(registry.CORPUS_PROVIDERS, inner)
        self.yes_no = YesNo(model_of(provider, f"{spec.text!r}", EXAMPLES), options.answers)
        self.also_writer = options.writer
        self._answers = options.answers

    @functools.cached_property
    def fingerprint(self) -> str:
        words = [_SYSTEM, _WHOLE, _WITH_PART, _UNASKED, SCHEMA, _NEARLY_ALL]
        model = self.yes_no.model.fingerprint
        return digest({"verifier": "vlm", "model": model, "answers": self._answers, "asked": words, "version": 1})

    def exclusive(self, attributes: Sequence[Attribute]) -> Collection[frozenset[str]]:
        return ()

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[np.float64]:
        """Without a limit on the cost; the stages ask by :func:`~diffex_cli.verifiers.asking.ask_all`."""
        found = np.full((len(sights), len(attributes)), np.nan)
        questions = {
            (row, column): question
            for row, sight in enumerate(sights)
            for column, question in enumerate(self.questions(sight, attributes))
        }

        def heard(cell: Cell, probability: float) -> None:
            found[cell] = probability

        ask_all(self.yes_no, questions, Ledger(), _PARALLEL, heard)
        return found

    def questions(self, sight: Sight, attributes: Sequence[Attribute]) -> list[Question]:
        pictures = _shown(sight)
        text = _WITH_PART if len(pictures) > 1 else _WHOLE
        return [
            Question(
                system=_SYSTEM,
                text=text.format(question=attribute.question or _UNASKED.format(prompt=attribute.prompt)),
                schema=SCHEMA,
                name="answer",
                pictures=pictures,
                max_tokens=MAX_TOKENS,
            )
            for attribute in attributes
        ]


def model_spec(spec: Spec) -> Spec:
    """Of a ``vlm`` spec that of the corpus provider whose model is asked; its name is empty if there is none."""
    name, _, model = spec.model.partition(":")
    options = {key: value for key, value in spec.options.items() if key not in _OWN}
    return dataclasses.replace(spec, name=name, model=model, options=options)


def _shown(sight: Sight) -> tuple[Picture, ...]:
    """The whole picture, and the part that an edit changed unless that is nearly all."""
    width, height = sight.picture.size
    if sight.crop is None or _area(sight.crop) >= _NEARLY_ALL * width * height:
        return (small(sight.picture),)
    part = sight.picture.crop(sight.crop)
    scale = min(LONGEST_SIDE, max(width, height)) / max(part.size)
    if scale > 1:
        size = round(part.width * scale), round(part.height * scale)
        part = part.resize(size, Image.Resampling.LANCZOS)
    return small(sight.picture), small(part)


def _area(box: Box) -> int:
    left, top, right, bottom = box
    return (right - left) * (bottom - top)
