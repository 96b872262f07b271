"""The editors on tiny pipelines of the real classes, against the stock pipelines called directly."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import tiny_instruction_pipelines as tiny
import torch
from PIL import Image

from diffex_cli.birds.attributes import random_bird
from diffex_cli.birds.renderer import render
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.pipelines import Flux2KleinEditor, FluxKontextEditor, InstructEditor

BUILD: dict[str, Callable[[], Any]] = {
    "instruct": tiny.instruct,
    "instruct-xl": tiny.instruct_xl,
    "flux2-klein": tiny.klein,
    "flux-kontext": tiny.kontext,
}
EDITOR: dict[str, type[Any]] = {
    "instruct": InstructEditor,
    "instruct-xl": InstructEditor,
    "flux2-klein": Flux2KleinEditor,
    "flux-kontext": FluxKontextEditor,
}
IMAGES = {
    name: render(random_bird(random.Random(k))).resize(size)
    for k, (name, size) in enumerate({"square": (96, 96), "other": (96, 96), "wide": (90, 70)}.items())
}
CREST = Candidate((Term("crest", "tall crest"),))
BEAK = Candidate((Term("beak", "red beak", replaces="yellow beak"), Term("tail", "long tail", remove=True)))


@pytest.fixture(scope="session", params=list(BUILD))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / kind
    BUILD[kind]().save_pretrained(path)
    return path


@pytest.fixture(scope="session")
def stock(kind: str, folder: Path) -> Any:
    pipeline = getattr(diffusers, json.loads((folder / "model_index.json").read_text())["_class_name"])
    loaded = pipeline.from_pretrained(folder)
    loaded.set_progress_bar_config(disable=True)
    return loaded


@pytest.fixture(scope="session")
def opened(kind: str, folder: Path) -> Callable[..., Any]:
    def new(options: str = "") -> Any:
        settings = ",".join(filter(None, ["steps=2,size=96,batch=8", options]))
        return EDITOR[kind](parse_spec(f"{kind}:{folder}:{settings}"), device="cpu")

    return new


@pytest.fixture(scope="session")
def editor(opened: Callable[..., Any]) -> Any:
    return opened()


def results(editor: Any, requests: Sequence[EditRequest], seed: int = 0) -> dict[str, EditResult]:
    found = list(editor.edit(IMAGES, requests, seed))
    assert len(found) == len(requests) == len({result.key for result in found})
    return {result.key: result for result in found}


def edited(editor: Any, image: str, candidate: Candidate, seed: int = 0) -> Image.Image:
    result = results(editor, [EditRequest("k", image, candidate)], seed)["k"]
    assert (result.status, result.reason) == ("ok", None)
    assert result.image is not None
    assert result.seconds > 0
    return result.image


def levels(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


def called(stock: Any, kind: str, prompt: str, image: str, size: tuple[int, int] = (96, 96)) -> Image.Image:
    """What the stock pipeline answers when somebody calls it by hand."""
    digest = hashlib.sha256(f"0/{image}".encode()).digest()[:7]
    arguments: dict[str, Any] = {
        "instruct": {"guidance_scale": 7.5, "image_guidance_scale": 1.5},
        "instruct-xl": {"guidance_scale": 7.5, "image_guidance_scale": 1.5},
        "flux2-klein": {"guidance_scale": 1.0},
        "flux-kontext": {"guidance_scale": 2.5, "max_area": size[0] * size[1], "_auto_resize": False},
    }[kind]
    if kind != "instruct":
        arguments.update(width=size[0], height=size[1])
    picture = stock(
        prompt=prompt,
        image=IMAGES[image].resize(size, Image.Resampling.LANCZOS),
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(int.from_bytes(digest)),
        **arguments,
    ).images[0]
    return picture.resize(IMAGES[image].size, Image.Resampling.LANCZOS)


def sentence(kind: str, text: str) -> str:
    return text if kind.startswith("instruct") else f"{text}. Keep everything else unchanged"


def test_edits_are_those_of_the_stock_pipeline(editor: Any, stock: Any, kind: str) -> None:
    one, other = edited(editor, "square", CREST), edited(editor, "square", BEAK)
    assert levels(one, called(stock, kind, sentence(kind, "add tall crest"), "square")) == 0
    expected = sentence(kind, "remove long tail and replace yellow beak with red beak")
    assert levels(other, called(stock, kind, expected, "square")) == 0
    assert levels(one, other) > 2


def test_the_input_matters_and_sizes_are_kept(editor: Any, stock: Any, kind: str) -> None:
    wide = edited(editor, "wide", CREST)
    assert wide.size == (90, 70)
    assert levels(wide, called(stock, kind, sentence(kind, "add tall crest"), "wide", (96, 72))) == 0
    assert levels(edited(editor, "square", CREST), edited(editor, "other", CREST)) > 2


def test_a_result_depends_on_seed_and_image_and_not_on_its_company(opened: Any, editor: Any) -> None:
    requests = [
        EditRequest(f"{image}/{candidate.id}", image, candidate)
        for candidate in (CREST, RECONSTRUCTION)
        for image in IMAGES
    ]
    together = results(editor, requests)
    for request in requests:
        assert together[request.key].status == "ok"
    alone = results(opened("batch=1"), list(reversed(requests)))
    for key, result in alone.items():
        assert result.image is not None
        assert together[key].image is not None
        assert levels(result.image, together[key].image) <= 1  # type: ignore[arg-type]
    first = together[f"square/{CREST.id}"].image
    assert first is not None
    assert levels(edited(editor, "square", CREST, seed=1), first) > 2


def test_the_baseline_by_an_instruction(editor: Any, opened: Any, stock: Any, kind: str) -> None:
    noop = "" if kind.startswith("instruct") else "keep the image unchanged"
    assert levels(edited(editor, "square", RECONSTRUCTION), called(stock, kind, noop, "square")) == 0
    other = edited(opened("noop=leave it alone"), "square", RECONSTRUCTION)
    assert levels(other, called(stock, kind, "leave it alone", "square")) == 0


def test_the_baseline_by_the_auto_encoder_and_by_the_input(opened: Any, stock: Any) -> None:
    made = edited(opened("baseline=reconstruction"), "square", RECONSTRUCTION)
    with torch.no_grad():
        latents = stock.vae.encode(stock.image_processor.preprocess(IMAGES["square"])).latent_dist.mode()
        expected = stock.image_processor.postprocess(stock.vae.decode(latents).sample)[0]
    assert levels(made, expected) <= 1
    assert levels(edited(opened("baseline=original"), "wide", RECONSTRUCTION), IMAGES["wide"]) == 0


def test_a_nodes_own_settings(opened: Any, editor: Any, kind: str) -> None:
    more = Candidate((Term("crest", "tall crest", overrides={"steps": 3.0, "threshold": 0.5}),))
    assert levels(edited(editor, "square", more), edited(opened("steps=3"), "square", CREST)) == 0
    if kind == "instruct":
        own = Candidate((Term("crest", "tall crest", overrides={"guidance": 12.0, "image_guidance": 3.0}),))
        by_option = edited(opened("guidance=12,image_guidance=3"), "square", CREST)
        assert levels(edited(editor, "square", own), by_option) == 0
        assert levels(edited(editor, "square", CREST), by_option) > 2


def test_an_unknown_override_is_refused_before_any_work(editor: Any) -> None:
    wrong = Candidate((Term("head/crest", "tall crest", overrides={"guidence": 3.0}),))
    with pytest.raises(UsageError, match="corpus node head/crest"):
        next(editor.edit(IMAGES, [EditRequest("1", "square", CREST), EditRequest("2", "square", wrong)], 0))


def test_only_models_of_its_kind_are_run(folder: Path, kind: str) -> None:
    wrong = FluxKontextEditor if kind != "flux-kontext" else InstructEditor
    made = json.loads((folder / "model_index.json").read_text())["_class_name"]
    with pytest.raises(UsageError, match=f"is a {made}; the {wrong.name} editor runs {wrong.kinds[0]}"):
        edited(wrong(parse_spec(f"{wrong.name}:{folder}"), device="cpu"), "square", CREST)


def test_the_fingerprint_knows_the_weights_and_not_the_place(opened: Any, folder: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(folder, tmp_path / folder.name))
    spec = f"x:{moved}:steps=2,size=96,batch=1"
    kind = type(opened())
    assert kind(parse_spec(spec), device="cuda").fingerprint == opened().fingerprint
    assert str(folder.parent) not in str(opened().settings)
    file = moved / "vae" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    assert kind(parse_spec(spec)).fingerprint != opened().fingerprint


def test_a_models_own_size(opened: Any, kind: str) -> None:
    editor = opened("size=0")
    expected = {
        "instruct": (128, 96),
        "instruct-xl": (128, 96),
        "flux2-klein": (512, 400),
        "flux-kontext": (1184, 880),
    }[kind]
    assert editor.size(editor._pipeline, (900, 700)) == expected
