"""The editor end to end, on a tiny model of the real classes."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diffex_cli.birds.attributes import random_bird
from diffex_cli.birds.renderer import render
from diffex_cli.candidates import RECONSTRUCTION, Candidate, Term
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.ledits import LeditsEditor, inversions
from diffex_cli.editors.ledits import editor as module
from diffex_cli.editors.ledits.editing import Edited, edit
from diffex_cli.editors.ledits.inversion import invert
from diffex_cli.editors.ledits.model import DiffusionModel
from diffex_cli.errors import UsageError
from diffex_cli.registry import EDITORS, find, parse_spec


def picture(seed: int, size: tuple[int, int]) -> Image.Image:
    return render(random_bird(random.Random(seed))).resize(size)


IMAGES = {
    "square": picture(1, (64, 64)),
    "other": picture(2, (64, 64)),
    "wide": picture(3, (70, 50)),
    "large": picture(4, (200, 90)),
}
HEAD = Candidate((Term("head/red", "red head"),))
BOTH = Candidate((Term("crest", "tall crest", overrides={"guidance": 20.0}), Term("tail", "long tail", remove=True)))


def opened(folder: Path, options: str = "") -> LeditsEditor:
    settings = ",".join(filter(None, ["steps=4,start=700,warmup=0,guidance=15,threshold=0.5", options]))
    return LeditsEditor(parse_spec(f"ledits:{folder}:{settings}"), device="cpu")


def results(editor: LeditsEditor, requests: Sequence[EditRequest], seed: int = 0) -> dict[str, EditResult]:
    found = list(editor.edit(IMAGES, requests, seed))
    assert len({result.key for result in found}) == len(found)
    return {result.key: result for result in found}


def edited(editor: LeditsEditor, image: str, candidate: Candidate, seed: int = 0) -> Image.Image:
    result = results(editor, [EditRequest("k", image, candidate)], seed)["k"]
    assert (result.status, result.reason) == ("ok", None)
    assert result.image is not None
    return result.image


def levels(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of any channel of any pixel."""
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


@pytest.fixture(scope="module")
def editor(pipeline_folder: Path) -> LeditsEditor:
    return opened(pipeline_folder)


ALL = [
    EditRequest(f"{image}/{candidate.id}", image, candidate)
    for candidate, image in itertools.product((RECONSTRUCTION, HEAD, BOTH), IMAGES)
]


@pytest.fixture(scope="module")
def together(editor: LeditsEditor) -> dict[str, EditResult]:
    return results(editor, ALL)


def test_it_is_installed() -> None:
    assert find(EDITORS, "ledits") is LeditsEditor


def test_one_result_a_request_of_the_same_size(together: dict[str, EditResult]) -> None:
    assert set(together) == {request.key for request in ALL}
    for request in ALL:
        result = together[request.key]
        assert (result.status, result.reason) == ("ok", None)
        assert result.image is not None
        assert (result.image.size, result.image.mode) == (IMAGES[request.image].size, "RGB")
        assert result.seconds > 0


def test_edits_change_the_picture(together: dict[str, EditResult]) -> None:
    for image in IMAGES:
        pictures = [together[f"{image}/{candidate.id}"].image for candidate in (RECONSTRUCTION, HEAD, BOTH)]
        assert all(p is not None for p in pictures)
        assert min(levels(one, other) for one, other in itertools.combinations(pictures, 2)) > 2  # type: ignore[arg-type]


@pytest.mark.parametrize("request_", [ALL[2], ALL[5], ALL[10], ALL[11]], ids=lambda request: request.key)
def test_a_result_does_not_depend_on_its_company(
    pipeline_folder: Path, together: dict[str, EditResult], request_: EditRequest
) -> None:
    alone = edited(opened(pipeline_folder, "rows=1"), request_.image, request_.candidate)
    shared = together[request_.key].image
    assert shared is not None
    assert levels(alone, shared) <= 1


def test_the_reconstruction_is_the_auto_encoders(
    new_pipeline: Callable[..., Any], together: dict[str, EditResult]
) -> None:
    model = DiffusionModel(new_pipeline(), torch.device("cpu"))
    (expected,) = model.decode(model.encode([IMAGES["square"]]))
    made = together["square/"].image
    assert expected is not None
    assert made is not None
    assert levels(made, expected) <= 1


