"""A diffusion model in two processes makes the pictures of one."""

from __future__ import annotations

import random
from pathlib import Path

from diffex_cli.birds.attributes import random_bird
from diffex_cli.birds.renderer import render
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.ledits import LeditsEditor
from diffex_cli.editors.parallel import ParallelEditor

CANDIDATES = (RECONSTRUCTION, Candidate((Term("head/red", "red head"),)))


def test_a_diffusion_model(pipeline_folder: Path) -> None:
    spec = f"ledits:{pipeline_folder}:steps=2,start=700,warmup=0,guidance=15,threshold=0.5"
    images = {str(n): render(random_bird(random.Random(n))).resize((64, 64)) for n in range(3)}
    requests = [EditRequest(f"{i}/{c.id}", i, c) for i in images for c in CANDIDATES]
    editor = ParallelEditor(parse_spec(spec), ["cpu", "cpu"])
    made = {result.key: result for result in editor.edit(images, requests, 0)}
    for expected in LeditsEditor(parse_spec(spec), device="cpu").edit(images, requests, 0):
        one, other = made[expected.key].image, expected.image
        assert one is not None
        assert other is not None
        assert max(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True)) <= 1
    editor.close()
