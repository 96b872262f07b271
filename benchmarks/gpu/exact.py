"""``parity`` and ``same``: whether the device, the dtype and the batch change what comes out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from benchmarks.gpu.bench import Bench, Case
from benchmarks.gpu.engine import PROMPTS, candidates, picture, run
from benchmarks.gpu.kept import Figures
from benchmarks.gpu.models import copied
from diffex_cli.editors.ledits.editing import Concept, Mask, Masking, Row, edit
from diffex_cli.editors.ledits.inversion import invert, trajectory_noise
from diffex_cli.editors.ledits.model import DiffusionModel
from diffex_cli.editors.models.loading import quiet_diffusers

TOLERANCES = {torch.float32: 2e-3, torch.bfloat16: 0.1, torch.float16: 0.05}
"""Root mean square of the latents' difference from the CPU's in float32, relative to the latents', that is accepted
without masks. A mask's edge is a threshold, so a rounding can flip a cell."""

_SMALL = 256
"""Pixels a side in ``parity``: the CPU has to make the edit, too."""


def parity_cases(bench: Bench, model: str) -> Iterator[Case]:
    """In float32 and in the kit's dtype, against the CPU in float32."""
    for mask in ("none", "guidance"):
        for dtype in dict.fromkeys((torch.float32, bench.dtype)):
            yield Case(
                "parity",
                model,
                (str(dtype).removeprefix("torch."), {"none": "no mask", "guidance": "M2"}[mask]),
                45 if model == "sdxl" else 20,
                lambda mask=mask, dtype=dtype: _parity(bench, model, mask, dtype),  # type: ignore[misc]
            )


def _parity(bench: Bench, model: str, mask: Mask, dtype: torch.dtype) -> Figures:
    allowed = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        theirs = _edited(bench, model, mask, torch.device("cpu"), torch.float32)
        ours = _edited(bench, model, mask, bench.device, dtype)
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = allowed
        bench.free()
    difference = (ours - theirs).double()
    error = float(difference.square().mean().sqrt() / theirs.double().square().mean().sqrt())
    return {
        "error": error,
        "largest": float(difference.abs().max() / theirs.abs().max()),
        "tolerance": TOLERANCES[dtype] if mask == "none" else None,
    }


def _edited(bench: Bench, model: str, mask: Mask, device: torch.device, dtype: torch.dtype) -> Tensor:
    """The latents of one edit, on the CPU; the picture's latents are drawn, so that the U-Net is all that differs."""
    with quiet_diffusers():
        held = copied(bench.held(model).pipeline, device, dtype)
    engine = DiffusionModel(held, device)
    side = min(_SMALL, engine.native_size) // 2 ** (len(held.vae.config.block_out_channels) - 1)
    schedule = engine.schedule(bench.few_steps, 801)
    x0 = torch.randn(4, side, side, generator=torch.Generator().manual_seed(1)).to(device)
    noise = trajectory_noise(tuple(x0.shape), schedule.steps, 2).to(device)
    inversion = invert(schedule, x0, noise, engine.predict_empty)
    concept = Concept(PROMPTS[0], engine.token_count(PROMPTS[0]), 7.0, 0.9, 1, schedule.steps)
    return edit(schedule, [Row(inversion, (concept,))], engine.predict, Masking(mask)).latents.cpu()


def same_cases(bench: Bench, model: str) -> Iterator[Case]:
    """One edit in batches of several sizes."""
    for edits in (2,) if bench.tiny else (2, 8, 32):
        yield Case("same", model, (f"{edits}",), 40, lambda edits=edits: _same(bench, model, edits))  # type: ignore[misc]


def _same(bench: Bench, model: str, edits: int) -> Figures:
    held, some = bench.held(model), candidates(edits)
    images = {"0": picture(held.side)}
    alone, together = (
        _levels(run(held.editor({"steps": bench.few_steps, "rows": rows}), images, some[:made])[0].image)
        for rows, made in ((2, 1), (2 * edits, edits))
    )
    difference = np.abs(alone - together)
    return {"share": float((difference > 0).mean()), "largest": int(difference.max()), "contrast": float(alone.std())}


def _levels(image: Image.Image | None) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    return np.asarray(image, dtype=np.int16)
