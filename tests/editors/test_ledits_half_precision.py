"""What only half precision shows: products beyond float16, masks that are not finite, a picture lost in noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from ledits_on_tiny import HEAD, opened, results
from torch import Tensor

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.ledits.attention import AttentionRecorder
from diffex_cli.editors.ledits.editing import Concept, Masking, Row, edit
from diffex_cli.editors.ledits.guidance import top_share
from diffex_cli.editors.ledits.inversion import invert, trajectory_noise
from diffex_cli.editors.ledits.solver import leading_schedule

HALF_MOST = 65504


@pytest.fixture(scope="module")
def loud_folder(new_pipeline: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose recorded attention has products beyond float16, as that of Stable Diffusion 2.1."""
    pipeline = new_pipeline()
    with torch.no_grad():
        for name, weight in pipeline.unet.named_parameters():
            if "attn2.to_q" in name or "attn2.to_k" in name:
                weight *= 250 if "to_q" in name else 40
    folder = tmp_path_factory.mktemp("loud")
    pipeline.save_pretrained(folder)
    return folder


def recorded(unet: Any, dtype: torch.dtype, record: bool) -> tuple[Tensor, Tensor | None, float]:
    """ε, the maps, and the largest product of a query and a key."""
    generator = torch.Generator().manual_seed(0)
    latents, words = (torch.randn(shape, generator=generator) for shape in ((2, 4, 16, 16), (2, 5, 16)))
    recorder = AttentionRecorder()
    recorder.install(unet.to(dtype))
    seen: dict[str, Tensor] = {}
    largest = 0.0
    handles = [
        module.register_forward_hook(lambda module, _, output, name=name: seen.__setitem__(name, output.float()))
        for name, module in unet.named_modules()
        if name.endswith(("attn2.to_q", "attn2.to_k")) and not name.startswith("mid")
    ]
    if record:
        recorder.start(cells=16)
    with torch.no_grad():
        output = unet(latents.to(dtype), torch.tensor([500, 500]), words.to(dtype)).sample
    for handle in handles:
        handle.remove()
    for name, query in seen.items():
        if name.endswith("to_q"):
            key = seen[name.replace("to_q", "to_k")]
            heads = unet.get_submodule(name.removesuffix(".to_q")).heads
            q, k = (each.unflatten(-1, (heads, -1)).transpose(1, 2) for each in (query, key))
            largest = max(largest, float((q @ k.transpose(-1, -2)).abs().max()))
    return output.float(), recorder.stop(), largest


def test_products_beyond_float16_give_the_maps_of_float32(loud_folder: Path) -> None:
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(loud_folder, subfolder="unet").eval()
    exact, exact_maps, largest = recorded(unet, torch.float32, True)
    assert largest > HALF_MOST
    half, maps, largest = recorded(unet, torch.float16, True)
    assert largest > HALF_MOST
    assert maps is not None
    assert exact_maps is not None
    assert bool(maps.isfinite().all())
    assert bool(half.isfinite().all())
    assert (maps - exact_maps).abs().mean() < 0.02
    # recording changes nothing
    plain, none, _ = recorded(unet, torch.float16, False)
    assert none is None
    assert (plain - half).abs().max() < 0.05 * exact.abs().max()


@pytest.mark.parametrize("mask", ["attention", "both"])
def test_an_edit_in_float16_has_its_masks(loud_folder: Path, mask: str) -> None:
    editor = opened(loud_folder, f"dtype=float16,mask={mask}")
    found = results(editor, [EditRequest("edited", "square", HEAD), EditRequest("same", "square", RECONSTRUCTION)])
    assert [result.status for result in found.values()] == ["ok", "ok"], found
    bounds = found["edited"].mask
    assert bounds is not None
    assert bounds.getextrema()[1] > 0


def test_scores_that_are_not_finite_make_no_mask() -> None:
    scores = torch.rand(4, 3, 3)
    scores[1, 0, 0], scores[2, 1, 1], scores[3, 2, 2] = torch.nan, torch.inf, -torch.inf
    mask = top_share(scores, torch.full((4,), 0.5))
    assert bool(mask[0].isfinite().all())
    assert bool(mask[1:].isnan().all())


def test_an_edit_whose_mask_is_not_finite_spoils_no_other() -> None:
    schedule = leading_schedule(torch.linspace(0.999, 0.01, 1000), 4, 700)
    x0 = torch.randn(2, 4, 8, 8)
    inversions = [
        invert(schedule, x, trajectory_noise((4, 8, 8), 4, seed), lambda x, _: x * 0.1) for seed, x in enumerate(x0)
    ]
    concept = Concept("a", 1, 5.0, 0.5, 0, 4)
    rows = [Row(inversion, (concept,)) for inversion in inversions]

    def predict(
        latents: Tensor, timestep: Tensor, prompts: Sequence[str], divisor: int, broken: bool = True
    ) -> tuple[Tensor, Tensor]:
        maps = torch.rand(len(latents), 4, 5, generator=torch.Generator().manual_seed(0))
        # rows are the empty prompts' first; the last is the second edit's
        maps[-1] = torch.nan if broken else maps[-1]
        return latents * 0.1 + 0.01 * len(prompts[-1]), maps

    masking = Masking("attention")
    spoilt = edit(schedule, rows, predict, masking)
    whole = edit(schedule, rows, lambda *given: predict(*given, broken=False), masking)
    assert bool(spoilt.masks[1].isnan().all())
    assert bool(spoilt.latents[1].isnan().any())
    assert torch.equal(spoilt.latents[0], whole.latents[0])
    assert torch.equal(spoilt.masks[0], whole.masks[0])


def test_an_edit_without_a_mask_fails_by_name(pipeline_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = opened(pipeline_folder, "mask=attention")
    monkeypatch.setattr(AttentionRecorder, "add", _add_nan)
    requests = [EditRequest("edited", "square", HEAD), EditRequest("same", "square", RECONSTRUCTION)]
    found = results(editor, requests)
    assert found["same"].status == "ok"
    assert (found["edited"].status, found["edited"].image) == ("failed", None)
    assert found["edited"].reason == (
        "the mask of where the edit may act is not finite: give dtype=bfloat16 or dtype=float32, or a smaller guidance"
    )


def _add_nan(recorder: AttentionRecorder, probabilities: Tensor) -> None:
    recorder._sum, recorder._layers = torch.full_like(probabilities.mean(1), torch.nan), 1


@pytest.mark.parametrize("steps", [2, 37])
def test_a_start_at_pure_noise_is_refused(new_pipeline: Callable[..., Any], tmp_path: Path, steps: int) -> None:
    from diffusers import DDIMScheduler

    pipeline = new_pipeline("v_prediction")
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, rescale_betas_zero_snr=True)
    pipeline.save_pretrained(tmp_path)
    request = [EditRequest("k", "square", HEAD)]
    if steps == 2:
        with pytest.raises(UsageError) as caught:
            results(opened(tmp_path, "start=999,steps=2"), request)
        assert str(caught.value) == (
            "start=999 begins at timestep 999, where this model's noise schedule leaves nothing of the picture "
            "(zero terminal SNR), so that it cannot be inverted: give start=996 or less"
        )
        assert results(opened(tmp_path, "start=996,steps=2"), request)["k"].status == "ok"
    else:  # evenly spaced steps begin below the start
        assert results(opened(tmp_path, f"start=999,steps={steps}"), request)["k"].status == "ok"
