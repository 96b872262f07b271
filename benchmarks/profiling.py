"""``profile``: where an edit's time goes, and how far the U-Net is from the machine's matrix products."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch.profiler import ProfilerActivity
from torch.profiler import profile as trace
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPTextModel

from benchmarks.cold import cold_cache
from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import table
from benchmarks.spans import Spans
from benchmarks.workload import Pairs, open_engine, run_edits, workload
from diffex_cli.core.domains import packaged
from diffex_cli.editors.ledits.loading import ModelSource, load_pipeline
from diffex_cli.editors.ledits.model import DiffusionModel

DTYPES = ("float32", "bfloat16")
ROWS = (1, 2, 8, 32, 64)
_OPERATORS = 8
_MATRIX = 2048

_PARTS: Mapping[str, tuple[type, str]] = {
    "U-Net": (UNet2DConditionModel, "forward"),
    "auto-encoder: encode": (AutoencoderKL, "encode"),
    "auto-encoder: decode": (AutoencoderKL, "decode"),
    "text encoder": (CLIPTextModel, "forward"),
    "prompts and casts around the U-Net": (DiffusionModel, "predict"),
    "pictures to tensors": (DiffusionModel, "encode"),
    "tensors to pictures": (DiffusionModel, "decode"),
}
_REST = "solver, masks, batches, inversions on disk"


def profile(
    pairs: Pairs, options: Sequence[str] = (), rows: Sequence[int] = ROWS, matrix: int = _MATRIX, repeats: int = 5
) -> str:
    """Three tables as Markdown: shares of an edit's time, U-Net throughput, top operators.

    Args:
        matrix: side of the matrices whose product is the machine's limit.
        repeats: of every timed call; the median counts.
    """
    shares = {dtype: _shares(pairs, [*options, f"dtype={dtype}"]) for dtype in DTYPES}
    throughput = [line for dtype in DTYPES for line in _throughput(getattr(torch, dtype), rows, matrix, repeats)]
    first = throughput[0]
    return "\n\n".join(
        (
            _share_table(shares),
            f"{pairs} images × attributes.",
            table(
                ("dtype", "rows a call", "rows/s", "GFLOP/s", f"share of a {matrix}³ product's GFLOP/s"),
                [line.cells() for line in throughput],
            ),
            f"The U-Net alone, {first.gflop:.2f} GFLOP a row; uncompiled, channels last.",
            _operator_table(max(rows)),
            f"Operators of one float32 U-Net call with {max(rows)} rows, by their own time.",
            environment(),
        )
    )


def _shares(pairs: Pairs, options: Sequence[str]) -> dict[str, float]:
    """Part → seconds, for a warm editor."""
    log(f"profile: parts, {options[-1]}, {pairs}")
    spans = Spans()
    with cold_cache():
        editor = open_engine(f"ledits:birds:{','.join(options)}")
        run_edits(editor, workload(Pairs(1, 1)), seed=1)
        with spans.around(_PARTS), spans.span(_REST):
            run_edits(editor, workload(pairs), seed=0)
    return spans.seconds


def _share_table(shares: Mapping[str, Mapping[str, float]]) -> str:
    cells = []
    for part in (*_PARTS, _REST):
        row = [part]
        for seconds in shares.values():
            row += [f"{seconds.get(part, 0.0):.2f}", f"{seconds.get(part, 0.0) / sum(seconds.values()):.1%}"]
        cells.append(row)
    cells.append(["**all**", *(cell for seconds in shares.values() for cell in (f"{sum(seconds.values()):.2f}", ""))])
    return table(("", *(name for dtype in shares for name in (f"{dtype}, s", "share"))), cells)


@dataclasses.dataclass(frozen=True, slots=True)
class _Line:
    """The U-Net's speed at one batch size; ``gflop`` is per row, ``limit`` the product's GFLOP/s."""

    dtype: torch.dtype
    rows: int
    rate: float
    gflop: float
    limit: float

    def cells(self) -> tuple[str, ...]:
        achieved = self.rate * self.gflop
        return (
            str(self.dtype).removeprefix("torch."),
            str(self.rows),
            f"{self.rate:.0f}",
            f"{achieved:.0f}",
            f"{achieved / self.limit:.0%} of {self.limit:.0f}",
        )


def _throughput(dtype: torch.dtype, rows: Sequence[int], matrix: int, repeats: int) -> list[_Line]:
    a, b = torch.randn(matrix, matrix).to(dtype), torch.randn(matrix, matrix).to(dtype)
    limit = 2 * matrix**3 / _median_seconds(lambda: a @ b, repeats) / 1e9
    predict = _unet(dtype)
    with FlopCounterMode(display=False) as counter:
        predict(1)
    gflop = counter.get_total_flops() / 1e9
    lines = []
    for count in rows:
        log(f"profile: U-Net, {dtype}, {count} rows")
        seconds = _median_seconds(lambda count=count: predict(count), repeats)  # type: ignore[misc]
        lines.append(_Line(dtype, count, count / seconds, gflop, limit))
    return lines


def _unet(dtype: torch.dtype) -> Callable[[int], Any]:
    """Number of rows → one U-Net call as the engine makes it; warm."""
    pipeline = load_pipeline(ModelSource(str(packaged("diffusion"))), dtype)
    model = DiffusionModel(pipeline, torch.device("cpu"))
    config = pipeline.unet.config

    def predict(rows: int) -> Any:
        latents = torch.zeros(rows, config.in_channels, config.sample_size, config.sample_size)
        return model.predict(latents, torch.full((rows,), 500), ["red head"] * rows, 0)

    predict(1)  # embeds the prompt
    return predict


def _median_seconds(call: Callable[[], Any], repeats: int) -> float:
    call()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[len(seconds) // 2]


def _operator_table(rows: int) -> str:
    predict = _unet(torch.float32)
    predict(rows)
    with trace(activities=[ProfilerActivity.CPU]) as profiler:
        predict(rows)
    events = sorted(profiler.key_averages(), key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    return table(
        ("operator", "calls", "share"),
        [
            (f"`{event.key}`", str(event.count), f"{event.self_cpu_time_total / total:.1%}")
            for event in events[:_OPERATORS]
        ],
    )
