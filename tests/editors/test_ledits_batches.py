"""Inversions made once, batches that find their size, failures that stay alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from ledits_on_tiny import ALL, BOTH, HEAD, IMAGES, edited, levels, opened, results

from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.editors.ledits import inversions
from diffex_cli.editors.ledits.inversion import invert
from diffex_cli.editors.ledits.model import DiffusionModel


@pytest.fixture(scope="module")
def together(pipeline_folder: Path) -> dict[str, EditResult]:
    return results(opened(pipeline_folder), ALL)


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


def test_memory_is_counted_by_what_is_kept_not_by_the_smallest(
    pipeline_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = opened(pipeline_folder)
    editor._inversions.of(["large", "square"], IMAGES, editor._target_size, 0)
    small, large = sorted(kept.nbytes for kept in editor._inversions._kept.values())
    assert large > small
    monkeypatch.setattr(inversions, "_MEMORY", large + small - 1)
    editor = opened(pipeline_folder)
    editor._inversions.of(["large", "square"], IMAGES, lambda _: (96, 64), 0)
    editor._inversions.of(["large", "square"], IMAGES, editor._target_size, 0)
    assert sum(kept.nbytes for kept in editor._inversions._kept.values()) <= large + small - 1


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
