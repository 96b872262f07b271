"""How good an editor's edits of the embedded birds are, as the attribute probe sees them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds import samples
from diffex_cli.birds.attributes import ATTRIBUTES, Bird
from diffex_cli.birds.meanings import FINE
from diffex_cli.birds.probe import read_attributes
from diffex_cli.classifiers.base import Classifier
from diffex_cli.core import domains
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.editors.base import Editor, EditRequest


@dataclasses.dataclass(frozen=True, slots=True)
class ValueQuality:
    """The edits towards one attribute value, on the birds that do not have it yet.

    Attributes:
        attribute: e.g. ``"crest"``.
        value: e.g. ``"tall"``.
        success: share of the edits after which the probe sees the value.
        disentanglement: share of the other attributes that the probe reads as on the reconstruction.
    """

    attribute: str
    value: str
    success: float
    disentanglement: float
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


def measure(
    editor: Editor,
    probe: Classifier,
    images: int = samples.COUNT,
    seed: int = 0,
    attributes: Sequence[str] = tuple(ATTRIBUTES),
) -> Quality:
    """Edit the sample images towards every value that they do not have, and read the results. ``images``: how many of
    the 48 samples."""
    records = dict(list(samples.records().items())[:images])
    pictures = samples.pictures()
    nodes = {node.prompt: node for node in corpus_yaml.read_corpus(domains.corpus_file("birds")).walk()}
    wanted = [
        (key, prompt, *options[0])
        for prompt, options in FINE.items()
        for key, bird in records.items()
        if options[0][0] in attributes and bird.value(options[0][0]) != options[0][1]
    ]
    requests = [EditRequest(f"{key} {prompt}", key, nodes[prompt].candidate) for key, prompt, _, _ in wanted]
    requests += [EditRequest(key, key, RECONSTRUCTION) for key in records]
    edited: dict[str, Image.Image] = {}
    for result in editor.edit(pictures, requests, seed):
        if result.image is not None:
            edited[result.key] = result.image
    seen = dict(zip(edited, read_attributes(probe, list(edited.values())), strict=True))
    outcomes: dict[tuple[str, str], list[tuple[bool, float]]] = {}
    for key, prompt, attribute, value in wanted:
        after, before = seen.get(f"{key} {prompt}", {}), seen[key]
        kept = [after.get(name) == before[name] for name in ATTRIBUTES if name != attribute]
        outcomes.setdefault((attribute, value), []).append((after.get(attribute) == value, float(np.mean(kept))))
    originals = read_attributes(probe, [pictures[key] for key in records])
    return Quality(
        values=tuple(
            ValueQuality(
                attribute,
                value,
                success=float(np.mean([right for right, _ in rows])),
                disentanglement=float(np.mean([kept for _, kept in rows])),
                n=len(rows),
            )
            for (attribute, value), rows in outcomes.items()
        ),
        kept=_share_right([seen[key] for key in records], list(records.values())),
        probe=_share_right(originals, list(records.values())),
    )


def _share_right(seen: Sequence[Mapping[str, str]], birds: Sequence[Bird]) -> float:
    return float(
        np.mean([row[name] == bird.value(name) for row, bird in zip(seen, birds, strict=True) for name in ATTRIBUTES])
    )
