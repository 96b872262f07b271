"""The editor ``qwen-edit`` on tiny pipelines of the real classes, against the stock pipelines."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_instruction_pipelines as tiny
import torch
from diffusers import QwenImageEditPipeline, QwenImageEditPlusPipeline
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit, pipeline_qwenimage_edit_plus
from PIL import Image
from transformers import Qwen2VLProcessor

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.pipelines import QwenEditEditor

IMAGES = {
    "square": Image.effect_noise((64, 64), 90).convert("RGB"),
    "wide": Image.effect_noise((90, 60), 90).convert("RGB"),
}
CREST = Candidate((Term("crest", "tall crest"),))
TAIL = Candidate((Term("tail", "long tail", remove=True),))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipelines enlarge every input to a megapixel, which is minutes of this file: here to a 64th of
    that. Their processor's part for videos, which no picture reaches, needs torchvision: it is left out."""
    for module in (pipeline_qwenimage_edit, pipeline_qwenimage_edit_plus):
        whole = module.calculate_dimensions
        monkeypatch.setattr(
            module, "calculate_dimensions", lambda area, ratio, whole=whole: whole(min(area, 128 * 128), ratio)
        )
    monkeypatch.setattr(
        Qwen2VLProcessor, "from_pretrained", lambda *args, **options: tiny.qwen_processor(tiny.qwen_tokenizer())
    )
    monkeypatch.setattr(QwenEditEditor, "needs", ())


@pytest.fixture(scope="module", params=[QwenImageEditPlusPipeline, QwenImageEditPipeline])
def kind(request: pytest.FixtureRequest) -> type[Any]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def folder(kind: type[Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / kind.__name__
    tiny.qwen(kind).save_pretrained(path)
    return path


@pytest.fixture
def opened(folder: Path) -> Callable[..., QwenEditEditor]:
    def new(options: str = "") -> QwenEditEditor:
        settings = ",".join(filter(None, ["steps=2", options]))
        return QwenEditEditor(parse_spec(f"qwen-edit:{folder}:{settings}"), device="cpu")

    return new


def edited(editor: QwenEditEditor, image: str, candidate: Candidate) -> Image.Image:
    (result,) = editor.edit(IMAGES, [EditRequest("k", image, candidate)], 0)
    assert (result.status, result.reason) == ("ok", None)
    assert result.image is not None
    return result.image


def levels(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


def called(kind: type[Any], prompt: str, image: str, **arguments: Any) -> Image.Image:
    digest = hashlib.sha256(f"0/{image}".encode()).digest()[:7]
    stock = tiny.qwen(kind)
    stock.set_progress_bar_config(disable=True)
    picture = stock(
        prompt=prompt,
        image=IMAGES[image],
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(int.from_bytes(digest)),
        **arguments,
    ).images[0]
    return picture.resize(IMAGES[image].size, Image.Resampling.LANCZOS)  # type: ignore[no-any-return]


def test_edits_are_those_of_the_stock_pipeline(opened: Callable[..., QwenEditEditor], kind: type[Any]) -> None:
    keep = "Keep everything else unchanged"
    guided: dict[str, Any] = {"true_cfg_scale": 4.0, "negative_prompt": " "}
    editor = opened()
    one, other = edited(editor, "wide", CREST), edited(editor, "wide", TAIL)
    assert one.size == (90, 60)
    assert levels(one, called(kind, f"add tall crest. {keep}", "wide", **guided)) == 0
    assert levels(other, called(kind, f"remove long tail. {keep}", "wide", **guided)) == 0
    assert levels(one, other) > 2
    unguided = edited(opened("guidance=1,size=64"), "square", CREST)
    expected = called(kind, f"add tall crest. {keep}", "square", width=64, height=64, true_cfg_scale=1.0)
    assert levels(unguided, expected) == 0


def test_the_baselines(opened: Callable[..., QwenEditEditor], kind: type[Any]) -> None:
    noop = called(kind, "keep the image unchanged", "square", true_cfg_scale=4.0, negative_prompt=" ")
    assert levels(edited(opened(), "square", RECONSTRUCTION), noop) == 0
    assert levels(edited(opened("baseline=original"), "square", RECONSTRUCTION), IMAGES["square"]) == 0
    stock = tiny.qwen(kind)
    pixels = stock.image_processor.preprocess(IMAGES["square"]).unsqueeze(2)
    with torch.no_grad():
        decoded = stock.vae.decode(stock.vae.encode(pixels).latent_dist.mode()).sample[:, :, 0]
    expected = stock.image_processor.postprocess(decoded)[0]
    assert levels(edited(opened("baseline=reconstruction,size=64"), "square", RECONSTRUCTION), expected) <= 1


def test_a_result_does_not_depend_on_its_company(opened: Callable[..., QwenEditEditor]) -> None:
    requests = [
        EditRequest(f"{image}{candidate.id}", image, candidate) for image in IMAGES for candidate in (CREST, TAIL)
    ]
    editor = opened("size=64,batch=4")

    def pictures(requests: list[EditRequest]) -> dict[str, EditResult]:
        return {result.key: result for result in editor.edit(IMAGES, requests, 0)}

    forth, back = pictures(requests), pictures(requests[::-1])
    for key in forth:
        assert forth[key].status == "ok", forth[key].reason
        assert levels(forth[key].image, back[key].image) == 0  # type: ignore[arg-type]


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is not None, reason="torchvision is there")
def test_what_it_needs_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QwenEditEditor, "needs", ("torchvision",))
    editor = QwenEditEditor(parse_spec(f"qwen-edit:{folder}"), device="cpu")
    with pytest.raises(UsageError, match="the qwen-edit editor needs the package torchvision: pip install torchvision"):
        edited(editor, "square", CREST)
