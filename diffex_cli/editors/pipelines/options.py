"""The options of ``--editor NAME:MODEL:key=value,…`` that the pipeline editors have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal, TypeVar, get_args

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.registry import did_you_mean
from diffex_cli.editors import options
from diffex_cli.editors.pipelines.instructions import Wording, check_template

Baseline = Literal["noop", "reconstruction", "original"]
Offload = Literal["none", "model", "sequential"]


@dataclasses.dataclass(frozen=True)
class PipelineOptions(Wording):
    """How to run the pipeline. A corpus node may override ``steps`` and ``guidance``.

    Attributes:
        steps: the denoising steps of an edit.
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
        revision: of a hub id.
    """

    steps: int = 20
    guidance: float = 7.5
    size: int = 0
    baseline: Baseline = "noop"
    noop: str = "keep the image unchanged"
    batch: int = 1
    dtype: str = "auto"
    offload: Offload = "none"
    revision: str = "main"


OptionsT = TypeVar("OptionsT", bound=PipelineOptions)

WITHOUT_EFFECT = ("batch", "offload")
"""Options that change no pixel; they are not part of the fingerprint."""

OVERRIDES = ("guidance", "image_guidance", "steps")
"""What corpus nodes may override in these editors."""

_RANGES: Mapping[str, tuple[float, float]] = {
    "steps": (1, 999),
    "guidance": (1, 100),
    "image_guidance": (1, 100),
    "size": (0, 8192),
    "batch": (1, 1024),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "baseline": get_args(Baseline),
    "offload": get_args(Offload),
    "dtype": ("auto", "float32", "bfloat16", "float16"),
}
_PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "add": ("prompt",),
    "remove": ("prompt",),
    "replace": ("replaces", "prompt"),
}
_MAY_BE_EMPTY = ("keep", "noop")


def parse_options(editor: str, given: Mapping[str, str], defaults: OptionsT) -> OptionsT:
    """Read the spec's options.

    Args:
        editor: its name, for the sentences of errors.
        given: the spec's pairs.
        defaults: the editor's own.

    Raises:
        UsageError: an unknown option, a value out of its range, or a template without its placeholders.
    """
    known = tuple(field.name for field in dataclasses.fields(defaults))
    for key in given:
        if key not in known:
            raise UsageError(f"the {editor} editor has no option {key!r}{did_you_mean(key, known)}")
    changes = {key: _value(editor, key, text, getattr(defaults, key)) for key, text in given.items()}
    return dataclasses.replace(defaults, **changes)  # type: ignore[arg-type]


def check_override(editor: str, key: str, value: float, node: str) -> None:
    """See :func:`diffex_cli.editors.options.check_override`."""
    options.check_override(editor, key, value, node, {name: _RANGES[name] for name in OVERRIDES})


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


def _value(editor: str, key: str, text: str, default: object) -> object:
    if key in _CHOICES:
        if text not in _CHOICES[key]:
            raise UsageError(f"{editor} option {key}={text}: choose one of {', '.join(_CHOICES[key])}")
        return text
    if key in _PLACEHOLDERS:
        check_template(key, text, _PLACEHOLDERS[key])
        return text
    if isinstance(default, str):
        return "" if key in _MAY_BE_EMPTY and text == "none" else text
    try:
        value = int(text) if isinstance(default, int) else float(text)
    except ValueError:
        raise UsageError(f"{editor} option {key}={text}: not a number") from None
    low, high = _RANGES[key]
    if not low <= value <= high:
        raise UsageError(f"{editor} option {key}={text}: must lie between {low:g} and {high:g}")
    return value
