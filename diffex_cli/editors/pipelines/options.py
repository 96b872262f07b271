"""The options of ``--editor NAME:MODEL:key=value,…`` that the pipeline editors have in common."""

from __future__ import annotations

import dataclasses
from typing import Literal, TypeVar, get_args

from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.spec_options import choice, number, text, whole
from diffex_cli.editors.options import DTYPES
from diffex_cli.editors.pipelines.instructions import Wording, text_or_none

Baseline = Literal["noop", "reconstruction", "original"]
Offload = Literal["none", "model", "sequential"]
_BASELINES, _OFFLOADS = get_args(Baseline), get_args(Offload)


@dataclasses.dataclass(frozen=True)
class PipelineOptions(Wording):
    """How to run the pipeline. A corpus node may override ``steps`` and ``guidance``.

    Attributes:
        guidance: how strongly the instruction is followed; which of the pipeline's parameters this
            is, each editor says.
        size: the longer side in pixels at which the model works; 0 for the model's own.
        baseline: what the empty candidate yields: the answer to the instruction ``noop``
            (``noop``), the auto-encoder's round trip (``reconstruction``) or the input (``original``).
        noop: the instruction that asks for no change.
        batch: the most edits a call of the pipeline; changes no result.
        dtype: of all weights; ``auto`` is float32 on the CPU and the editor's half precision elsewhere.
        offload: keep the weights in main memory and move whole models (``model``) or layers
            (``sequential``) to the accelerator when they are needed.
    """

    steps: int = whole(20, 1, 999)
    guidance: float = number(7.5, 1, 100)
    size: int = whole(0, 0, 8192)
    baseline: Baseline = choice("noop", _BASELINES)
    noop: str = text_or_none("keep the image unchanged")
    batch: int = whole(1, 1, 1024)
    dtype: str = choice("auto", DTYPES)
    offload: Offload = choice("none", _OFFLOADS)
    revision: str = text("main")


OptionsT = TypeVar("OptionsT", bound=PipelineOptions)

WITHOUT_EFFECT = ("batch", "offload")
"""Options that change no pixel; they are not part of the fingerprint."""

OVERRIDES = ("guidance", "image_guidance", "steps")
"""What corpus nodes may override in these editors."""


def overridden(options: OptionsT, candidate: Candidate) -> OptionsT:
    """The options for one candidate. A call has one setting for all terms: the largest that any of them
    asks for, where a term without an override asks for the editor's own."""
    changes: dict[str, float] = {}
    for key in OVERRIDES:
        own = getattr(options, key, None)
        if own is not None and candidate.terms:
            largest = max(float(term.overrides.get(key, own)) for term in candidate.terms)
            changes[key] = type(own)(largest)
    return dataclasses.replace(options, **changes)  # type: ignore[arg-type]
