"""What the engine is timed on: the embedded birds' sample images times attributes of their corpus."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from PIL import Image

from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds import samples
from diffex_cli.birds.meanings import FINE
from diffex_cli.core import domains, registry
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.ledits.editor import LeditsEditor

_VARIED = (
    "red head",
    "tall crest",
    "yellow throat",
    "red eye",
    "black beak",
    "hooked beak",
    "blue upperparts",
    "orange belly",
    "streaked breast",
    "barred wings",
    "forked tail",
    "snow background",
)
PROMPTS = (*_VARIED, *(prompt for prompt in FINE if prompt not in _VARIED))
"""The corpus's fine prompts, twelve of different parts first."""


@dataclasses.dataclass(frozen=True, slots=True)
class Pairs:
    """How many images, and how many attributes for each of them."""

    images: int
    attributes: int

    @property
    def edits(self) -> int:
        """Their product."""
        return self.images * self.attributes

    def __str__(self) -> str:
        return f"{self.images} × {self.attributes}"


def parse_pairs(text: str) -> Pairs:
    """Read ``IMAGESxATTRIBUTES``."""
    images, _, attributes = text.partition("x")
    pairs = Pairs(int(images), int(attributes))
    if not (1 <= pairs.images <= samples.COUNT and 1 <= pairs.attributes <= len(PROMPTS)):
        raise ValueError(f"{text}: at most {samples.COUNT} images and {len(PROMPTS)} attributes, at least one of each")
    return pairs


@dataclasses.dataclass(frozen=True, slots=True)
class Workload:
    """``images``: key → picture; ``requests``: one a pair, image by image, as the stages ask."""

    images: Mapping[str, Image.Image]
    requests: tuple[EditRequest, ...]


def workload(pairs: Pairs) -> Workload:
    """The first sample images and :data:`PROMPTS`."""
    nodes = {node.prompt: node for node in corpus_yaml.read_corpus(domains.corpus_file("birds")).walk()}
    images = dict(list(samples.pictures().items())[: pairs.images])
    requests = tuple(
        EditRequest(f"{image} {prompt}", image, nodes[prompt].candidate)
        for image in images
        for prompt in PROMPTS[: pairs.attributes]
    )
    return Workload(images, requests)


def open_engine(spec: str) -> LeditsEditor:
    """The ``ledits`` editor of a spec; its model is not loaded yet."""
    return LeditsEditor(registry.parse_spec(spec))


def run_edits(editor: LeditsEditor, work: Workload, seed: int = 0) -> int:
    """Make all edits and drop the pictures, as a stage does once they are written."""
    made = 0
    for result in editor.edit(work.images, work.requests, seed):
        if result.status == "failed":
            raise RuntimeError(f"the edit {result.key} failed: {result.reason}")
        made += 1
    return made
