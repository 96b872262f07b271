"""How good an editor's edits of the embedded birds are, as the attribute probe sees them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds.attributes import ATTRIBUTES, Bird
from diffex_cli.birds.meanings import FINE, Option
from diffex_cli.birds.probe import read_attributes
from diffex_cli.birds.renderer import render
from diffex_cli.classifiers.base import Classifier
from diffex_cli.core import domains
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.editors.base import Editor, EditRequest


@dataclasses.dataclass(frozen=True, slots=True)
class ValueQuality:
    """The edits towards one attribute value, on the birds that do not have it yet.

    Attributes:
        attribute: e.g. ``"crest"``.
        value: e.g. ``"tall"``.
        success: share of the edits after which the probe sees the value.
        leaked: another attribute → share of the edits after which the probe reads it otherwise than on the
            reconstruction.
    """

    attribute: str
    value: str
    success: float
    leaked: Mapping[str, float]
    n: int

    @property
    def disentanglement(self) -> float:
        """Share of the other attributes that the probe reads as on the reconstruction."""
        return 1 - float(np.mean(list(self.leaked.values())))


@dataclasses.dataclass(frozen=True, slots=True)
class Leak:
    """``n`` edits set ``attribute`` to ``value``; a ``share`` of them changed ``other``, too."""

    attribute: str
    value: str
    other: str
    share: float
    n: int


@dataclasses.dataclass(frozen=True, slots=True)
class Quality:
    """``values``: one entry a value; ``kept``: share of all true attributes that the probe reads off the
    reconstructions; ``probe``: the same share on the pictures themselves."""

    values: tuple[ValueQuality, ...]
    kept: float
    probe: float

    def groups(self) -> Mapping[str, tuple[float, float]]:
        """Attribute → (success, disentanglement), each the mean over the attribute's measured values."""
        return {
            name: (
                float(np.mean([v.success for v in self.values if v.attribute == name])),
                float(np.mean([v.disentanglement for v in self.values if v.attribute == name])),
            )
            for name in dict.fromkeys(v.attribute for v in self.values)
        }

    def leaks(self) -> Sequence[Leak]:
        """What every value's edits changed beside it, the worst first, without those that changed nothing."""
        found = [Leak(v.attribute, v.value, *leaked, v.n) for v in self.values for leaked in v.leaked.items()]
        return sorted((leak for leak in found if leak.share > 0), key=lambda leak: -leak.share)


def measure(
    editor: Editor,
    probe: Classifier,
    birds: Mapping[str, Bird],
    seed: int = 0,
    attributes: Sequence[str] = tuple(ATTRIBUTES),
) -> Quality:
    """Edit birds towards every value that they do not have, and read the results. ``birds``: image key → record, of
    the sample images or others. An edit that failed counts as one that changed everything.

    Raises:
        UsageError: the editor does not give a bird back unedited.
    """
    pictures = {key: render(bird) for key, bird in birds.items()}
    nodes = {node.prompt: node for node in corpus_yaml.read_corpus(domains.corpus_file("birds")).walk()}
    wanted = [
        (key, prompt, *options[0])
        for prompt, options in FINE.items()
        for key, bird in birds.items()
        if options[0][0] in attributes and bird.value(options[0][0]) != options[0][1]
    ]
    requests = [EditRequest(f"{key} {prompt}", key, nodes[prompt].candidate) for key, prompt, _, _ in wanted]
    requests += [EditRequest(key, key, RECONSTRUCTION) for key in birds]
    edited: dict[str, Image.Image] = {}
    for result in editor.edit(pictures, requests, seed):
        if result.image is not None:
            edited[result.key] = result.image
        elif result.key in birds:
            raise UsageError(f"the editor must give every bird back unedited, to compare with: {result.reason}")
    seen = dict(zip(edited, read_attributes(probe, list(edited.values())), strict=True))
    outcomes: dict[Option, list[tuple[bool, dict[str, bool]]]] = {}
    for key, prompt, attribute, value in wanted:
        after, before = seen.get(f"{key} {prompt}", {}), seen[key]
        leaked = {name: after.get(name) != before[name] for name in ATTRIBUTES if name != attribute}
        outcomes.setdefault((attribute, value), []).append((after.get(attribute) == value, leaked))
    return Quality(
        values=tuple(_value_quality(option, rows) for option, rows in outcomes.items()),
        kept=_share_right([seen[key] for key in birds], list(birds.values())),
        probe=_share_right(read_attributes(probe, list(pictures.values())), list(birds.values())),
    )


def _value_quality(option: Option, rows: Sequence[tuple[bool, Mapping[str, bool]]]) -> ValueQuality:
    return ValueQuality(
        *option,
        success=float(np.mean([landed for landed, _ in rows])),
        leaked={name: float(np.mean([leaked[name] for _, leaked in rows])) for name in rows[0][1]},
        n=len(rows),
    )


def _share_right(seen: Sequence[Mapping[str, str]], birds: Sequence[Bird]) -> float:
    return float(
        np.mean([row[name] == bird.value(name) for row, bird in zip(seen, birds, strict=True) for name in ATTRIBUTES])
    )
