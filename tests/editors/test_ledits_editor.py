"""The editor end to end, on a tiny model of the real classes."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ledits_on_tiny import ALL, BOTH, HEAD, IMAGES, edited, levels, opened, picture, results

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import EDITORS, find, parse_spec
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.ledits import LeditsEditor, editing
from diffex_cli.editors.ledits.editing import Edited, edit
from diffex_cli.editors.ledits.model import DiffusionModel


@pytest.fixture(scope="module")
def editor(pipeline_folder: Path) -> LeditsEditor:
    return opened(pipeline_folder)


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


def test_latents_that_are_not_finite_fail_alone(editor: LeditsEditor, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(*args: Any) -> Edited:
        edited = edit(*args)
        edited.latents[1] = float("nan")
        return edited

    monkeypatch.setattr(editing, "edit", spoiled)
    made = results(editor, [EditRequest(str(n), "square", HEAD) for n in range(3)])
    assert [made[key].status for key in "012"] == ["ok", "failed", "ok"]
    assert made["1"].image is None
    assert "not finite" in (made["1"].reason or "")


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
        ("ledits:birds:step=8", "unknown option 'step' .did you mean 'steps'"),
        ("ledits:birds:steps=none", "steps must be a whole number from 1 to 999, not 'none'"),
    ],
)
def test_bad_specs_are_refused_at_once(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        LeditsEditor(parse_spec(spec))


def test_a_start_before_the_last_step_is_refused(pipeline_folder: Path) -> None:
    with pytest.raises(UsageError, match="start=3 must lie between steps=4 and 999"):
        edited(opened(pipeline_folder, "start=3"), "square", HEAD)