def test_the_seed_matters_to_edits_and_not_to_reconstructions(
    editor: LeditsEditor, together: dict[str, EditResult]
) -> None:
    first = together[f"square/{HEAD.id}"].image
    assert first is not None
    assert levels(edited(editor, "square", HEAD, seed=1), first) > 2
    assert levels(edited(editor, "square", HEAD, seed=0), first) <= 1
    assert levels(edited(editor, "square", RECONSTRUCTION, 0), edited(editor, "square", RECONSTRUCTION, 1)) == 0


def test_ids_of_attributes_do_not_matter(editor: LeditsEditor, together: dict[str, EditResult]) -> None:
    shared = together[f"other/{HEAD.id}"].image
    assert shared is not None
    assert levels(edited(editor, "other", Candidate((Term("another/id", "red head"),))), shared) <= 1


def test_a_nodes_own_settings(editor: LeditsEditor, pipeline_folder: Path) -> None:
    weak = Candidate((Term("a", "red head", overrides={"guidance": 0.0}),))
    assert levels(edited(editor, "square", weak), edited(editor, "square", RECONSTRUCTION)) <= 1
    late = Candidate((Term("a", "red head", overrides={"warmup": 2.0, "threshold": 0.9}),))
    by_option = opened(pipeline_folder, "warmup=2,threshold=0.9")
    assert levels(edited(editor, "square", late), edited(by_option, "square", HEAD)) <= 1
    never = Candidate((Term("a", "red head", overrides={"warmup": 99.0}),))
    assert levels(edited(editor, "square", never), edited(editor, "square", RECONSTRUCTION)) == 0


def test_a_wrong_override_is_refused_before_any_work(editor: LeditsEditor) -> None:
    wrong = Candidate((Term("head/crest", "tall crest", overrides={"guidence": 3.0}),))
    with pytest.raises(UsageError, match=r"corpus node head/crest: .*'guidence'.*did you mean 'guidance'"):
        next(editor.edit(IMAGES, [EditRequest("1", "square", HEAD), EditRequest("2", "square", wrong)], 0))


