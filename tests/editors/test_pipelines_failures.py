"""What becomes of edits that the wrapped pipelines cannot make, and of models that cannot be loaded."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_instruction_pipelines as tiny
import torch
from PIL import Image

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate, Term
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.pipelines import InstructEditor

IMAGES = {"square": Image.effect_noise((64, 64), 90).convert("RGB")}
CREST = Candidate((Term("crest", "tall crest"),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / "instruct"
    tiny.instruct().save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def opened(folder: Path) -> Callable[..., Any]:
    def new(options: str = "batch=8") -> Any:
        return InstructEditor(parse_spec(f"instruct:{folder}:steps=2,size=64,{options}"), device="cpu")

    return new


def results(editor: InstructEditor, requests: Sequence[EditRequest]) -> dict[str, EditResult]:
    return {result.key: result for result in editor.edit(IMAGES, requests, 0)}


def edited(editor: InstructEditor, candidate: Candidate) -> Image.Image:
    (result,) = results(editor, [EditRequest("k", "square", candidate)]).values()
    assert (result.status, result.reason) == ("ok", None)
    assert result.image is not None
    return result.image


def levels(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


class Failing:
    """The editor's pipeline, with a fault in its calls."""

    def __init__(self, pipeline: Any, fault: Callable[[list[str]], None]) -> None:
        self._pipeline, self._fault = pipeline, fault
        self.sizes: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipeline, name)

    def __call__(self, **arguments: Any) -> Any:
        prompts = arguments["prompt"]
        prompts = [prompts] if isinstance(prompts, str) else prompts
        self.sizes.append(len(prompts))
        self._fault(prompts)
        return self._pipeline(**arguments)


MANY = [EditRequest(str(k), "square", Candidate((Term("n", f"{'abcd'[k]} crest"),))) for k in range(4)]


def test_one_that_cannot_be_made_fails_alone(opened: Callable[..., Any]) -> None:
    def fault(prompts: list[str]) -> None:
        if any("c crest" in prompt for prompt in prompts):
            raise ValueError("too odd\nand more")

    broken = opened()
    broken._pipeline = Failing(broken._pipeline, fault)
    made = results(broken, MANY)
    assert [made[key].status for key in "0123"] == ["ok", "ok", "failed", "ok"]
    assert (made["2"].image, made["2"].reason) == (None, "too odd")
    assert levels(made["3"].image, edited(opened(), MANY[3].candidate)) <= 1  # type: ignore[arg-type]


def test_memory_that_runs_out_halves_the_batch(opened: Callable[..., Any]) -> None:
    def fault(prompts: list[str]) -> None:
        if len(prompts) > 1 or "d crest" in prompts[0]:
            raise torch.OutOfMemoryError("CUDA out of memory")

    broken = opened()
    broken._pipeline = Failing(broken._pipeline, fault)
    made = results(broken, MANY)
    assert broken._pipeline.sizes == [4, 2, 1, 1, 1, 1], "the smaller batch is remembered"
    assert [made[key].status for key in "0123"] == ["ok", "ok", "ok", "failed"]
    assert "out of memory with one edit at a time" in str(made["3"].reason)


def test_pictures_that_are_not_finite_or_missing_fail(opened: Callable[..., Any]) -> None:
    class Spoiling(Failing):
        def __call__(self, **arguments: Any) -> Any:
            output = super().__call__(**arguments)
            if arguments["prompt"] == "add tall crest":
                return type(output)(images=None, nsfw_content_detected=None)
            output.images[0] = np.nan
            return output

    broken = opened()
    broken._pipeline = Spoiling(broken._pipeline, lambda prompts: None)
    made = results(broken, MANY[:2])
    assert (made["0"].status, made["0"].reason) == ("failed", "the edited picture is not finite")
    assert made["1"].status == "ok"
    (missing,) = results(broken, [EditRequest("k", "square", CREST)]).values()
    assert (missing.status, missing.reason) == ("failed", "the pipeline returned no picture")


def test_a_model_that_cannot_be_loaded_is_said_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no diffusers model at"):
        edited(InstructEditor(parse_spec(f"instruct:{tmp_path}"), device="cpu"), CREST)
    torn = shutil.copytree(folder, tmp_path / "torn")
    weights = torn / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(UsageError, match=r"cannot be loaded .*: give a complete one, with weights in safetensors"):
        edited(InstructEditor(parse_spec(f"instruct:{torn}"), device="cpu"), CREST)


def test_offloading_from_the_cpu_is_refused(opened: Callable[..., Any]) -> None:
    with pytest.raises(UsageError, match="offload=model saves memory of an accelerator"):
        edited(opened("offload=model"), CREST)
