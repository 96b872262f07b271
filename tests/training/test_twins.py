from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from diffex_cli.birds.attributes import ATTRIBUTES, Bird, phrase
from diffex_cli.birds.meanings import COARSE, PLACEBOS
from diffex_cli.birds.renderer import render
from training import twins as module
from training.twins import VARIANTS, Twins, family, hard_lesson, make_twins, pattern_lesson, plain_lesson, twin_lesson

RNG = random.Random(0)
TWINS = Twins(torch.empty(0), [family(RNG) for _ in range(60)])


def changes(one: Bird, other: Bird) -> list[str]:
    return [name for name in ATTRIBUTES if one.value(name) != other.value(name)]


def test_twins_differ_from_their_bird_in_exactly_one_attribute() -> None:
    for bird, *others in TWINS.birds:
        assert len(others) == VARIANTS - 1
        differing = [changes(bird, other) for other in others]
        assert all(len(names) == 1 for names in differing)
        assert len({names[0] for names in differing}) == VARIANTS - 1
        jitters = {(b.faces_left, b.scale, b.dx, b.dy, b.tilt, b.texture) for b in (bird, *others)}
        assert len(jitters) == 1


def test_twin_lessons_name_what_differs_and_nothing_untrue() -> None:
    rng = random.Random(1)
    coarse_lessons = extended = 0
    for _ in range(600):
        lesson = twin_lesson(rng, TWINS)
        source, target = TWINS.birds[lesson.family][lesson.source], TWINS.birds[lesson.family][lesson.target]
        names = changes(source, target)
        assert 1 <= len(names) <= 2
        needed = {phrase(name, target.value(name)) for name in names}
        named = lesson.caption.split(", ")
        assert len(set(named)) == len(named)
        if named[0] in COARSE:
            assert len(named) == len(names) == 1
            assert (names[0], target.value(names[0])) in COARSE[named[0]]
            coarse_lessons += 1
        else:
            assert needed <= set(named) <= {phrase(name, target.value(name)) for name in ATTRIBUTES}
            extended += len(named) > len(needed)
    assert coarse_lessons > 10
    assert extended > 60


def test_pattern_lessons_add_one_pattern_and_name_it() -> None:
    rng = random.Random(3)
    captions = set()
    for _ in range(200):
        lesson = pattern_lesson(rng, TWINS)
        source, target = TWINS.birds[lesson.family][lesson.source], TWINS.birds[lesson.family][lesson.target]
        (name,) = changes(source, target)
        assert lesson.caption == phrase(name, target.value(name))
        captions.add(lesson.caption)
    assert captions <= {"barred wings", "spotted wings", "spotted breast", "streaked breast"}
    assert len(captions) >= 3


def test_hard_lessons_name_each_weak_value_about_as_often() -> None:
    rng = random.Random(4)
    twins = Twins(TWINS.latents, [family(rng) for _ in range(400)])
    captions: dict[str, int] = {}
    for _ in range(400):
        lesson = hard_lesson(rng, twins)
        source, target = twins.birds[lesson.family][lesson.source], twins.birds[lesson.family][lesson.target]
        (name,) = changes(source, target)
        assert lesson.caption == phrase(name, target.value(name))
        captions[lesson.caption] = captions.get(lesson.caption, 0) + 1
    assert {"spotted breast", "spotted wings", "long beak", "plain breast"} <= set(captions)
    assert min(captions.values()) > 15


def test_plain_lessons_are_true_empty_or_placebos() -> None:
    rng = random.Random(2)
    kinds = {"empty": 0, "true": 0, "placebo": 0}
    for _ in range(400):
        lesson = plain_lesson(rng, TWINS)
        assert lesson.source == lesson.target
        bird = TWINS.birds[lesson.family][lesson.source]
        if lesson.caption in PLACEBOS:
            kinds["placebo"] += 1
        elif not lesson.caption:
            kinds["empty"] += 1
        else:
            assert set(lesson.caption.split(", ")) <= {phrase(name, bird.value(name)) for name in ATTRIBUTES}
            kinds["true"] += 1
    assert kinds["empty"] > 150
    assert kinds["true"] > 100
    assert kinds["placebo"] > 20


@pytest.fixture
def tiny_vae() -> Any:
    torch.manual_seed(0)
    return AutoencoderKL(
        block_out_channels=(4, 4, 4),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        norm_num_groups=2,
        scaling_factor=3.0,
        mid_block_add_attention=False,
    ).eval()


def test_latents_are_those_of_the_records(
    tiny_vae: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_process_pool: type
) -> None:
    monkeypatch.setattr(module, "ProcessPoolExecutor", in_process_pool)
    monkeypatch.setattr(module, "_CHUNK", 2)
    made = make_twins(tiny_vae, 3, seed=5, cache=tmp_path / "twins.pt")
    assert made.latents.shape == (3, VARIANTS, 4, 32, 32)
    assert made.latents.dtype == torch.float16
    for k, v in ((0, 0), (1, 3), (2, 2)):
        pixels = (
            torch.from_numpy(np.asarray(render(made.birds[k][v])).copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
        )
        with torch.no_grad():
            latents = tiny_vae.encode(pixels).latent_dist.mode()[0] * 3.0
        assert torch.allclose(made.latents[k, v].float(), latents, atol=1e-2)
    again = make_twins(tiny_vae, 3, seed=5, cache=tmp_path / "twins.pt")
    assert torch.equal(again.latents, made.latents)
    assert again.birds == made.birds
