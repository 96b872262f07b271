"""The verifier ``clip``: CLIP, SigLIP or SigLIP 2 compare a picture with an attribute's words, and with others."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest
from diffex_cli.classifiers.contrastive import Contrastive, ContrastiveSource, unit
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import file, read_options, switch, text, whole
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.templates import DEFAULT, Templates, read_templates

if TYPE_CHECKING:
    import torch

_ALIKE = 1e-4
"""Texts whose embeddings differ by less than this in every number say the same to the model."""

UNSURE = math.log(9)
"""Log-odds up to this are looked at more closely: from 0.1 to 0.9."""


@dataclasses.dataclass(frozen=True)
class ClipOptions:
    """``batch``: pictures at a time; ``revision``: a hub model's branch, tag or commit; ``templates``: a file for
    :func:`~diffex_cli.verifiers.templates.read_templates`; ``siblings``: whether an attribute is held against the
    others of the same parent."""

    batch: int = whole(32)
    revision: str | None = text(None)
    templates: Path | None = file()
    siblings: bool = switch(True)


class ClipVerifier:
    """``clip:<folder or hub id>[:batch=32,revision=R,templates=FILE,siblings=no]``.

    The words for an attribute, their negation and the words for its siblings are each embedded in several sentences,
    whose mean is taken. The probability is that of the attribute's words among all of these, by a softmax over the
    model's logits. Of an edit, the odds on the part that it changed are averaged with those on the whole picture where
    the latter are unsure (between 0.1 and 0.9): elsewhere the part says little, and nothing of what lies outside.

    It cannot tell (NaN) of words that the model does not tell from their negation or from a sibling's.
    """

    costs = False
    calibrated = False

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        """Check the spec and a folder's files; nothing is loaded."""
        self._spec, self._options = spec, read_options(spec, ClipOptions())
        self._source = ContrastiveSource(spec, device, "verifier")
        self._templates: Templates = read_templates(path) if (path := self._options.templates) else DEFAULT
        self._texts: dict[Attribute, torch.Tensor] = {}

    @functools.cached_property
    def fingerprint(self) -> str:
        options = {"templates": dataclasses.asdict(self._templates), "siblings": self._options.siblings}
        return digest({"verifier": "clip", **self._source.identity, **options})

    def exclusive(self, attributes: Sequence[Attribute]) -> Collection[frozenset[str]]:
        """Siblings share one softmax."""
        if not self._options.siblings:
            return ()
        asked = {one.id for one in attributes}
        return {frozenset({one.id, *one.siblings} & asked) for one in attributes}

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[np.float64]:
        import torch

        with torch.inference_mode():
            texts = [self._alternatives(attribute) for attribute in attributes]
            odds = self._odds([sight.picture for sight in sights], texts)
            changed = [place for place, sight in enumerate(sights) if sight.crop is not None]
            crops = [sights[place].picture.crop(sights[place].crop) for place in changed]
            if crops:
                whole = odds[changed]
                odds[changed] = ((whole + self._odds(crops, texts)) / 2).where(whole.abs() < UNSURE, whole)
            found: NDArray[np.float64] = odds.sigmoid().double().cpu().numpy()
        return found

    def _odds(self, pictures: Sequence[Image.Image], texts: Sequence[torch.Tensor]) -> torch.Tensor:
        """The log-odds of the first of some texts against all others of it, shape (pictures, len(texts))."""
        import torch

        rows = []
        for start in range(0, len(pictures), self._options.batch):
            few = [picture.convert("RGB") for picture in pictures[start : start + self._options.batch]]
            seen = self._model.images(**self._model.prepared(few).to(self._model.device)) * self._model.scale
            logits = [seen @ own.T for own in texts]
            rows.append(torch.stack([one[:, 0] - one[:, 1:].logsumexp(dim=1) for one in logits], dim=1))
        return torch.cat(rows)

    def _alternatives(self, attribute: Attribute) -> torch.Tensor:
        """The embeddings of an attribute's words, of their negation and of its siblings' words, shape (2 + siblings,
        embedding); NaN in the first row if that is the same as another."""
        import torch

        if attribute not in self._texts:
            shown, absent = self._templates.shown, self._templates.absent
            others = attribute.sibling_prompts if self._options.siblings else ()
            said = [(attribute.prompt, shown), (attribute.prompt, absent), *((one, shown) for one in others)]
            found = torch.stack([self._embedding(words, templates) for words, templates in said])
            if ((found[1:] - found[0]).abs() < _ALIKE).all(dim=1).any():
                found[0] = torch.nan
            self._texts[attribute] = found
        return self._texts[attribute]

    def _embedding(self, words: str, templates: Sequence[str]) -> torch.Tensor:
        texts = [template.replace("{}", words) for template in templates]
        return unit(self._model.texts(texts, self._too_long).mean(dim=0))

    def _too_long(self, text: str, count: int, longest: int) -> UsageError:
        return UsageError(
            f"{self._spec.text}: the text {text[:60]!r} has {count} tokens, but the model reads {longest}: shorten the "
            "attribute's prompt, or give shorter templates=FILE"
        )

    @functools.cached_property
    def _model(self) -> Contrastive:
        return self._source.load()
