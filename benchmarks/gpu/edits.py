"""``edit`` and ``batch``: seconds an edit and memory, of the stock pipeline and of the engine."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.gpu.bench import Bench, Case
from benchmarks.gpu.engine import candidates, picture, run
from benchmarks.gpu.kept import Figures
from benchmarks.gpu.timing import Spent, peak, spent, spread
from benchmarks.stock import concepts_of, skip_for, stock_edit, stock_invert
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.ledits.options import LeditsOptions, parse_options

ATTRIBUTES = 8
"""Edits of one image in ``edit``: its inversion is spread over them."""

BATCHES = (1, 2, 4, 8, 16, 32, 64)
MASKS = {"auto": "default masks", "none": "no mask", "both": "M1 ∩ M2"}
_GUESS = {"sdxl": 1.0, "sd15": 0.3}
"""Relative costs of an edit."""


def edit_cases(bench: Bench, model: str) -> Iterator[Case]:
    """The method as published, one and two concepts; encoding, inversion, edit and decoding to a picture."""
    jobs = ((1, "auto"), (2, "auto"), (1, "none"), (1, "both"))
    for concepts, mask in jobs[1:3] if bench.tiny else jobs:
        yield Case(
            "edit",
            model,
            (f"{concepts}", MASKS[mask]),
            80 * _GUESS[model],
            lambda concepts=concepts, mask=mask: _edit(bench, model, concepts, mask),  # type: ignore[misc]
        )


def _edit(bench: Bench, model: str, concepts: int, mask: str) -> Figures:
    """Stock and engine in turn, so that a card that throttles slows both."""
    held, count = bench.held(model), 2 if bench.tiny else ATTRIBUTES
    some = candidates(count, concepts)
    options = {"steps": bench.steps, "mask": mask, "zero_noise": 0, "rows": count * (1 + concepts)}
    settings = parse_options(parse_spec(f"ledits:x/y:steps={bench.steps},mask={mask}"), LeditsOptions())
    stock, editor, image = held.stock, held.editor(options), picture(held.side)
    skip = skip_for(settings.steps, settings.start_timestep())
    kind = settings.masking(model == "sdxl").kind

    def invert(seed: int) -> None:
        stock_invert(stock, image, settings.steps, skip, seed)

    def edit() -> None:
        stock_edit(stock, concepts_of(some[0], settings), kind, "pil")

    invert(0)
    edit()
    run(held.editor({**options, "steps": 4}), {"0": image}, some)
    inverted: list[Spent] = []
    edited: list[Spent] = []
    ours: list[Spent] = []
    for seed in range(1, bench.rounds + 1):
        inverted.append(spent(lambda seed=seed: invert(seed), bench.device))  # type: ignore[misc]
        edited.append(spent(edit, bench.device))
        ours.append(spent(lambda seed=seed: run(editor, {"0": image}, some, seed), bench.device))  # type: ignore[misc]
    often = [one.seconds + other.seconds for one, other in zip(inverted, edited, strict=True)]
    once = [one.seconds / count + other.seconds for one, other in zip(inverted, edited, strict=True)]
    return {
        "edits": count,
        "stock_a": spread(often),
        "stock_b": spread(once),
        "engine": spread([one.seconds for one in ours], 1 / count),
        "stock_memory": peak([*inverted, *edited]),
        "engine_memory": peak(ours),
    }


def batch_cases(bench: Bench, model: str, concepts: int, mask: str) -> Iterator[Case]:
    """Edits of one image, already inverted, together; few steps."""
    for edits in BATCHES[:2] if bench.tiny else BATCHES:
        yield Case(
            "batch",
            model,
            (f"{concepts}", MASKS[mask], f"{edits}"),
            4 + edits * 1.5 * _GUESS[model],
            lambda edits=edits: _batch(bench, model, concepts, mask, edits),  # type: ignore[misc]
        )


def _batch(bench: Bench, model: str, concepts: int, mask: str, edits: int) -> Figures:
    held = bench.held(model)
    rows = edits * (1 + concepts)
    editor = held.editor({"steps": bench.few_steps, "mask": mask, "rows": rows})
    images, some = {"0": picture(held.side)}, candidates(edits, concepts)
    run(editor, images, some)
    bench.free()
    times = [spent(lambda: run(editor, images, some), bench.device) for _ in range(bench.rounds)]
    return {
        "engine": spread([one.seconds for one in times], 1 / edits),
        "memory": peak(times),
        # a batch that does not fit is halved until it does, and is then not what it is called
        "fits": editor.row_limit == rows,
        "steps": bench.few_steps,
    }
