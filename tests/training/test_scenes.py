from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from diffex_cli.editors.ledits.editing import Concept, Masking, Row, edit
from diffex_cli.editors.ledits.inversion import invert
from training import scenes
from training.autoencoder import new_autoencoder
from training.scenes import Stage, new_scene
from training.wishes import ROWS


@pytest.fixture(scope="module")
def vae() -> object:
    torch.manual_seed(0)
    return new_autoencoder().eval()


def epsilon(x: Tensor, words: Sequence[str]) -> Tensor:
    """Some answer that depends on the latents and on the words."""
    return 0.3 * x.roll(1, -1) + torch.tensor([0.01 * len(text) for text in words]).view(-1, 1, 1, 1)


def walk(scene: scenes.Scene) -> None:
    while scene.left:
        alpha, sigma = scene.schedule.alphas[scene.step], scene.schedule.sigmas[scene.step]
        noisy = scene.noisy()
        x0 = (noisy - sigma * epsilon(noisy, ["", *scene.words])) / alpha
        scene.advance(x0[1:] - x0[0])


def test_a_scene_ends_with_the_pictures_that_the_editor_makes(vae: object) -> None:
    scene = new_scene(vae, 3, seed=0)  # type: ignore[arg-type]
    source = scene.source
    inversion = invert(scene.schedule, source, scene.noise, lambda x, t: epsilon(x, [""] * len(x)))
    rows = [Row(inversion, (Concept(words, 2, 1.0, 0.0, 0, scene.schedule.steps),)) for words in scene.words]
    made = edit(scene.schedule, rows, lambda x, t, prompts, maps: (epsilon(x, prompts), None), Masking("none"))
    walk(scene)
    assert float(scene.changes.abs().max()) > 0.01
    assert torch.allclose(source + scene.changes, made.latents, atol=1e-3)


def test_right_answers_end_with_the_wanted_change(vae: object) -> None:
    scene = new_scene(vae, 4, seed=0)  # type: ignore[arg-type]
    assert scene.wanted.shape == (ROWS, 4, 32, 32)
    while scene.left:
        scene.advance(scene.wanted)
    assert torch.allclose(scene.changes, scene.wanted, atol=0.01 * float(scene.wanted.abs().max()))


def test_scenes_are_at_different_steps_and_new_ones_follow(vae: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "SCENES", 3)
    stage = Stage(vae, seed=0)  # type: ignore[arg-type]
    assert [scene.step > 0 for scene in stage.scenes] == [False, True, True]
    while stage.scenes[2].left:
        stage.scenes[2].advance(stage.scenes[2].wanted)
    stage.clear()
    assert [scene.number for scene in stage.scenes] == [0, 1, 3]
    assert stage.scenes[2].step == 0


def test_an_interrupted_stage_goes_on(vae: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "SCENES", 2)
    one, other = Stage(vae, seed=0), Stage(vae, seed=0)  # type: ignore[arg-type]
    while one.scenes[0].left:
        one.scenes[0].advance(0.5 * one.scenes[0].wanted)
    one.clear()
    one.scenes[1].advance(0.5 * one.scenes[1].wanted)
    other.load_state_dict(one.state_dict())
    for mine, yours in zip(one.scenes, other.scenes, strict=True):
        assert (mine.number, mine.step, mine.words) == (yours.number, yours.step, yours.words)
        assert all(torch.equal(getattr(mine, name), getattr(yours, name)) for name in ("changes", "before", "wanted"))
    one.scenes[0].step = other.scenes[0].step = one.scenes[0].schedule.steps
    one.clear()
    other.clear()
    assert one.scenes[0].number == other.scenes[0].number == 3