def test_results_come_batch_by_batch(pipeline_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor = opened(pipeline_folder, "rows=2")
    batches: list[int] = []
    whole = LeditsEditor._edit_batch

    def counted(self: LeditsEditor, images: Any, batch: Any, seed: int) -> Any:
        batches.append(len(batch))
        return whole(self, images, batch, seed)

    monkeypatch.setattr(LeditsEditor, "_edit_batch", counted)
    stream = editor.edit(IMAGES, [EditRequest(str(n), "square", HEAD) for n in range(3)], 0)
    assert next(stream).key == "0"
    assert batches == [1], "the others are not begun"
    assert [result.key for result in stream] == ["1", "2"]
    results(editor, [EditRequest(str(n), "square", RECONSTRUCTION) for n in range(3)])
    assert batches == [1, 1, 1, 2, 1]


@pytest.fixture
def inverted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """Grows by one an inversion; the cache on disk is empty."""
    calls: list[int] = []
    monkeypatch.setenv("DIFFEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(inversions, "invert", lambda *args, **options: calls.append(1) or invert(*args, **options))
    return calls


def test_an_image_is_inverted_once(pipeline_folder: Path, inverted: list[int]) -> None:
    editor = opened(pipeline_folder)
    results(editor, ALL)
    results(editor, ALL[:3])
    assert len(inverted) == len(IMAGES)


def test_a_later_process_finds_the_inversions_on_disk(pipeline_folder: Path, inverted: list[int]) -> None:
    first = results(opened(pipeline_folder), ALL)
    again = results(opened(pipeline_folder, "guidance=15,rows=5"), ALL)
    assert len(inverted) == len(IMAGES)
    for request in ALL:
        one, other = first[request.key].image, again[request.key].image
        assert one is not None
        assert other is not None
        assert levels(one, other) <= 1


@pytest.mark.parametrize("options", ["steps=5", "start=600", "size=96", "dtype=bfloat16"])
def test_what_changes_an_inversion_is_not_found_on_disk(
    pipeline_folder: Path, inverted: list[int], options: str
) -> None:
    edited(opened(pipeline_folder), "square", HEAD)
    edited(opened(pipeline_folder, options), "square", HEAD)
    edited(opened(pipeline_folder, options), "square", HEAD, seed=1)
    assert len(inverted) == 3


def test_the_disk_cache_can_be_switched_off(
    pipeline_folder: Path, inverted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFEX_CACHE_GB", "0")
    edited(opened(pipeline_folder), "square", HEAD)
    edited(opened(pipeline_folder), "square", HEAD)
    assert len(inverted) == 2


def test_forgetting_inversions_does_not_break_a_batch(pipeline_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inversions, "_MEMORY", 0)
    editor = opened(pipeline_folder)
    expected = edited(editor, "square", HEAD)
    edited(editor, "wide", HEAD)
    made = results(editor, [EditRequest("1", "square", HEAD), EditRequest("2", "other", HEAD)])
    assert made["1"].image is not None
    assert levels(made["1"].image, expected) <= 1
    assert len(editor._inversions._kept) == 1


def test_latents_that_are_not_finite_fail_alone(editor: LeditsEditor, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(*args: Any) -> Edited:
        edited = edit(*args)
        edited.latents[1] = float("nan")
        return edited

    monkeypatch.setattr(module, "edit", spoiled)
    made = results(editor, [EditRequest(str(n), "square", HEAD) for n in range(3)])
    assert [made[key].status for key in "012"] == ["ok", "failed", "ok"]
    assert made["1"].image is None
    assert "not finite" in (made["1"].reason or "")


def memory_for(rows: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make the U-Net fail as CUDA does when it is given more rows; returns the sizes of all calls."""
    calls: list[int] = []
    whole = DiffusionModel.predict

    def limited(self: DiffusionModel, latents: torch.Tensor, *args: Any) -> Any:
        calls.append(len(latents))
        if len(latents) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return whole(self, latents, *args)

    monkeypatch.setattr(DiffusionModel, "predict", limited)
    return calls


def test_the_batch_is_halved_until_it_fits_and_that_is_remembered(
    pipeline_folder: Path, together: dict[str, EditResult], inverted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = memory_for(5, monkeypatch)
    made = results(opened(pipeline_folder), ALL)
    assert max(calls) > 5
    for key, result in made.items():
        expected = together[key].image
        assert result.status == "ok"
        assert expected is not None
        assert result.image is not None
        assert levels(result.image, expected) <= 1
    calls.clear()
    results(opened(pipeline_folder), ALL)
    assert max(calls) <= 5, "a later process begins with what fitted"


def test_an_edit_for_which_memory_never_suffices_fails(
    pipeline_folder: Path, inverted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_for(1, monkeypatch)
    requests = [EditRequest("edit", "square", HEAD), EditRequest("base", "square", RECONSTRUCTION)]
    made = results(opened(pipeline_folder), requests)
    assert {key: result.status for key, result in made.items()} == {"edit": "failed", "base": "failed"}
    assert "out of memory even with one edit at a time: give a smaller size=" in (made["edit"].reason or "")


def test_an_edit_that_breaks_its_batch_fails_alone(
    pipeline_folder: Path, together: dict[str, EditResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = DiffusionModel.predict

    def broken(self: DiffusionModel, latents: torch.Tensor, timestep: torch.Tensor, prompts: Any, divisor: int) -> Any:
        if "long tail" in prompts:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied\nmore of it")
        return whole(self, latents, timestep, prompts, divisor)

    monkeypatch.setattr(DiffusionModel, "predict", broken)
    made = results(opened(pipeline_folder), ALL)
    for request in ALL:
        result = made[request.key]
        if request.candidate is BOTH:
            assert (result.status, result.reason) == ("failed", "mat1 and mat2 shapes cannot be multiplied")
        else:
            expected = together[request.key].image
            assert result.image is not None
            assert expected is not None
            assert levels(result.image, expected) <= 1


def test_a_lost_device_ends_the_run(pipeline_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*args: Any) -> Any:
        raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(DiffusionModel, "predict", lost)
    with pytest.raises(torch.AcceleratorError):
        edited(opened(pipeline_folder), "large", HEAD, seed=77)


def test_the_mask_says_where_the_edit_may_act(editor: LeditsEditor, pipeline_folder: Path) -> None:
    requests = [EditRequest("edit", "wide", HEAD), EditRequest("base", "wide", RECONSTRUCTION)]
    made = results(editor, requests)
    mask = made["edit"].mask
    assert mask is not None
    assert (mask.mode, mask.size) == ("L", IMAGES["wide"].size)
    assert 0.1 < float(np.mean(np.asarray(mask) / 255)) < 0.9
    assert made["base"].mask is None
    assert results(opened(pipeline_folder, "mask=none"), requests)["edit"].mask is None


def test_a_replacement_is_the_new_words_with_the_old_ones_reversed(editor: LeditsEditor) -> None:
    replacement = Candidate((Term("crest", "tall crest", replaces="short crest"),))
    joint = Candidate((Term("a", "tall crest"), Term("b", "short crest", remove=True)))
    assert levels(edited(editor, "square", replacement), edited(editor, "square", joint)) <= 1
    alone = Candidate((Term("crest", "tall crest"),))
    assert levels(edited(editor, "square", replacement), edited(editor, "square", alone)) > 2


def test_sdxl_runs_through_the_same_editor(xl_pipeline_folder: Path) -> None:
    editor = opened(xl_pipeline_folder)
    made = results(editor, [EditRequest("edit", "wide", HEAD), EditRequest("base", "wide", RECONSTRUCTION)])
    assert made["edit"].image is not None
    assert made["base"].image is not None
    assert made["edit"].image.size == IMAGES["wide"].size
    assert levels(made["edit"].image, made["base"].image) > 2
    kept = edited(opened(xl_pipeline_folder, "zero_noise=0"), "wide", RECONSTRUCTION)
    assert levels(made["base"].image, kept) > 0, "by default the last noise maps are left out, in the baseline too"


def test_very_long_images_work(editor: LeditsEditor) -> None:
    images = {"strip": picture(5, (300, 20))}
    (result,) = editor.edit(images, [EditRequest("k", "strip", HEAD)], 0)
    assert result.status == "ok"
    assert result.image is not None
    assert result.image.size == (300, 20)


@pytest.mark.parametrize(
    "options",
    ["guidance=5", "steps=5", "size=96", "dtype=bfloat16", "mask=none", "threshold=0.6", "attention=2", "zero_noise=1"],
)
def test_whatever_changes_pixels_changes_the_fingerprint(pipeline_folder: Path, options: str) -> None:
    assert opened(pipeline_folder, options).fingerprint != opened(pipeline_folder).fingerprint


def test_the_fingerprint_knows_the_weights_and_not_the_machine(pipeline_folder: Path, tmp_path: Path) -> None:
    first = opened(pipeline_folder).fingerprint
    assert opened(pipeline_folder, "rows=3,compile=true,channels_last=false").fingerprint == first
    spec = parse_spec(f"ledits:{pipeline_folder}:steps=4,start=700,warmup=0,guidance=15,threshold=0.5")
    assert LeditsEditor(spec, device="cuda").fingerprint == first
    moved = Path(shutil.copytree(pipeline_folder, tmp_path / pipeline_folder.name))
    assert opened(moved).fingerprint == first
    assert str(pipeline_folder.parent) not in str(opened(pipeline_folder).settings)
    file = moved / "unet" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    assert opened(moved).fingerprint != first


def test_other_predictions_are_refused(new_pipeline: Callable[..., Any]) -> None:
    model = DiffusionModel(new_pipeline("sample"), torch.device("cpu"))
    with pytest.raises(UsageError, match="predicts 'sample'; the ledits editor knows epsilon and v_prediction"):
        model.predict_empty(torch.zeros(1, 4, 16, 16), torch.tensor([5]))


def test_the_token_count_leaves_padding_out(new_pipeline: Callable[..., Any]) -> None:
    model = DiffusionModel(new_pipeline(), torch.device("cpu"))
    assert [model.token_count(prompt) for prompt in ("", "crest", "tall crest", "tall crest, red head")] == [0, 1, 2, 5]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("ledits", "names no model: write ledits:birds, ledits:FOLDER or ledits:HUB/ID"),
        ("ledits:birds:step=8", "no option 'step' .did you mean 'steps'"),
        ("ledits:birds:steps=none", "steps=none: not a number"),
    ],
)
def test_bad_specs_are_refused_at_once(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        LeditsEditor(parse_spec(spec))


def test_a_start_before_the_last_step_is_refused(pipeline_folder: Path) -> None:
    with pytest.raises(UsageError, match="start=3 must lie between steps=4 and 999"):
        edited(opened(pipeline_folder, "start=3"), "square", HEAD)
