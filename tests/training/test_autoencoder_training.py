from pathlib import Path

import pytest
import torch

from training import autoencoder


def test_the_latents_are_a_quarter_of_the_picture() -> None:
    model = autoencoder.new_autoencoder().eval()
    with torch.no_grad():
        latents = model.encode(autoencoder.pictures(1, seed=0).float() / 127.5 - 1).latent_dist.mode()
        assert latents.shape == (1, 4, 32, 32)
        assert model.decode(latents).sample.shape == (1, 3, 128, 128)


def test_pictures_are_random_birds() -> None:
    made = autoencoder.pictures(3, seed=1)
    assert (made.shape, made.dtype) == ((3, 3, 128, 128), torch.uint8)
    assert torch.equal(made, autoencoder.pictures(3, seed=1))
    assert not torch.equal(made, autoencoder.pictures(3, seed=2))


def test_the_loss_sees_edges_and_colours() -> None:
    torch.manual_seed(0)
    target = torch.rand(1, 3, 48, 48) * 2 - 1
    assert float(autoencoder.pyramid_loss(target, target)) == 0
    shifted = autoencoder.pyramid_loss(target + 0.1, target)
    assert float(shifted) == pytest.approx(0.5, abs=1e-3), "0.1 at five scales, and no gradient"
    blurred = torch.nn.functional.avg_pool2d(target, 3, stride=1, padding=1)
    assert float(autoencoder.pyramid_loss(blurred, target)) > 1


def test_psnr_is_in_decibels() -> None:
    target = torch.zeros(1, 3, 8, 8)
    assert autoencoder.psnr(target + 0.02, target) == pytest.approx(40.0, abs=1e-3)


def test_a_finished_training_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = autoencoder.pictures
    monkeypatch.setattr(autoencoder, "pictures", lambda count, seed: few(min(count, 2), seed))
    monkeypatch.setattr(autoencoder, "BATCH", 2)
    trained = autoencoder.train(tmp_path, steps=2)
    again = autoencoder.train(tmp_path, steps=2)
    assert trained.config.scaling_factor == again.config.scaling_factor > 0
    weights = zip(trained.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in weights)
    assert capsys.readouterr().out.count("step 0/2") == 1
