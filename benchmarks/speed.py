"""``speed``: wall time and U-Net rows of the engine and of the stock pipeline, side by side in one run."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Sequence

import torch

from benchmarks.cold import cold_cache
from benchmarks.counting import RowCount, counting_rows
from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import table
from benchmarks.stock import concepts_of, skip_for, stock_edit, stock_invert, stock_pipeline
from benchmarks.workload import Pairs, open_engine, run_edits, workload
from diffex_cli.core.domains import packaged
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.ledits.loading import ModelSource, load_pipeline
from diffex_cli.editors.ledits.options import BIRDS_DEFAULTS, LeditsOptions, parse_options

DTYPES = ("float32", "bfloat16")
PUBLISHED = ("mask=both", "threshold=0.6", "warmup=2")
"""Both masks and a warm-up, which the packaged model does without."""


@dataclasses.dataclass(frozen=True, slots=True)
class Timing:
    """One measured job.

    Attributes:
        dtype: of the U-Net and the auto-encoder.
        seconds: wall time from pictures to pictures, models loaded and warm.
        rows: through the U-Net; ``None`` if they could not be counted.
        first: seconds of the warm-up before it, with loading and, where there is any, compilation.
    """

    name: str
    dtype: str
    pairs: Pairs
    seconds: float
    rows: int | None
    first: float

    @property
    def per_edit(self) -> float:
        """Seconds an edit."""
        return self.seconds / self.pairs.edits


def speed(
    pairs: Pairs,
    stock_pairs: Pairs,
    options: Sequence[str] = (),
    dtypes: Sequence[str] = DTYPES,
    compiled: bool = True,
) -> str:
    """Time ``ledits:birds`` and the stock pipeline with the same model, steps and settings, as Markdown.

    Args:
        stock_pairs: for the stock pipeline, which takes longer; compared per edit.
        options: of the editor, ``key=value``, for both.
        dtypes: torch's names.
        compiled: also time the engine with ``compile=true``, in the first dtype; that takes some minutes more.
    """
    blocks = [_Block(tuple(options), dtype) for dtype in dtypes]
    blocks.append(_Block((*options, *PUBLISHED), dtypes[0]))
    rows = []
    for block in blocks:
        slow = [stock(_settings(block.options), block.dtype, stock_pairs, often) for often in (True, False)]
        fast = [engine(block.options, block.dtype, pairs)]
        if compiled and block == blocks[0]:
            fast.append(engine((*block.options, "compile=true"), block.dtype, pairs, "engine, compiled"))
        masks = "masked" if block.options != tuple(options) else ""
        rows += [(timing.name, masks, *_figures(timing, slow)) for timing in (*slow, *fast)]
    header = ("", "", "dtype", "images × attributes", "s", "s/edit", "U-Net rows/edit", "× (a)", "× (b)", "warm-up, s")
    settings = _settings(options)
    return (
        table(header, rows)
        + f"\n\n`{_spec(options)}`, "
        + f"{settings.steps} steps from timestep {settings.start_timestep()} for all (the stock pipeline reaches the "
        + f"same timesteps with skip={skip_for(settings.steps, settings.start_timestep()):.3f}); encoding, inversion, "
        + "edits and decoding to pictures, models loaded. At this guidance, 1 and without masks, the empty prompt's "
        + f"prediction cancels, and the engine does not make it. *Masked*: with `{','.join(PUBLISHED)}`, the method as "
        + "published, where attention maps are taken and the first steps follow the inversion. (a) inverts for every "
        + "pair, (b) once per image; the ratios are of the seconds per edit, within a dtype and the same settings. The "
        + "*warm-up* is not in the times: it loads the model, makes a few edits and, where the U-Net is compiled, "
        + "compiles it. A compiled U-Net's rows are those of the engine above, padded to full batches.\n\n"
        + environment()
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Block:
    """The rows of the table that are compared with each other."""

    options: tuple[str, ...]
    dtype: str


def _spec(options: Sequence[str]) -> str:
    return ":".join(["ledits:birds", *([",".join(options)] if options else [])])


def _settings(options: Sequence[str]) -> LeditsOptions:
    return parse_options(parse_spec(_spec(options)), BIRDS_DEFAULTS)


def stock(settings: LeditsOptions, dtype: str, pairs: Pairs, invert_often: bool) -> Timing:
    """Time the stock pipeline, one edit at a time, which is all it can do.

    Args:
        invert_often: for every pair (a), as the LEDITS++ authors' examples do, or once per image (b).
    """
    name = "stock (a), inverting for every pair" if invert_often else "stock (b), inverting once per image"
    log(f"speed: {name}, {dtype}, {pairs}")
    started = time.perf_counter()
    pipeline = stock_pipeline(load_pipeline(ModelSource(str(packaged("diffusion"))), getattr(torch, dtype)))
    _stock_edits(pipeline, settings, Pairs(1, 1), invert_often)
    first = time.perf_counter() - started
    with counting_rows() as count:
        started = time.perf_counter()
        _stock_edits(pipeline, settings, pairs, invert_often)
        seconds = time.perf_counter() - started
    return Timing(name, dtype, pairs, seconds, count.rows, first)


def _stock_edits(pipeline: object, settings: LeditsOptions, pairs: Pairs, invert_often: bool) -> None:
    work = workload(pairs)
    mask = settings.masking(is_xl=False).kind
    skip = skip_for(settings.steps, settings.start_timestep())
    inverted = None
    for request in work.requests:
        if invert_often or inverted != request.image:
            stock_invert(pipeline, work.images[request.image], settings.steps, skip, seed=0)
            inverted = request.image
        stock_edit(pipeline, concepts_of(request.candidate, settings), mask, "pil")


def engine(options: Sequence[str], dtype: str, pairs: Pairs, name: str = "engine") -> Timing:
    """Time the ``ledits`` editor through its ``edit``."""
    log(f"speed: {name}, {dtype}, {pairs}")
    compiled = "compile=true" in options
    counting = contextlib.nullcontext(None) if compiled else counting_rows()
    with cold_cache():
        editor = open_engine(_spec([*options, f"dtype={dtype}"]))
        started = time.perf_counter()
        # another seed, so that no inversion is there already; enough edits to meet all batch sizes that are compiled
        run_edits(editor, workload(Pairs(min(2, pairs.images), pairs.attributes) if compiled else Pairs(1, 1)), seed=1)
        first = time.perf_counter() - started
        with counting as count:
            started = time.perf_counter()
            run_edits(editor, workload(pairs), seed=0)
            seconds = time.perf_counter() - started
    return Timing(name, dtype, pairs, seconds, count.rows if isinstance(count, RowCount) else None, first)


def _figures(timing: Timing, stocks: Sequence[Timing]) -> tuple[str, ...]:
    return (
        timing.dtype,
        str(timing.pairs),
        f"{timing.seconds:.1f}",
        f"{timing.per_edit:.3f}",
        "as above" if timing.rows is None else f"{timing.rows / timing.pairs.edits:.1f}",
        *(f"{slow.per_edit / timing.per_edit:.2f}" for slow in stocks),
        f"{timing.first:.0f}",
    )
