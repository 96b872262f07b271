"""The inpainting editor on tiny models of the real classes, against the stock pipelines."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionXLInpaintPipeline, UNet2DConditionModel
from PIL import Image

from diffex_cli.birds.attributes import random_bird
from diffex_cli.birds.renderer import render
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import EDITORS, find, parse_spec
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.inpaint import InpaintEditor
from diffex_cli.editors.inpaint.region import attended_region, pixel_mask

SETTINGS = "steps=3,guidance=6,threshold=0.5,dilate=2,strength=0.9"
IMAGES = {
    name: render(random_bird(random.Random(n))).resize(size)
    for n, (name, size) in enumerate({"square": (64, 64), "wide": (70, 50)}.items())
}
ADD = Candidate((Term("head/red", "red head"),))
REMOVE = Candidate((Term("tail", "long tail", remove=True),))
BOTH = Candidate((*ADD.terms, *REMOVE.terms))
REPLACE = Candidate((Term("tail/short", "short tail", replaces="long tail"),))
ALL = (RECONSTRUCTION, ADD, REMOVE, BOTH, REPLACE)


@pytest.fixture(scope="module")
def folders(
    new_pipeline: Callable[..., Any],
    pipeline_folder: Path,
    xl_pipeline_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, Path]:
    """An ordinary model, one made for inpainting with nine channels, and an SDXL one."""
    parts = new_pipeline().components
    torch.manual_seed(1)
    unet = UNet2DConditionModel.from_config(parts["unet"].config, in_channels=9).eval()
    nine = StableDiffusionInpaintPipeline(**{**parts, "unet": unet}, requires_safety_checker=False)
    folder = tmp_path_factory.mktemp("tiny-inpaint")
    nine.save_pretrained(folder)
    return {"four": pipeline_folder, "nine": folder, "xl": xl_pipeline_folder}


@pytest.fixture(scope="module")
def editors(folders: Mapping[str, Path]) -> Mapping[str, InpaintEditor]:
    return {name: opened(folder) for name, folder in folders.items()}


def opened(folder: Path, options: str = SETTINGS) -> InpaintEditor:
    return InpaintEditor(parse_spec(f"inpaint:{folder}:{options}"), device="cpu")


def edited(editor: InpaintEditor, image: str, candidate: Candidate, seed: int = 0) -> EditResult:
    (result,) = editor.edit(IMAGES, [EditRequest("k", image, candidate)], seed)
    assert (result.key, result.status, result.reason) == ("k", "ok", None)
    return result


def pixels(picture: Image.Image | None) -> np.ndarray[Any, Any]:
    assert picture is not None
    return np.asarray(picture, dtype=int)


def stock(folder: Path) -> Any:
    extra = {} if "xl" in folder.name else {"safety_checker": None, "requires_safety_checker": False}
    kind = StableDiffusionXLInpaintPipeline if "xl" in folder.name else StableDiffusionInpaintPipeline
    pipeline = kind.from_pretrained(folder, use_safetensors=True, **extra)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def test_it_is_installed() -> None:
    assert find(EDITORS, "inpaint") is InpaintEditor


@pytest.mark.parametrize("model", ["four", "nine", "xl"])
def test_an_edit_is_what_the_stock_pipeline_makes(
    folders: Mapping[str, Path], editors: Mapping[str, InpaintEditor], model: str
) -> None:
    pipeline = stock(folders[model])
    prompts = {ADD.id: ("red head", None), BOTH.id: ("red head", "long tail"), REMOVE.id: ("", "long tail"),
               REPLACE.id: ("short tail", None)}  # fmt: skip
    for candidate in (ADD, BOTH, REMOVE, REPLACE):
        made = edited(editors[model], "square", candidate, seed=4)
        prompt, negative = prompts[candidate.id]
        (expected,) = pipeline(
            prompt=prompt,
            negative_prompt=negative,
            image=IMAGES["square"],
            mask_image=made.mask,
            height=64,
            width=64,
            num_inference_steps=3,
            guidance_scale=6.0,
            strength=0.9,
            generator=torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(b"4/square").digest()[:7])),
        ).images
        assert np.array_equal(pixels(made.image), pixels(expected))


@pytest.mark.parametrize("model", ["four", "nine", "xl"])
def test_sizes_masks_and_the_baseline(editors: Mapping[str, InpaintEditor], model: str) -> None:
    baseline = edited(editors[model], "wide", RECONSTRUCTION)
    assert baseline.mask is None
    for candidate in ALL:
        result = edited(editors[model], "wide", candidate)
        assert result.image is not None
        assert (result.image.size, result.image.mode) == ((70, 50), "RGB")
        assert result.seconds > 0
        if candidate.terms:
            assert result.mask is not None
            assert (result.mask.size, result.mask.mode) == ((70, 50), "L")
            assert set(np.unique(pixels(result.mask))) == {0, 255}
            assert not np.array_equal(pixels(result.image), pixels(baseline.image))


def test_the_baseline_is_the_auto_encoders(folders: Mapping[str, Path], editors: Mapping[str, InpaintEditor]) -> None:
    vae = stock(folders["xl"]).vae
    with torch.no_grad():
        x = torch.from_numpy(pixels(IMAGES["square"])).permute(2, 0, 1)[None].float() / 127.5 - 1
        decoded = vae.decode(vae.encode(x).latent_dist.mode()).sample
    expected = ((decoded[0].permute(1, 2, 0) / 2 + 0.5).clamp(0, 1) * 255).round().int().numpy()
    made = pixels(edited(editors["xl"], "square", RECONSTRUCTION).image)
    assert np.abs(made - expected).max() <= 1


def test_results_depend_on_seed_image_and_words_alone(editors: Mapping[str, InpaintEditor]) -> None:
    editor = editors["four"]
    requests = [EditRequest(f"{image}/{c.id}", image, c) for image in IMAGES for c in ALL]
    together = {result.key: result for result in editor.edit(IMAGES, requests, 0)}
    assert set(together) == {request.key for request in requests}
    first = together[f"square/{ADD.id}"].image
    assert np.array_equal(pixels(edited(editor, "square", ADD, seed=0).image), pixels(first))
    assert not np.array_equal(pixels(edited(editor, "square", ADD, seed=1).image), pixels(first))
    renamed = Candidate((Term("other/id", "red head"),))
    assert np.array_equal(pixels(edited(editor, "square", renamed).image), pixels(first))


def test_the_region_is_where_the_words_look(folders: Mapping[str, Path]) -> None:
    """A replacement looks where the old words do, several attributes where any of them does."""
    pipeline = stock(folders["four"])
    before = dict(pipeline.unet.attn_processors)

    def where(words: list[str], threshold: float = 0.75) -> torch.Tensor:
        return attended_region(pipeline, IMAGES["square"], words, [threshold] * len(words), 0.5, seed=7)

    head, tail = where(["red head"]), where(["long tail"])
    assert head.shape == (16, 16)
    assert float(head.mean()) == pytest.approx(0.25, abs=0.01)
    assert not torch.equal(head, tail)
    assert torch.equal(where(["red head", "long tail"]), torch.maximum(head, tail))
    assert float(where(["red head"], threshold=0.5).mean()) > float(head.mean())
    assert torch.equal(where(["red head"], threshold=0.5) * head, head)
    assert pipeline.unet.attn_processors == before, "the pipeline is left as it was"


def test_masks_of_candidates(editors: Mapping[str, InpaintEditor]) -> None:
    masks = {c.id: pixels(edited(editors["four"], "square", c).mask) for c in ALL if c.terms}
    assert np.array_equal(masks[REPLACE.id], masks[REMOVE.id]), "both look for the long tail"
    assert np.array_equal(masks[BOTH.id], np.maximum(masks[ADD.id], masks[REMOVE.id]))


def test_dilating() -> None:
    cells = torch.zeros(4, 4)
    cells[1, 2] = 1
    assert pixels(pixel_mask(cells, (16, 8), 0)).nonzero()[0].tolist() == [2] * 4 + [3] * 4
    rows, columns = pixels(pixel_mask(cells, (16, 8), 2)).nonzero()
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (0, 5, 6, 13)


def test_a_nodes_own_settings(folders: Mapping[str, Path], editors: Mapping[str, InpaintEditor]) -> None:
    own = Candidate((Term("a", "red head", overrides={"guidance": 9.0, "threshold": 0.8, "strength": 0.5}),))
    by_option = opened(folders["four"], "steps=3,guidance=9,threshold=0.8,dilate=2,strength=0.5")
    one, other = edited(editors["four"], "square", own), edited(by_option, "square", ADD)
    assert np.array_equal(pixels(one.image), pixels(other.image))
    assert not np.array_equal(pixels(one.image), pixels(edited(editors["four"], "square", ADD).image))


def test_a_request_that_fails_does_not_end_the_others(
    editors: Mapping[str, InpaintEditor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffex_cli.editors.inpaint.region.round_trip", lambda *_: np.full((64, 64, 3), np.nan))
    real = attended_region

    def short_of_memory(*args: Any) -> torch.Tensor:
        if args[2] == ["long tail"]:
            raise torch.OutOfMemoryError("CUDA out of memory.\nTried to allocate")
        return real(*args)

    monkeypatch.setattr("diffex_cli.editors.inpaint.region.attended_region", short_of_memory)
    requests = [EditRequest(c.id, "square", c) for c in (REMOVE, RECONSTRUCTION, ADD)]
    one, two, three = editors["four"].edit(IMAGES, requests, 0)
    assert (one.status, one.image) == ("failed", None)
    assert one.reason == "OutOfMemoryError: CUDA out of memory."
    assert (two.status, two.reason) == ("failed", "the edited pixels are not finite")
    assert three.status == "ok"


def test_a_region_that_is_not_finite_fails(
    editors: Mapping[str, InpaintEditor], monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = torch.full((16, 16), torch.nan)
    monkeypatch.setattr("diffex_cli.editors.inpaint.region.attended_region", lambda *_: nowhere)
    (found,) = editors["four"].edit(IMAGES, [EditRequest("k", "square", ADD)], 0)
    assert (found.status, found.image) == ("failed", None)
    assert found.reason is not None
    assert found.reason.startswith("the mask of where the edit may act is not finite: give dtype=bfloat16")


def test_a_model_without_attention_there_is_refused(folders: Mapping[str, Path], tmp_path: Path) -> None:
    pipeline = stock(folders["four"])
    blocks = {"down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D", "DownBlock2D"),
              "up_block_types": ("UpBlock2D", "UpBlock2D", "CrossAttnUpBlock2D")}  # fmt: skip
    unet = UNet2DConditionModel.from_config(pipeline.unet.config, **blocks)
    parts = {**pipeline.components, "unet": unet}
    StableDiffusionInpaintPipeline(**parts, requires_safety_checker=False).save_pretrained(tmp_path / "model")
    with pytest.raises(UsageError, match="no cross-attention at a quarter of its latents' sides"):
        edited(opened(tmp_path / "model"), "square", ADD)


def test_half_precision_leaves_the_auto_encoder_as_it_was(
    folders: Mapping[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    editor = opened(folders["xl"], f"{SETTINGS},dtype=bfloat16")
    edited(editor, "square", RECONSTRUCTION)
    diffusers.utils.logging.add_handler(caplog.handler)
    try:
        edited(editor, "square", ADD)
    finally:
        diffusers.utils.logging.remove_handler(caplog.handler)
    assert editor._pipeline.vae.dtype == editor._pipeline.unet.dtype == torch.bfloat16
    assert caplog.messages == [], "diffusers would warn of its own casting"


def test_the_fingerprint(folders: Mapping[str, Path]) -> None:
    prints = [opened(folders["four"], options).fingerprint for options in ("steps=3", "steps=3", "steps=4", "dilate=1")]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3
    assert InpaintEditor(parse_spec(f"inpaint:{folders['four']}:steps=3"), device="cuda").fingerprint == prints[0]
    assert opened(folders["nine"], "steps=3").fingerprint != prints[0]
    assert str(folders["four"].parent) not in str(opened(folders["four"]).settings)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("inpaint", "names no model: write inpaint:FOLDER or inpaint:HUB/ID"),
        ("inpaint:m:step=3", "unknown option 'step' .did you mean 'steps'"),
        ("inpaint:m:steps=many", "steps must be a whole number from 1 to 999, not 'many'"),
        ("inpaint:m:threshold=2", "threshold must be a number from 0 to 1, not '2'"),
        ("inpaint:m:dtype=half", "dtype must be one of auto"),
        ("inpaint:m:steps=3,strength=0.1", "strength=0.1 leaves none of 3 steps"),
    ],
)
def test_bad_specs_are_refused_at_once(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        InpaintEditor(parse_spec(spec))


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"warm": 2.0}, "corpus node head/crest: the inpaint editor has no override 'warm'"),
        ({"threshold": 2.0}, "corpus node head/crest: threshold=2 must lie between 0 and 1"),
        ({"strength": 0.1}, "corpus node head/crest: strength=0.1 leaves none of 3 steps"),
    ],
)
def test_wrong_overrides_are_refused_before_any_work(
    editors: Mapping[str, InpaintEditor], overrides: Mapping[str, float], sentence: str
) -> None:
    wrong = Candidate((Term("head/crest", "tall crest", overrides=overrides),))
    with pytest.raises(UsageError, match=sentence):
        next(editors["four"].edit(IMAGES, [EditRequest("1", "square", ADD), EditRequest("2", "square", wrong)], 0))


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        ("", "no diffusers model at"),
        ('{"_class_name": "FluxPipeline"}', "is a FluxPipeline; the inpaint editor runs StableDiffusionPipeline"),
        ('{"_class_name": "StableDiffusionPipeline"}', "cannot be loaded"),
    ],
)
def test_models_that_cannot_be_used(tmp_path: Path, index: str, sentence: str) -> None:
    if index:
        (tmp_path / "model_index.json").write_text(index)
    with pytest.raises(UsageError, match=sentence):
        edited(opened(tmp_path), "square", ADD)


@pytest.mark.parametrize("fault", ["torn", "missing"])
def test_weights_that_cannot_be_read(folders: Mapping[str, Path], tmp_path: Path, fault: str) -> None:
    model = Path(shutil.copytree(folders["four"], tmp_path / "model"))
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    if fault == "torn":
        weights.write_bytes(weights.read_bytes()[:5000])
    else:
        weights.unlink()
    with pytest.raises(UsageError, match=r"the model '.*model' cannot be loaded \("):
        edited(opened(model), "square", ADD)
