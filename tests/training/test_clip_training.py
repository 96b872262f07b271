from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.birds.meanings import FINE, MEANINGS
from diffex_cli.birds.probe import ATTRIBUTE_LABELS
from diffex_cli.birds.renderer import render
from diffex_cli.birds.samples import records
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import open_verifier
from diffex_cli.verifiers.templates import DEFAULT
from training import clip
from training.checkpoints import Checkpoint


def test_phrases_are_in_the_order_of_the_labels() -> None:
    assert [f"{name}={value}" for options in FINE.values() for name, value in options] == list(ATTRIBUTE_LABELS)
    assert tuple(FINE) == clip.PHRASES


def test_every_word_of_the_birds_and_of_the_sentences_is_known() -> None:
    tokenizer = clip.new_tokenizer()
    for template in (*DEFAULT.shown, *DEFAULT.absent):
        for prompt in MEANINGS:
            ids = tokenizer(template.replace("{}", prompt))["input_ids"]
            assert tokenizer.unk_token_id not in ids
            assert len(ids) <= 16


def test_pictures_come_with_what_is_known_of_them(tmp_path: Path) -> None:
    pixels, targets = clip.draw(24, 3, tmp_path / "kept.pt")
    assert (pixels.shape, pixels.dtype, targets.shape) == ((24, 3, 64, 64), torch.uint8, (24, len(ATTRIBUTES)))
    known = (targets >= 0).sum(dim=1)
    assert set(known.tolist()) == {1, len(ATTRIBUTES)}
    again = clip.draw(24, 3, tmp_path / "kept.pt")
    assert torch.equal(again[0], pixels)
    assert torch.equal(clip.draw(24, 3)[1], targets)


def test_what_is_saved_is_a_verifier_and_an_interrupted_training_ends_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip, "BATCH", 4)
    monkeypatch.setattr(clip, "Checkpoint", lambda folder, parts, minutes: Checkpoint(folder, parts, minutes=0.0))
    whole = clip.train(tmp_path / "whole", count=12, steps=4)
    calls: list[int] = []
    augment = clip.augment

    def interrupting(batch: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return augment(batch)

    with monkeypatch.context() as patch:
        patch.setattr(clip, "augment", interrupting)
        with pytest.raises(KeyboardInterrupt):
            clip.train(tmp_path / "broken", count=12, steps=4)
    resumed = clip.train(tmp_path / "broken", count=12, steps=4).state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.state_dict().items())

    assert dict(clip.accuracies(whole, *clip.draw(8, 1))).keys() == ATTRIBUTES.keys()
    clip.save(whole, tmp_path / "model")
    verifier = open_verifier(f"clip:{tmp_path / 'model'}", device="cpu")
    assert verifier is not None
    sights = [Sight(render(bird)) for bird in list(records().values())[:2]]
    heads = [f"{value} head" for value in ATTRIBUTES["head"]]
    asked = Attribute("red", "red head", heads[0], siblings=(), sibling_prompts=tuple(heads[1:]))
    found = verifier.seen(sights, [asked])
    assert np.isfinite(found).all()
    assert 0 < found.min() <= found.max() < 1
